/** What came to a pipeline lately, run by run: what an experiment on it is planned by. */
import type { Json } from '../plan/plan.ts';
import type { Database } from './database.ts';
import type { RunState } from './runs.ts';

/** So many are read at most: enough for any plan, and some seconds at worst. */
export const MOST_TRAFFIC_RUNS = 20_000;

/** A run that has ended. Times are milliseconds since the epoch. */
export interface TrafficRun {
  readonly runId: string;
  readonly unit: string | null;
  /** The arm by experiment that it was in. */
  readonly arms: { readonly [experiment: string]: string };
  readonly state: Exclude<RunState, 'running'>;
  readonly startedAt: number;
  readonly finishedAt: number;
  /** Null where a call's cost is not known; 0 where no call was paid. */
  readonly costUsd: number | null;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Null where it was not asked for. */
  readonly input: Json;
  readonly output: Json;
}

export interface TrafficFeedback {
  readonly feedbackId: string;
  readonly runId: string;
  readonly thumb: 1 | -1 | null;
  readonly score: number | null;
  readonly at: number;
}

export interface TrafficRequest {
  readonly pipeline: string;
  /** Runs that began at this time or later. */
  readonly since: number;
  readonly withInput: boolean;
  readonly withOutput: boolean;
}

const RECENT = `select run_id, unit, arms, state, started_at, finished_at, input, output from run
  where pipeline = $1 and started_at >= $2 and state <> 'running'
  order by started_at desc, run_id desc limit ${MOST_TRAFFIC_RUNS}`;

export type TrafficTable = ReturnType<typeof createTraffic>;

export function createTraffic(database: Database) {
  return Object.freeze({
    /** Of the newest 20,000, in the order in which they began. */
    runs: ({ pipeline, since, withInput, withOutput }: TrafficRequest): Promise<readonly TrafficRun[]> =>
      database.query<TrafficRun>(
        `with recent as materialized (${RECENT})
         select run_id as "runId", unit, arms, state, started_at as "startedAt", finished_at as "finishedAt",
           case when $3 then input end as input, case when $4 then output end as output,
           case when spent.unknown > 0 then null else spent.usd end as "costUsd",
           spent.read as "inputTokens", spent.written as "outputTokens"
         from recent cross join lateral (
           select count(*) filter (where cost_usd is null) as unknown, coalesce(sum(cost_usd), 0)::float8 as usd,
             coalesce(sum(input_tokens), 0)::bigint as read, coalesce(sum(output_tokens), 0)::bigint as written
           from provider_call where provider_call.run_id = recent.run_id
         ) as spent order by started_at, run_id`,
        [pipeline, new Date(since), withInput, withOutput],
      ),
    /** Feedback on the same runs. */
    feedback: ({ pipeline, since }: Pick<TrafficRequest, 'pipeline' | 'since'>): Promise<readonly TrafficFeedback[]> =>
      database.query<TrafficFeedback>(
        `with recent as materialized (${RECENT})
         select feedback_id as "feedbackId", feedback.run_id as "runId", thumb, score, at
         from recent join feedback using (run_id) order by at, feedback_id limit ${MOST_TRAFFIC_RUNS}`,
        [pipeline, new Date(since)],
      ),
  });
}
