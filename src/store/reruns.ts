/** Backtests and shadows: what was asked, the runs that wait to be made again, and what came of each. */

import { SluiceError } from '../base/errors.ts';
import { showWhole } from '../base/format.ts';
import type { RerunError, RerunKind, RerunResult, RerunSide, RerunSpec, RerunState } from '../model/rerun-spec.ts';
import type { Json } from '../plan/plan.ts';
import { bound, nowSql, type TimedDatabase } from './bound.ts';
import type { Database, Queries } from './database.ts';
import { checkPage, DEFAULT_PAGE, findById, type Sought, unknownId } from './find-by-id.ts';
import { decimal, spendingOf } from './spending.ts';
import { storable } from './storable.ts';

export interface NewRerun {
  readonly rerunId: string;
  readonly spec: RerunSpec;
  /** Of a shadow; null of a backtest. */
  readonly share: number | null;
  /** Null: no limit. */
  readonly budgetUsd: number | null;
  readonly startedBy: string;
  /** The runs of a backtest; none of a shadow. */
  readonly runIds: readonly string[];
}

/** Times are milliseconds since the epoch. */
export interface RerunRow extends Omit<NewRerun, 'runIds'> {
  readonly kind: RerunKind;
  readonly pipeline: string;
  readonly variant: string;
  readonly state: RerunState;
  readonly error: RerunError | null;
  readonly startedAt: number;
  readonly endedAt: number | null;
}

export interface StoredResult extends RerunResult {
  /** Of the run; null where it is not known. */
  readonly unit: string | null;
}

export interface RerunProgress {
  readonly total: number;
  readonly queued: number;
  readonly done: number;
  readonly failed: number;
  readonly skipped: number;
  /** Of those done: answers that are others. */
  readonly changed: number;
  /** Of a shadow: runs that were not taken in, as too many were waiting. */
  readonly leftOut: number;
  readonly calls: { readonly reused: number; readonly made: number };
  /** What runs and scorers have cost; null where nothing is known. */
  readonly paidUsd: number | null;
  readonly unknownCalls: number;
  /** Why runs were skipped or failed, the most frequent first. */
  readonly reasons: readonly { readonly state: 'failed' | 'skipped'; readonly code: string; readonly runs: number }[];
}

/** Which recorded runs a backtest takes: the newest that have ended. */
export interface RunSelection {
  readonly pipeline: string;
  /** 1 to 10,000. */
  readonly limit: number;
  /** Milliseconds since the epoch. */
  readonly since?: number;
  /** Only runs with this thumb. */
  readonly thumb?: 1 | -1;
}

export interface Shadowing {
  readonly rerunId: string;
  readonly pipeline: string;
  readonly share: number;
}

export const createReruns = (database: TimedDatabase) =>
  bound(database, {
    select: selectRuns,
    create: createRerun,
    get: findRerun,
    list: listReruns,
    shadowing,
    enqueue,
    queued: queuedRuns,
    put: putResults,
    end: endRerun,
    progress: progressOf,
    results: readResults,
    result: readResult,
  });
export type Reruns = ReturnType<typeof createReruns>;

/** The columns under the names that `RerunRow` gives them. */
const RERUN_COLUMNS = `rerun_id as "rerunId", kind, pipeline, variant, spec, share, state, error,
  budget_usd::float8 as "budgetUsd", started_by as "startedBy", started_at as "startedAt", ended_at as "endedAt"`;

const RERUN: Sought = {
  ...{ table: 'rerun', columns: RERUN_COLUMNS, idColumn: 'rerun_id', idName: 'rerunId', newestBy: 'started_at' },
  ...{ kind: 'rerun', words: ['backtest or shadow', 'backtests or shadows'] },
  whenNone: 'none was made yet; make one: sluice backtest PIPELINE --variant NAME',
};

/** By id or unique id prefix. @throws SluiceError `rerun_unknown` (with the nearest), `rerun_ambiguous` */
const findRerun = (queries: Queries, idOrPrefix: string): Promise<RerunRow> => findById(queries, RERUN, idOrPrefix);

