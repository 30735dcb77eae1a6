/**
 * Leases: rows with an owner and an expiry, for mutual exclusion. The holder must end or renew in time. A paused
 * process does not notice expiry, so writes that must not happen twice are guarded by their own rows too.
 */

import { SluiceError } from '../base/errors.ts';
import { nowSql, type TimedDatabase } from './bound.ts';
import type { Queries } from './database.ts';

export interface Lease {
  readonly name: string;
  readonly owner: string;
  /** Milliseconds since the epoch, by the database's clock. */
  readonly expiresAt: number;
}

/** As the migrations make and use it, before there is anything else. */
export const LEASE_TABLE = `create table if not exists lease (
  name text collate "C" primary key,
  owner text not null,
  expires_at timestamptz not null
)`;

export type Leases = ReturnType<typeof createLeases>;

export function createLeases(database: Pick<TimedDatabase, 'query' | 'now'>) {
  return Object.freeze({
    /**
     * Takes or renews the lease for `ms`. `held`: whether `owner` has it now; `lease`: its current owner and expiry.
     */
    async acquire(name: string, owner: string, ms: number): Promise<{ readonly held: boolean; readonly lease: Lease }> {
      const [lease] = await database.query<Lease>(
        `insert into lease as held (name, owner, expires_at)
         values ($1, $2, ${nowSql('$4')} + $3 * interval '1 millisecond')
         on conflict (name) do update set (owner, expires_at) = (
           select case when free then excluded.owner else held.owner end,
                  case when free then excluded.expires_at else held.expires_at end
           from (select held.owner = excluded.owner or held.expires_at <= ${nowSql('$4')} as free)
         )
         returning name, owner, expires_at as "expiresAt"`,
        [name, owner, ms, database.now()],
      );
      return { held: lease!.owner === owner, lease: lease! };
    },
    /** Extends a lease of `owner`; false when it has expired or passed on. */
    async renew(name: string, owner: string, ms: number): Promise<boolean> {
      const rows = await database.query(
        `update lease set expires_at = ${nowSql('$4')} + $3 * interval '1 millisecond'
         where name = $1 and owner = $2 and expires_at > ${nowSql('$4')} returning 1 as renewed`,
        [name, owner, ms, database.now()],
      );
      return rows.length > 0;
    },
    /** Gives it back. Another's is left alone. */
    async release(name: string, owner: string): Promise<void> {
      await database.query('delete from lease where name = $1 and owner = $2', [name, owner]);
    },
  });
}

// The lease of a build. Every call on the build locks and renews its row. A builder that was presumed dead finds its
// build ended and can change nothing.

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
