/** Counts for monitoring. Each is one statement over a time window or a partial index, never over the whole history. */

import type { EvaluationState } from '../model/evaluation-result.ts';
import type { ExperimentState } from '../model/experiment-spec.ts';
import { nowSql, type TimedDatabase } from './bound.ts';
import { IS_LIVE } from './serving.ts';

/** Runs that ended within this count as recent. */
export const RECENT_MS = 300_000;
/** One that ended within that may have begun so long ago; others are not found. */
const BEGAN_MS = 3_600_000;
/** Of runs at most, the newest: some 170 a second for five minutes. */
const MOST_RUNS = 50_000;
/** Of feedback in an hour. */
const MOST_FEEDBACK = 20_000;
/** Rows that a measure gives at most, the largest first: each is a label. */
const MOST_ROWS = 100;

export interface RecentRuns {
  readonly pipeline: string;
  readonly started: number;
  readonly completed: number;
  readonly degraded: number;
  readonly failed: number;
  readonly cancelled: number;
  /** From start to end, at 0.5, 0.95 and 0.99, of those that have an answer, in seconds; null where none has. */
  readonly seconds: readonly number[] | null;
}

export const QUANTILES = [0.5, 0.95, 0.99] as const;

export interface UnfinishedRuns {
  readonly pipeline: string;
  readonly runs: number;
  readonly oldestMs: number;
}