export interface RerunFilter {
  readonly kind?: RerunKind;
  readonly pipeline?: string;
  readonly live?: boolean;
  /** 1 to 1,000; default 20. */
  readonly limit?: number;
}

/** Newest first. */
async function listReruns(
  queries: Queries,
  { kind, pipeline, live = false, limit = DEFAULT_PAGE }: RerunFilter,
): Promise<readonly RerunRow[]> {
  checkPage(limit, RERUN);
  return queries.query<RerunRow>(
    `select ${RERUN_COLUMNS} from rerun
     where ($1::text is null or kind = $1) and ($2::text is null or pipeline = $2) and (not $3 or state = 'running')
     order by started_at desc, rerun_id desc limit $4`,
    [kind ?? null, pipeline ?? null, live, limit],
  );
}

const unknownRerun = (queries: Queries, rerunId: string): Promise<SluiceError> => unknownId(queries, RERUN, rerunId);

/** Runs of one backtest. */
const MOST_RUNS = 10_000;
/** Far above what anybody spends, and far below what the column holds. */
const LARGEST_BUDGET_USD = 1_000_000_000;

/** Ids of ended runs, newest first. @throws SluiceError `limit_invalid` */
async function selectRuns(
  database: Database,
  { pipeline, limit, since, thumb }: RunSelection,
): Promise<readonly string[]> {
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST_RUNS)
    throw new SluiceError('limit_invalid', {
      message: `${limit} runs were asked for`,
      remedy: `ask for 1 to ${showWhole(MOST_RUNS)}: --last N`,
    });
  const rows = await database.query<{ runId: string }>(
    `select run_id as "runId" from run
     where pipeline = $1 and content_removed_at is null and state in ('completed', 'degraded', 'failed')
       and ($2::timestamptz is null or started_at >= $2)
       and ($3::int is null or exists (select from feedback where feedback.run_id = run.run_id and thumb = $3))
     order by started_at desc, run_id desc limit $4`,
    [pipeline, since === undefined ? null : new Date(since), thumb ?? null, limit],
  );
  return rows.map(({ runId }) => runId);
}

/** @throws SluiceError `budget_invalid`, `limit_invalid` */
async function createRerun(database: TimedDatabase, rerun: NewRerun): Promise<RerunRow> {
  const { rerunId, spec, share, budgetUsd, startedBy, runIds } = rerun;
  checkBudget(budgetUsd);
  if (runIds.length > MOST_RUNS)
    throw new SluiceError('limit_invalid', {
      message: `${runIds.length} runs were named`,
      remedy: `name at most ${showWhole(MOST_RUNS)}`,
    });
  await database.query(
    `with made as (
       insert into rerun (rerun_id, kind, pipeline, variant, spec, share, state, budget_usd, started_by, started_at)
       values ($1, $2, $3, $4, $5, $6, 'running', $7, $8, ${nowSql('$9')}) on conflict do nothing returning rerun_id
     )
     insert into rerun_result (rerun_id, run_id, run_no, state)
     select made.rerun_id, id, no, 'queued' from made, unnest($10::text[]) with ordinality as named (id, no)
     on conflict do nothing`,
    [
      ...[rerunId, spec.kind, spec.pipeline, spec.variant, JSON.stringify(spec), share, decimal(budgetUsd), startedBy],
      ...[database.now(), [...new Set(runIds)]],
    ],
  );
  // A statement of its own: one statement would not see a row that another client added meanwhile.
  const [row] = await database.query<RerunRow>(`select ${RERUN_COLUMNS} from rerun where rerun_id = $1`, [rerunId]);
  return row!;
}

