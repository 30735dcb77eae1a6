/**
 * The content of runs: input, output and feedback in words. Retention or an erasure removes it. Data for statistics
 * stay: ids, units, arms, times, outcomes, costs, thumbs, scores and failure codes. A run loses all content in one
 * transaction.
 */

import { randomBytes } from 'node:crypto';
import { writeAudit } from './audit.ts';
import { nowSql, type TimedDatabase } from './bound.ts';
import type { Database, Queries } from './database.ts';
import { unpack } from './provider-calls.ts';

export interface ContentRemoval {
  /** By age, or on request. An erasure also removes feedback authors and payloads that only this run put. */
  readonly by: 'retention' | 'erasure';
  readonly who: string;
  readonly why: string;
}

export interface RunOfUnit {
  readonly runId: string;
  readonly isRunning: boolean;
}

/** An example of a dataset that was made of a run. */
export interface ExampleOfRun {
  readonly dataset: string;
  readonly exampleId: string;
  readonly runId: string;
}

const MOST_PAYLOADS = 1_000;
const DUE = `content_removed_at is null and finished_at < $1`;

export type Content = ReturnType<typeof createContent>;

export function createContent(database: TimedDatabase) {
  return Object.freeze({
    /**
     * Runs with content that ended before that time: how many, and when the first of them did. Milliseconds since the
     * epoch.
     */
    async due(before: number): Promise<{ readonly runs: number; readonly oldest: number | null }> {
      const [due] = await database.query<{ runs: number; oldest: number | null }>(
        `select count(*) as runs, min(finished_at) as oldest from run where ${DUE}`,
        [new Date(before)],
      );
      return due!;
    },
    /** Their ids, those that ended first coming first. */
    async dueRuns(before: number, limit: number): Promise<readonly string[]> {
      const rows = await database.query<{ runId: string }>(
        `select run_id as "runId" from run where ${DUE} order by finished_at limit $2`,
        [new Date(before), limit],
      );
      return rows.map(({ runId }) => runId);
    },
    /** Runs of a unit that have content, oldest first. */
    ofUnit: (unit: string, limit: number): Promise<readonly RunOfUnit[]> =>
      database.query<RunOfUnit>(
        `select run_id as "runId", state = 'running' as "isRunning" from run
         where ${IS_OF_UNIT} and content_removed_by is distinct from 'erasure' order by started_at, run_id limit $2`,
        [unit, limit],
      ),
    /** Removes the content of those that have ended, with a row in the audit; gives which lost theirs now. */
    async remove(runIds: readonly string[], removal: ContentRemoval): Promise<readonly string[]> {
      const claims = removal.by === 'erasure' ? await claimsOfRuns(database, runIds) : new Map();
      return database.transaction((queries) => removeContent(queries, { runIds, claims, removal }, database.now()));
    },
    /**
     * Puts a random pseudonym in place of the unit wherever its name is needed for counts; audited. Undefined where
     * nothing has its name, or one of its runs is not erased: no query would find that run by its unit afterwards.
     */
    replaceUnit(unit: string, { who, why }: Pick<ContentRemoval, 'who' | 'why'>): Promise<string | undefined> {
      const pseudonym = newPseudonym();
      return database.transaction(async (queries) => {
        const kept = await queries.query(
          `select from run where content_removed_by is distinct from 'erasure' and ${IS_OF_UNIT} limit 1`,
          [unit],
        );
        if (kept.length > 0) return undefined;
        const rows = await replaceUnit(queries, unit, pseudonym);
        // The transaction may be made twice: the second time there is nothing left to do.
        if (rows === 0) return (await isAudited(queries, pseudonym)) ? pseudonym : undefined;
        await noteRewrites(queries);
        const audit = { who, action: 'unit_erasure', subject: pseudonym, was: { rows }, isNow: null, why };
        await writeAudit(queries, audit, database.now());
        return pseudonym;
      });
    },
    /** Examples of datasets that were made of these runs: they are the dataset's, and stay. */
    examplesOf: (runIds: readonly string[]): Promise<readonly ExampleOfRun[]> =>
      database.query<ExampleOfRun>(
        `select distinct dataset, example_id as "exampleId", body->>'run' as "runId"
         from example join version_example on example_hash = hash join dataset_version using (version)
         where body->>'run' = any($1::text[]) order by 1, 2`,
        [runIds],
      ),
    /** Those of these runs that were erased. */
    async erasedAmong(runIds: readonly string[]): Promise<readonly string[]> {
      const rows = await database.query<{ runId: string }>(
        `select run_id as "runId" from run where run_id = any($1::text[]) and content_removed_by = 'erasure'`,
        [runIds],
      );
      return rows.map(({ runId }) => runId);
    },
    /** Rewrites the tables that an erasure has touched, so that free space holds nothing of it any more. */
    rewrite: (isEmbedded: boolean): Promise<void> => rewriteTables(database, isEmbedded),
    /** Erased runs whose history Temporal may still have, including those of interrupted erasures. */
    async pendingDeletions(): Promise<readonly string[]> {
      const rows = await database.query<{ runId: string }>(
        'select run_id as "runId" from pending_deletion order by run_id',
      );
      return rows.map(({ runId }) => runId);
    },
    /** Records that Temporal has deleted the histories of these runs. */
    async endDeletions(runIds: readonly string[]): Promise<void> {
      await database.query('delete from pending_deletion where run_id = any($1::text[])', [runIds]);
    },
    /** Undefined where Temporal's state holds nothing of an erasure. */
    pendingTemporalRewrite: async (): Promise<PendingRewrite | undefined> =>
      (await pendingRewrites(database)).find(({ part }) => part === TEMPORAL_PART),
    endTemporalRewrite: (done: PendingRewrite): Promise<void> => endRewrites(database, [done]),
    /** Removes payloads that only runs have put, none after that time; at most 1,000. */
    async removePayloads(before: number): Promise<number> {
      const gone = await database.query(
        `delete from payload where hash in (
           select hash from payload where not is_kept and put_at < $1 order by put_at limit ${MOST_PAYLOADS}
         ) and not is_kept and put_at < $1 returning hash`,
        [new Date(before)],
      );
      return gone.length;
    },
  });
}