/** Since midnight, in UTC. */
export interface ModelSpending {
  readonly provider: string;
  readonly model: string;
  readonly calls: number;
  readonly failed: number;
  /** Calls of unknown cost: under way, cut short, or of a model without a price. */
  readonly unknown: number;
  /** Of the others. */
  readonly usd: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

export interface RecentFeedback {
  readonly pipeline: string;
  readonly up: number;
  readonly down: number;
  /** Feedback without a thumb. */
  readonly other: number;
}

export interface ScoreTasksOf {
  readonly experimentId: string;
  readonly queued: number;
  /** Within five minutes. */
  readonly done: number;
  readonly failed: number;
}

/** Since the monitor was first started. */
export interface MonitorTotals {
  readonly monitorId: string;
  readonly pipeline: string;
  readonly triggered: number;
  readonly sampled: number;
  readonly scored: number;
  readonly failed: number;
  /** Never asked about, for money, as too many waited, or as the monitor was stopped. */
  readonly skipped: number;
}

const SECONDS = (ms: number): string => `interval '${ms / 1_000} seconds'`;

export type Measures = ReturnType<typeof createMeasures>;

export function createMeasures(database: TimedDatabase) {
  const ask = <Row extends object>(sql: string) => database.query<Row>(sql, [database.now()]);
  return Object.freeze({
    /** By pipeline, of the last five minutes. */
    runs: (): Promise<readonly RecentRuns[]> => ask<RecentRuns>(RUNS),
    /** By pipeline. */
    unfinished: (): Promise<readonly UnfinishedRuns[]> => ask<UnfinishedRuns>(UNFINISHED),
    spending: (): Promise<readonly ModelSpending[]> => ask<ModelSpending>(SPENDING),
    /** By pipeline, of the last hour; what simulations say is left out. */
    feedback: (): Promise<readonly RecentFeedback[]> => ask<RecentFeedback>(FEEDBACK),
    /** How many experiments there are in each state, ended ones included. */
    experiments: (): Promise<readonly { readonly state: ExperimentState; readonly count: number }[]> =>
      database.query(statesOf('experiment')),
    /** Of live experiments. */
    scoreTasks: (): Promise<readonly ScoreTasksOf[]> => ask<ScoreTasksOf>(SCORE_TASKS),
    /** Of monitors that run. */
    monitors: (): Promise<readonly MonitorTotals[]> => database.query<MonitorTotals>(MONITORS),
    evaluations: (): Promise<readonly { readonly state: EvaluationState; readonly count: number }[]> =>
      database.query(statesOf('evaluation')),
  });
}

/** With the time as `now.at`: a subquery of its own, since an index is of no use to what may change from row to row. */
const WITH_NOW = `with now as materialized (select ${nowSql('$1')} as at)`;
const since = (interval: string): string => `(select at - ${interval} from now)`;

const countOf = (state: string): string => `count(*) filter (where outcome = '${state}') as ${state}`;
/** `outcome` is that of a run that has ended within the window. */
const RUNS = `${WITH_NOW}
  select pipeline, count(*) filter (where is_new) as started,
    ${['completed', 'degraded', 'failed', 'cancelled'].map(countOf).join(', ')},
    percentile_cont(array[${QUANTILES.join(', ')}]) within group (order by seconds)
      filter (where outcome in ('completed', 'degraded')) as seconds
  from (
    select pipeline, started_at > ${since(SECONDS(RECENT_MS))} as is_new,
      case when finished_at > ${since(SECONDS(RECENT_MS))} then state end as outcome,
      extract(epoch from finished_at - started_at)::float8 as seconds
    from run where started_at > ${since(SECONDS(BEGAN_MS))}
    order by started_at desc, run_id desc limit ${MOST_RUNS}
  ) as known
  group by pipeline order by count(*) desc, pipeline limit ${MOST_ROWS}`;

const UNFINISHED = `${WITH_NOW}
  select pipeline, count(*) as runs, max(extract(epoch from now.at - started_at))::float8 * 1000 as "oldestMs"
  from run cross join now where state = 'running' group by pipeline order by runs desc, pipeline limit ${MOST_ROWS}`;

const SPENDING = `${WITH_NOW}
  select provider, model, count(*) as calls, count(*) filter (where status = 'failed') as failed,
    count(*) filter (where cost_usd is null) as unknown, coalesce(sum(cost_usd), 0)::float8 as usd,
    coalesce(sum(input_tokens), 0)::bigint as "inputTokens", coalesce(sum(output_tokens), 0)::bigint as "outputTokens"
  from provider_call where started_at >= (select date_trunc('day', at, 'UTC') from now)
  group by provider, model order by calls desc, provider, model limit ${MOST_ROWS}`;

/** Runs are found one by one: a join might read all that there are. */
const FEEDBACK = `${WITH_NOW}, known as materialized (
    select run_id, thumb from feedback where received_at > ${since("interval '1 hour'")} and not is_simulated
    order by received_at desc, feedback_id desc limit ${MOST_FEEDBACK}
  )
  select pipeline, count(*) filter (where thumb = 1) as up, count(*) filter (where thumb = -1) as down,
    count(*) filter (where thumb is null) as other
  from known cross join lateral (select pipeline from run where run.run_id = known.run_id limit 1) as run
  group by pipeline order by count(*) desc, pipeline limit ${MOST_ROWS}`;

const SCORE_TASKS = `${WITH_NOW}
  select experiment_id as "experimentId", queued, done, failed
  from experiment cross join now cross join lateral (
    select count(*) as queued from score_task as task
    where task.experiment_id = experiment.experiment_id and task.state = 'queued'
  ) as waiting cross join lateral (
    select count(*) filter (where task.state = 'done') as done, count(*) filter (where task.state = 'failed') as failed
    from score_task as task
    where task.experiment_id = experiment.experiment_id and task.ended_at > now.at - ${SECONDS(RECENT_MS)}
  ) as ended
  where ${IS_LIVE} and json_array_length(spec->'scorers') > 0
  order by queued desc, experiment_id limit ${MOST_ROWS}`;

const sumOf = (columns: string, as: string): string => `coalesce(sum(${columns}), 0)::bigint as "${as}"`;
const MONITORS = `select monitor_id as "monitorId", pipeline,
    ${['triggered', 'sampled', 'scored', 'failed'].map((column) => sumOf(`counted.${column}`, column)).join(', ')},
    ${sumOf('over_budget + over_queue + counted.stopped', 'skipped')}
  from monitor left join monitor_count as counted using (monitor_id)
  where state = 'running' group by monitor_id order by monitor_id limit ${MOST_ROWS}`;

const statesOf = (table: 'experiment' | 'evaluation'): string =>
  `select state, count(*) as count from ${table} group by state order by state`;