/** False where it has ended before, and then nothing is changed. */
async function endRerun(
  database: TimedDatabase,
  rerunId: string,
  state: Exclude<RerunState, 'running'>,
  error: RerunError | null,
): Promise<boolean> {
  const [row] = await database.query<{ state: RerunState }>(
    `with ended as (
       update rerun set state = $2, error = $3, ended_at = ${nowSql('$4')}
       where rerun_id = $1 and state = 'running' returning state
     )
     select state from ended`,
    [rerunId, state, error && JSON.stringify(storable({ ...error })), database.now()],
  );
  return row !== undefined;
}

function checkBudget(usd: number | null): void {
  if (usd === null || (usd >= 0 && usd <= LARGEST_BUDGET_USD)) return;
  throw new SluiceError('budget_invalid', {
    message: `what is run again cannot have a budget of ${usd} dollars`,
    remedy: `give 0 to ${showWhole(LARGEST_BUDGET_USD)} dollars, or none: --limit-usd N`,
  });
}

/** A share of the runs: those whose number leaves this remainder. Lanes do not overlap. */
export interface Lane {
  /** From 0. */
  readonly lane: number;
  readonly lanes: number;
  readonly limit: number;
}

/** Runs of a shadow that may wait. Beyond that they are left out, and counted: no traffic can make the table grow. */
const MOST_WAITING = 1_000;

/**
 * A run that has ended waits to be repeated by those of these shadows that are of its pipeline, unless one has stopped,
 * or too many wait: then it is counted as left out.
 */
async function enqueue(database: Database, rerunIds: readonly string[], runId: string): Promise<void> {
  await database.query(
    `with shadow as (
       select rerun_id, (
         select count(*) from (
           select from rerun_result as waiting where waiting.rerun_id = rerun.rerun_id and state = 'queued'
           limit ${MOST_WAITING}
         ) as first_ones
       ) < ${MOST_WAITING} as has_room
       from rerun join run using (pipeline)
       where rerun_id = any($1::text[]) and kind = 'shadow' and rerun.state = 'running'
         and run_id = $2 and run.state in ('completed', 'degraded', 'failed')
       order by rerun_id
     ), queued as (
       insert into rerun_result (rerun_id, run_id, run_no, state)
       select rerun_id, $2, 0, 'queued' from shadow where has_room on conflict do nothing
     )
     update rerun set left_out = left_out + 1 from shadow where rerun.rerun_id = shadow.rerun_id and not has_room`,
    [rerunIds, runId],
  );
}

/** The first that wait, and the state it is in. @throws SluiceError `rerun_unknown` */
async function queuedRuns(database: Database, rerunId: string, { lane, lanes, limit }: Lane) {
  const rows = await database.query<{ state: RerunState; runId: string | null }>(
    `select rerun.state, waiting.run_id as "runId" from rerun left join lateral (
       select run_id, run_no from rerun_result as result
       where result.rerun_id = rerun.rerun_id and result.state = 'queued' and run_no % $3 = $2
       order by run_no, run_id limit $4
     ) as waiting on true
     where rerun.rerun_id = $1 order by waiting.run_no, waiting.run_id`,
    [rerunId, lane, lanes, limit],
  );
  const [first] = rows;
  if (first === undefined) throw await unknownRerun(database, rerunId);
  return { state: first.state, runIds: rows.flatMap(({ runId }) => runId ?? []) };
}

const PAGE = 200;
/** Reasons shown. */
const MOST_REASONS = 20;

/** What came of runs; what is there already stays. */
async function putResults(database: TimedDatabase, rerunId: string, results: readonly RerunResult[]): Promise<void> {
  // In order, so that two who write the same ones wait for each other at the first.
  const sorted = [...results].sort((one, other) => (one.runId < other.runId ? -1 : 1));
  await database.query(
    `update rerun_result as result set state = given.state, is_changed = given.is_changed, served = given.served,
       variant = given.variant, calls_reused = given.calls_reused, calls_made = given.calls_made, error = given.error,
       ended_at = ${nowSql('$10')}
     from unnest($2::text[], $3::text[], $4::boolean[], $5::json[], $6::json[], $7::int[], $8::int[], $9::json[])
       as given (run_id, state, is_changed, served, variant, calls_reused, calls_made, error)
     where result.rerun_id = $1 and result.run_id = given.run_id and result.state = 'queued'`,
    [
      rerunId,
      sorted.map(({ runId }) => runId),
      sorted.map(({ state }) => state),
      sorted.map(({ isChanged }) => isChanged),
      sorted.map(({ served }) => jsonOf(served)),
      sorted.map(({ variant }) => jsonOf(variant)),
      sorted.map(({ calls }) => calls.reused),
      sorted.map(({ calls }) => calls.made),
      sorted.map(({ error }) => jsonOf(error)),
      database.now(),
    ],
  );
}

