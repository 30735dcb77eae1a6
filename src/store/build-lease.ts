/**
 * Holding a build. Its row has an owner and an expiry, and every call on the build locks and renews it: a builder that
 * was thought dead finds its build ended, and can change nothing.
 */

import { SluiceError } from '../base/errors.ts';
import { nowSql, type TimedDatabase } from './bound.ts';
import type { Queries } from './database.ts';

/** Which build a call is about. */
export interface BuildRef {
  readonly index: string;
  readonly build: number;
  readonly now: Date | null;
}

export interface OpenBuild {
  readonly indexId: number;
  readonly build: number;
  readonly settingsHash: string;
}

/**
 * Locks the build's row for this transaction and renews its lease.
 *
 * @throws SluiceError `build_ended`
 */
export async function holdBuild(queries: Queries, ref: BuildRef): Promise<OpenBuild> {
  const open = await tryHoldBuild(queries, ref);
  if (open === undefined) throw buildEnded(ref);
  return open;
}

/** A transaction that holds the build. @throws SluiceError `build_ended` */
export function withBuild<T>(
  database: TimedDatabase,
  index: string,
  build: number,
  body: (queries: Queries, open: OpenBuild) => Promise<T>,
): Promise<T> {
  const ref = { index, build, now: database.now() };
  return database.transaction(async (queries) => body(queries, await holdBuild(queries, ref)));
}

/** As `holdBuild`; undefined where the build is not open. */
export async function tryHoldBuild(queries: Queries, { index, build, now }: BuildRef): Promise<OpenBuild | undefined> {
  const [open] = await queries.query<OpenBuild>(
    `update build set expires_at = ${nowSql('$3')} + lease_ms * interval '1 millisecond'
     from search_index where search_index.index_id = build.index_id and name = $1 and build = $2 and state = 'open'
     returning build.index_id as "indexId", build, settings_hash as "settingsHash"`,
    [index, build, now],
  );
  return open;
}

export const buildEnded = ({ index, build }: Omit<BuildRef, 'now'>): SluiceError =>
  new SluiceError('build_ended', {
    message: `build ${build} of the index '${index}' is not open: it was committed, abandoned, or taken over`,
    remedy: 'begin another build; the same ingest begun again keeps what is unchanged',
    data: { index, build },
  });
