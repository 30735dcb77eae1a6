/** What removing the content of runs (`$1`) is, table by table. A table that keeps something of a run has its line here. */
import { randomBytes } from 'node:crypto';
import type { Queries } from './database.ts';
import { unpack } from './provider-calls.ts';

/**
 * What was asked of providers about runs (`$1`) by whoever scored or repeated them afterwards. Such a call is paid by an
 * experiment, by a day of a monitor, or by a backtest, and its key ends in a mark: the hash of the run and of what was asked,
 * as `createAttemptHost` makes it.
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

/** One that was put before the run, or last when neither it nor a repetition of it was under way, is also somebody else's. */
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
  // The rows of a unit are changed by whoever holds the lock of its exposure.
  `update exposure set unit = $2 ${IN_EXPERIMENTS} returning 1`,
  `update outcome set unit = $2 ${IN_EXPERIMENTS} returning 1`,
  `update unit_metric set unit = $2 ${IN_EXPERIMENTS} returning 1`,
  `update unexposed_unit set unit = $2 ${IN_EXPERIMENTS} returning 1`,
  'update score_task set unit = $2 where unit = $1 returning 1',
  // It may be about a run of somebody else.
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