async function isAudited(queries: Queries, subject: string): Promise<boolean> {
  return (await queries.query('select from audit where subject = $1 limit 1', [subject])).length > 0;
}

interface Removal {
  readonly runIds: readonly string[];
  readonly claims: ClaimsOfRuns;
  readonly removal: ContentRemoval;
}

async function removeContent(
  queries: Queries,
  { runIds, claims, removal: { by, who, why } }: Removal,
  now: Date | null,
): Promise<readonly string[]> {
  const rows = await queries.query<{ runId: string }>(
    `select run_id as "runId" from run
     where run_id = any($1::text[]) and state <> 'running'
       and (content_removed_at is null or ($2 = 'erasure' and content_removed_by <> 'erasure')) order by run_id for update`,
    [runIds, by],
  );
  const ids = rows.map(({ runId }) => runId);
  if (ids.length === 0) return ids;
  await removePayloadsOf(queries, new Map([...claims].filter(([runId]) => ids.includes(runId))));
  for (const statement of REMOVALS) await queries.query(statement, [ids]);
  if (by === 'erasure') {
    await queries.query('update feedback set by = null where run_id = any($1::text[])', [ids]);
    await queries.query('update run set idempotency_key = null where run_id = any($1::text[])', [ids]);
    await queries.query('insert into pending_deletion select unnest($1::text[]) on conflict do nothing', [ids]);
    await noteRewrites(queries);
  }
  await queries.query(
    `update run set content_removed_at = ${nowSql('$3')}, content_removed_by = $2 where run_id = any($1::text[])`,
    [ids, by, now],
  );
  const subject = ids.length === 1 ? ids[0]! : 'runs';
  await writeAudit(
    queries,
    { who, action: `content_${by}`, subject, was: { runs: ids.length }, isNow: null, why },
    now,
  );
  return ids;
}

// Rewrites the tables of an erasure. PostgreSQL only marks deleted rows as free: they stay in the table's files,
// indexes, planner statistics and write-ahead log until their space is reused.