const jsonOf = (value: object | null): string | null =>
  value === null ? null : JSON.stringify(storable(value as unknown as Json));

interface Row extends Omit<StoredResult, 'calls' | 'served' | 'variant'> {
  readonly served: RerunSide | null;
  readonly variant: RerunSide | null;
  readonly reused: number;
  readonly made: number;
}

const COLUMNS = `result.run_id as "runId", result.state, is_changed as "isChanged", served, result.variant,
  calls_reused as reused, calls_made as made, result.error, unit`;
const FROM = 'rerun_result as result left join run using (run_id)';

const resultOf = ({ reused, made, ...row }: Row): StoredResult => ({ ...row, calls: { reused, made } });

/** Of those that do not wait any more, in order of the runs' ids. */
async function* readResults(database: Database, rerunId: string): AsyncGenerator<StoredResult> {
  for (let after = ''; ; ) {
    const page = await database.query<Row>(
      `select ${COLUMNS} from ${FROM} where rerun_id = $1 and run_id > $2 and result.state <> 'queued'
       order by run_id limit ${PAGE}`,
      [rerunId, after],
    );
    for (const row of page) yield resultOf(row);
    if (page.length < PAGE) return;
    after = page.at(-1)!.runId;
  }
}

async function readResult(database: Database, rerunId: string, runId: string): Promise<StoredResult | undefined> {
  const [row] = await database.query<Row>(
    `select ${COLUMNS} from ${FROM} where rerun_id = $1 and run_id = $2 and result.state <> 'queued'`,
    [rerunId, runId],
  );
  return row && resultOf(row);
}

interface Sums extends Omit<RerunProgress, 'calls' | 'paidUsd' | 'unknownCalls' | 'reasons'> {
  readonly reused: number;
  readonly made: number;
}

/** @throws SluiceError `rerun_unknown` */
async function progressOf(database: Database, rerunId: string): Promise<RerunProgress> {
  const count = (state: string) => `count(run_id) filter (where result.state = '${state}') as ${state}`;
  const [sums] = await database.query<Sums>(
    `select count(run_id) as total, ${['queued', 'done', 'failed', 'skipped'].map(count).join(', ')},
       count(run_id) filter (where is_changed) as changed, coalesce(sum(calls_reused), 0)::bigint as reused,
       coalesce(sum(calls_made), 0)::bigint as made, left_out as "leftOut"
     from rerun left join rerun_result as result using (rerun_id) where rerun_id = $1 group by rerun_id`,
    [rerunId],
  );
  if (sums === undefined) throw await unknownRerun(database, rerunId);
  const reasons = await database.query<RerunProgress['reasons'][number]>(
    `select state, error->>'code' as code, count(*) as runs from rerun_result
     where rerun_id = $1 and state in ('failed', 'skipped') group by 1, 2 order by runs desc, code limit ${MOST_REASONS}`,
    [rerunId],
  );
  const { costUsd, unknownCalls } = await spendingOf(database, rerunId);
  const { reused, made, ...counts } = sums;
  return { ...counts, calls: { reused, made }, paidUsd: costUsd, unknownCalls, reasons };
}

/** Shadows that are not stopped. */
const shadowing = (database: Database) =>
  database.query<Shadowing>(
    `select rerun_id as "rerunId", pipeline, share from rerun where kind = 'shadow' and state = 'running'
     order by rerun_id`,
  );
