/**
 * Rewrites what an erasure has touched. PostgreSQL only marks deleted rows as free: they stay in the files of the table, of
 * its indexes, of the planner's statistics and of the write-ahead log until their space is used again.
 */
import type { Database, Queries } from './database.ts';

/** Every table that holds something of a run or of a unit. */
const ERASED_TABLES: readonly string[] = [
  ...['run', 'node_run', 'node_output', 'attempt', 'provider_call', 'payload', 'feedback', 'score_task'],
  ...['monitor_score', 'rerun_result', 'exposure', 'outcome', 'unit_metric', 'unexposed_unit'],
];
/** Temporal's state, which is not in this database. */
export const TEMPORAL_PART = 'temporal';
const REWRITE_TIMEOUT_MS = 10 * 60_000;
const LIMITS = { timeoutMs: REWRITE_TIMEOUT_MS };

/** In the transaction that erases. */
export async function noteRewrites(queries: Queries): Promise<void> {
  await queries.query(
    'insert into pending_rewrite (part) select unnest($1::text[]) on conflict (part) do update set since = excluded.since',
    [[...ERASED_TABLES, TEMPORAL_PART]],
  );
}

export interface PendingRewrite {
  readonly part: string;
  /** Of the last erasure that noted it, to the microsecond. */
  readonly since: string;
}

export const pendingRewrites = (queries: Queries): Promise<readonly PendingRewrite[]> =>
  queries.query<PendingRewrite>('select part, since::text from pending_rewrite order by part');

/** A part that another erasure has noted meanwhile stays pending: its rows may have come after the rewrite. */
export async function endRewrites(queries: Queries, done: readonly PendingRewrite[]): Promise<void> {
  await queries.query(
    `delete from pending_rewrite using unnest($1::text[], $2::timestamptz[]) as done (part, since)
     where pending_rewrite.part = done.part and pending_rewrite.since = done.since`,
    [done.map(({ part }) => part), done.map(({ since }) => since)],
  );
}

/**
 * @param isEmbedded files are rewritten, and the write-ahead log before now is removed. On a server free space is only
 *   given back for new rows, as rewriting would lock its tables, and the log is its operator's.
 */
export async function rewriteTables(database: Database, isEmbedded: boolean): Promise<void> {
  const pending = (await pendingRewrites(database)).filter(({ part }) => ERASED_TABLES.includes(part));
  const tables = pending.map(({ part }) => part);
  if (tables.length === 0) return;
  if (isEmbedded) await rewriteFiles(database, tables);
  // The planner's statistics hold frequent values.
  else for (const table of tables) await database.query(`vacuum (analyze) ${table}`, [], LIMITS);
  await endRewrites(database, pending);
}

/** A table at a time: in between, others get their turn. Broken off at any point, nothing is lost but this work. */
async function rewriteFiles(database: Database, tables: readonly string[]): Promise<void> {
  for (const table of tables) await database.query(`vacuum full ${table}`, [], LIMITS);
  // Of a table without rows nothing is analysed, and what was known of it would stay.
  await database.query('delete from pg_statistic where starelid = any($1::regclass[])', [tables]);
  await database.query(`analyze ${tables.join(', ')}`, [], LIMITS);
  await database.query('vacuum full pg_statistic', [], LIMITS);
  // The log before a checkpoint is removed, where it is not kept for reuse. The segment in use is not: begin another first.
  await database.query('set wal_recycle = off');
  await database.query('checkpoint', [], LIMITS);
  await database.query('select pg_switch_wal()');
  await database.query('checkpoint', [], LIMITS);
}
