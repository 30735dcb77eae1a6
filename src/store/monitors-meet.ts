/** Runs that have ended, and whom they concern. A run counts once, however often it is recorded. */
import type { RunAssignment } from '../model/assign.ts';
import type { MonitorSpec } from '../model/monitor-spec.ts';
import type { Json, RunOutcome } from '../plan/plan.ts';
import type { Database, Queries } from './database.ts';
import { daySql, hourSql, skipError } from './monitors-sql.ts';

/** Runs of a monitor that may wait. Beyond that they are left out, and counted: no traffic can make the queue grow. */
const MOST_WAITING = 1_000;

export interface MonitoredRun {
  readonly runId: string;
  readonly outcome: RunOutcome;
  /** Milliseconds since the epoch. */
  readonly finishedAt: number;
  readonly assignments: readonly RunAssignment[];
  /** Null where none of the monitors asks for it. */
  readonly input: Json;
  readonly monitors: readonly { readonly monitorId: string; readonly spec: MonitorSpec }[];
}

interface Met extends Pick<MonitoredRun, 'outcome' | 'finishedAt' | 'input'> {
  readonly assignments: readonly RunAssignment[] | null;
  readonly monitorId: string;
  readonly spec: MonitorSpec;
}

export async function toMeet(queries: Queries, runId: string): Promise<MonitoredRun | undefined> {
  const rows = await queries.query<Met>(
    `select run.state as outcome, finished_at as "finishedAt", assignments, monitor_id as "monitorId", spec,
       case when spec->'when'->>'target' is not null then input end as input
     from run join monitor using (pipeline)
     where run_id = $1 and run.state <> 'running' and monitor.state = 'running' order by monitor_id`,
    [runId],
  );
  const [first] = rows;
  if (first === undefined) return undefined;
  const { outcome, finishedAt, assignments } = first;
  return {
    ...{ runId, outcome, finishedAt, assignments: assignments ?? [] },
    input: rows.find(({ input }) => input !== null)?.input ?? null,
    monitors: rows.map(({ monitorId, spec }) => ({ monitorId, spec })),
  };
}

export interface SampledRun {
  readonly runId: string;
  readonly finishedAt: number;
  /** Of the monitors whose runs it is one of. */
  readonly met: readonly { readonly monitorId: string; readonly isSampled: boolean }[];
}

export async function takeIn(database: Database, { runId, finishedAt, met }: SampledRun, now: Date | null) {
  await database.query(
    `with mark as (
       insert into monitored_run (run_id) values ($1) on conflict do nothing returning run_id
     ), given as materialized (
       select monitor_id, is_sampled,
         exists (select from monitor_day where paid_by = monitor_id || '/' || ${daySql('$5')} and exhausted_at is not null) as is_poor,
         (select count(*) from (
           select from monitor_score as waiting where waiting.monitor_id = g.monitor_id and state = 'queued'
           limit ${MOST_WAITING}
         ) as first_ones) >= ${MOST_WAITING} as is_full
       from mark cross join unnest($2::text[], $3::boolean[]) as g (monitor_id, is_sampled)
         join monitor using (monitor_id)
       where monitor.state = 'running'
     ), placed as materialized (
       select monitor_id, is_sampled, is_sampled and is_poor as over_budget,
         is_sampled and not is_poor and is_full as over_queue
       from given
     ), kept as (
       insert into monitor_score (monitor_id, run_id, state, error, finished_at)
       select monitor_id, $1, case when over_budget or over_queue then 'skipped' else 'queued' end,
         case when over_budget then $6::json when over_queue then $7::json end, $4
       from placed where is_sampled order by monitor_id on conflict do nothing
     )
     insert into monitor_count as counted (monitor_id, hour, triggered, sampled, over_budget, over_queue)
     select monitor_id, ${hourSql('$5')}, 1, is_sampled::int, over_budget::int, over_queue::int
     from placed order by monitor_id
     on conflict (monitor_id, hour) do update set triggered = counted.triggered + excluded.triggered,
       sampled = counted.sampled + excluded.sampled, over_budget = counted.over_budget + excluded.over_budget,
       over_queue = counted.over_queue + excluded.over_queue`,
    [
      ...[runId, met.map(({ monitorId }) => monitorId), met.map(({ isSampled }) => isSampled)],
      ...[new Date(finishedAt), now, skipError('budget'), skipError('queue')],
    ],
  );
}
