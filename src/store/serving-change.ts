/**
 * Changes to what a pipeline serves, one after the other: each locks the pipeline's row of `serving`, makes all that
 * belongs to it, and raises the version, in one short transaction. A transaction that is repeated, because the answer to
 * its commit was lost, finds the call's id in the audit, and changes nothing more.
 */
import { randomUUID } from 'node:crypto';
import { SluiceError } from '../base/errors.ts';
import type { Database, Queries } from './database.ts';

export interface ServingChange<T> {
  readonly pipeline: string;
  /** The version that the change was worked out from; absent: it holds whatever the version is. */
  readonly expected?: number;
  /** Makes the change, with `changeId` in the audit; undefined: there was nothing to change. */
  readonly make: (queries: Queries, changeId: string) => Promise<T | undefined>;
  /** What `make` gave, where it was made before. */
  readonly again: (queries: Queries) => Promise<T | undefined>;
}

/** @throws SluiceError `serving_changed` where the version is another than expected, and what `make` throws */
export function changeServing<T>(database: Database, change: ServingChange<T>): Promise<T | undefined> {
  const { pipeline, expected, make, again } = change;
  const changeId = randomUUID();
  return database.transaction(async (queries) => {
    const version = await lockServing(queries, pipeline);
    const made = await queries.query('select from audit where change_id = $1', [changeId]);
    if (made.length > 0) return again(queries);
    if (expected !== undefined && version !== expected) throw servingChanged(pipeline, expected, version);
    const result = await make(queries, changeId);
    if (result !== undefined)
      await queries.query('update serving set version = version + 1 where pipeline = $1', [pipeline]);
    return result;
  });
}

async function lockServing(queries: Queries, pipeline: string): Promise<number> {
  await queries.query('insert into serving (pipeline, version) values ($1, 0) on conflict do nothing', [pipeline]);
  const [row] = await queries.query<{ version: number }>(
    'select version from serving where pipeline = $1 for no key update',
    [pipeline],
  );
  return row!.version;
}

export function servingChanged(pipeline: string, expected: number, version: number): SluiceError {
  return new SluiceError('serving_changed', {
    message: `what '${pipeline}' serves has changed since this was worked out (version ${version}, not ${expected})`,
    remedy: 'look at what is served now, and decide again',
    retryable: true,
    data: { pipeline, expected, version },
  });
}