/** Every table that holds something of a run or of a unit. */
const ERASED_TABLES: readonly string[] = [
  ...['run', 'node_run', 'node_output', 'attempt', 'provider_call', 'payload', 'feedback', 'score_task'],
  ...['monitor_score', 'rerun_result', 'exposure', 'outcome', 'unit_metric', 'unexposed_unit'],
];
/** Temporal's state, which is not in this database. */
const TEMPORAL_PART = 'temporal';
const REWRITE_TIMEOUT_MS = 10 * 60_000;
const LIMITS = { timeoutMs: REWRITE_TIMEOUT_MS };

/** In the transaction that erases. */
async function noteRewrites(queries: Queries): Promise<void> {
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

const pendingRewrites = (queries: Queries): Promise<readonly PendingRewrite[]> =>
  queries.query<PendingRewrite>('select part, since::text from pending_rewrite order by part');

/** A part that another erasure has noted meanwhile stays pending: its rows may have come after the rewrite. */
async function endRewrites(queries: Queries, done: readonly PendingRewrite[]): Promise<void> {
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
async function rewriteTables(database: Database, isEmbedded: boolean): Promise<void> {
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

// Statements that remove the content of runs (`$1`), by table. Each table with run content needs one.

/**
 * Provider calls about runs (`$1`) made by later scoring or reruns. Such a call is paid by an experiment, by a
 * monitor's day or by a backtest. Its key ends in a mark, the hash of the run and of the request, as
 * `createAttemptHost` makes it.
 */
const day = (moment: string): string => `to_char(${moment} at time zone 'UTC', 'YYYY-MM-DD')`;
const MARK_DIGITS = 16;

const CALLS_ABOUT_RUNS = `
  update provider_call as call set request = null, response = null
  from (
    select experiment_id as first_payer, experiment_id as last_payer, run_id, scorer as asked
    from score_task where run_id = any($1::text[])
    union all
    select monitor_id || '/' || ${day('finished_at')}, monitor_id || '/' || ${day('coalesce(scored_at, clock_timestamp())')},
      run_id, spec->'scorer'->>'id'
    from monitor_score join monitor using (monitor_id) where run_id = any($1::text[])
    union all
    select rerun_id, rerun_id, run_id, asked
    from rerun_result cross join (values ('variant'), ('score:served'), ('score:variant')) as sides (asked)
    where run_id = any($1::text[])
  ) as made
  where call.run_id between made.first_payer and made.last_payer and (request is not null or response is not null)
    and right(call.key, ${MARK_DIGITS + 1}) = '#' || left(encode(sha256(
      convert_to('[' || to_json(made.run_id)::text || ',' || to_json(made.asked)::text || ']', 'UTF8')), 'hex'), ${MARK_DIGITS})`;

/** Of a failure its code and place stay, which is what it counts as. */
const codeOf = (error: string): string =>
  `case when json_typeof(${error}) = 'object' then json_strip_nulls(json_build_object('code', ${error}->'code',
     'message', 'content removed'::text, 'node', ${error}->'node', 'key', ${error}->'key')) else ${error} end`;

/** Of one side of a run that was made again: its scores stay, without the reasons that judges gave. */
const scoresOf = (side: string): string =>
  `case when json_typeof(${side}) = 'object' then json_build_object('outcome', ${side}->'outcome',
     'error', ${codeOf(`(${side}->'error')`)}, 'output', null, 'run', ${side}->'run', 'cells', coalesce((
       select json_object_agg(key, (value::jsonb - 'detail')::json) from json_each(${side}->'cells')
     ), '{}'::json)) else ${side} end`;

const OF_RUNS = 'where run_id = any($1::text[])';

export const REMOVALS: readonly string[] = [
  `update run set input = 'null', output = 'null', error = ${codeOf('error')} ${OF_RUNS}`,
  `update node_run set error = ${codeOf('error')} ${OF_RUNS} and error is not null`,
  `delete from node_output ${OF_RUNS}`,
  `update attempt set error = ${codeOf('error')} ${OF_RUNS} and error is not null`,
  `update provider_call set request = null, response = null ${OF_RUNS} and (request is not null or response is not null)`,
  CALLS_ABOUT_RUNS,
  `update feedback set note = null, emoji = null, fields = null ${OF_RUNS}`,
  `update score_task set error = ${codeOf('error')} ${OF_RUNS} and error is not null`,
  `update monitor_score set detail = null, error = ${codeOf('error')} ${OF_RUNS} and (detail is not null or error is not null)`,
  `update rerun_result set served = ${scoresOf('served')}, variant = ${scoresOf('variant')}, error = ${codeOf('error')}
   ${OF_RUNS}`,
];

interface Texts {
  readonly runId: string;
  readonly texts: string;
  readonly body: Buffer | null;
}

const CLAIM = /"\$claim":\s?"([0-9a-f]{64})"/g;
/** A payload is put while its run is under way; clocks and retries take no more than this. */
const AROUND = "interval '1 minute'";

/** What of a run was set aside, by hash. */
export type ClaimsOfRuns = ReadonlyMap<string, readonly string[]>;

/** Those that name any; not for a transaction, as it unpacks. */
export async function claimsOfRuns(queries: Queries, runIds: readonly string[]): Promise<ClaimsOfRuns> {
  const rows = await queries.query<Texts>(
    `select run.run_id as "runId", body, concat(input::text, output::text, (
       select string_agg(variant::text, '') from rerun_result where rerun_result.run_id = run.run_id)) as texts
     from run left join node_output using (run_id) where run.run_id = any($1::text[])`,
    [runIds],
  );
  const claims = new Map<string, readonly string[]>();
  for (const { runId, texts, body } of rows) {
    const all = body === null ? texts : `${texts}${JSON.stringify(await unpack(body))}`;
    const hashes = [...new Set(Array.from(all.matchAll(CLAIM), ([, hash]) => hash!))];
    if (hashes.length > 0) claims.set(runId, hashes);
  }
  return claims;
}

/** A payload that was put before the run, or last outside the run and its repetitions, also belongs to others. */
export async function removePayloadsOf(queries: Queries, claims: ClaimsOfRuns): Promise<void> {
  for (const [runId, hashes] of claims)
    await queries.query(
      `delete from payload using run where run_id = $1 and hash = any($2::text[]) and not is_kept
         and payload.created_at > started_at - ${AROUND}
         and (put_at < finished_at + ${AROUND} or exists (
           select from rerun join rerun_result using (rerun_id) where rerun_result.run_id = run.run_id
             and put_at > rerun.started_at - ${AROUND} and put_at < rerun_result.ended_at + ${AROUND}))`,
      [runId, hashes],
    );
}

const PSEUDONYM_BYTES = 16;
export const newPseudonym = (): string => `erased-${randomBytes(PSEUDONYM_BYTES).toString('hex')}`;

/** SQL: that the run is of the unit `$1`, as its caller's or as an experiment's, which may read its unit off the input. */
export const IS_OF_UNIT = `(unit = $1 or (json_typeof(assignments) = 'array' and exists (
  select from json_array_elements(assignments) as assigned where assigned->>'unit' = $1)))`;

const IN_EXPERIMENTS = 'where (experiment_id, unit) in (select experiment_id, $1 from experiment)';

/** `$1` is the unit, `$2` its pseudonym. Each gives a row for every one that it changed. */
const REPLACEMENTS: readonly string[] = [
  // The holder of the unit's exposure lock changes its rows.
  `update exposure set unit = $2 ${IN_EXPERIMENTS} returning 1`,
  `update outcome set unit = $2 ${IN_EXPERIMENTS} returning 1`,
  `update unit_metric set unit = $2 ${IN_EXPERIMENTS} returning 1`,
  `update unexposed_unit set unit = $2 ${IN_EXPERIMENTS} returning 1`,
  'update score_task set unit = $2 where unit = $1 returning 1',
  // Feedback on another unit's run.
  'update feedback set by = $2, note = null, emoji = null, fields = null where by = $1 returning 1',
  `update run set unit = case when unit = $1 then $2 else unit end,
     assignments = case when json_typeof(assignments) = 'array' then (
       select json_agg(case when assigned->>'unit' = $1
         then (assigned::jsonb || jsonb_build_object('unit', $2::text))::json else assigned end order by place)
       from json_array_elements(assignments) with ordinality as each (assigned, place)
     ) else assignments end
   where ${IS_OF_UNIT} returning 1`,
];

/** Gives how many rows have the pseudonym now. */
export async function replaceUnit(queries: Queries, unit: string, pseudonym: string): Promise<number> {
  let rows = 0;
  for (const statement of REPLACEMENTS) rows += (await queries.query(statement, [unit, pseudonym])).length;
  return rows;
}
