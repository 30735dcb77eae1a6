/** Runs that monitors have sampled: whom a run that ended concerns, the queue of those that wait for scores, and what a day may cost. */

import type { RunAssignment } from '../model/assign.ts';
import { type MonitorSpec, SKIPPED, type SkipReason } from '../model/monitor-spec.ts';
import type { FailureData } from '../model/run-messages.ts';
import type { Json, RunOutcome } from '../plan/plan.ts';
import { nowSql, type TimedDatabase } from './bound.ts';
import type { Database, Queries } from './database.ts';
import { decimal } from './spending.ts';
import { storable } from './storable.ts';

const REASONS: { readonly [Why in SkipReason]: string } = {
  budget: 'its budget of the day was used up',
  queue: 'too many were waiting',
  stopped: 'the monitor was stopped',
};
const skipError = (why: SkipReason): string => JSON.stringify({ code: SKIPPED[why], message: REASONS[why] });

/** SQL: the hour, and the day, of a moment. Everybody's are UTC's. */
const hourSql = (param: string) => `date_trunc('hour', ${nowSql(param)}, 'UTC')`;
const daySql = (param: string) => `to_char(${nowSql(param)} at time zone 'UTC', 'YYYY-MM-DD')`;

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

/** A run that has ended, with the monitors of its pipeline; undefined where there is none. */
export async function findMatching(queries: Queries, runId: string): Promise<MonitoredRun | undefined> {
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
  /** The monitors that match the run. */
  readonly met: readonly { readonly monitorId: string; readonly isSampled: boolean }[];
}

/** Counts it for those that it matches, and queues it for those that have sampled it; a second time changes nothing. */
export async function enqueue(database: TimedDatabase, { runId, finishedAt, met }: SampledRun) {
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
      ...[new Date(finishedAt), database.now(), skipError('budget'), skipError('queue')],
    ],
  );
}

// The queue of runs to score. A claim is a lease, so claims of a lost worker return by themselves. Each state change
// updates its counts in the same statement, so that sums hold after any interruption.

export interface ClaimedRun {
  readonly runId: string;
  /** How often it was claimed, this time included. */
  readonly tries: number;
  readonly finishedAt: number;
}

/** Claims the oldest waiting runs for a time; undefined when this start of the monitor has ended. */
export async function claimScores(
  database: TimedDatabase,
  monitorId: string,
  starts: number,
  limit: number,
  leaseMs: number,
): Promise<readonly ClaimedRun[] | undefined> {
  const rows = await database.query<{ [Key in keyof ClaimedRun]: ClaimedRun[Key] | null }>(
    `with live as (select monitor_id from monitor where monitor_id = $1 and starts = $2 and state = 'running'),
     claimed as (
       update monitor_score set tries = tries + 1, claimed_until = ${nowSql('$5')} + $4 * interval '1 millisecond'
       where (monitor_id, run_id) in (
         select monitor_id, run_id from monitor_score join live using (monitor_id)
         where state = 'queued' and (claimed_until is null or claimed_until <= ${nowSql('$5')})
         order by finished_at, run_id limit $3 for update of monitor_score skip locked
       )
       returning monitor_id, run_id, tries, finished_at
     )
     select run_id as "runId", tries, finished_at as "finishedAt" from live left join claimed using (monitor_id)
     order by finished_at, run_id`,
    [monitorId, starts, limit, leaseMs, database.now()],
  );
  return rows.length === 0 ? undefined : rows.filter((row): row is ClaimedRun => row.runId !== null);
}

/** Releases claims without scoring, as if they had not been claimed. */
export async function releaseScores(database: Database, monitorId: string, runIds: readonly string[]): Promise<void> {
  await database.query(
    `update monitor_score set tries = tries - 1, claimed_until = null
     where monitor_id = $1 and run_id = any($2::text[]) and state = 'queued' and claimed_until is not null`,
    [monitorId, runIds],
  );
}

export interface MonitorScoreEnd {
  readonly runId: string;
  readonly state: 'done' | 'failed';
  /** Of a scored run: values by field, and their comment. */
  readonly scores?: { readonly [field: string]: number };
  readonly detail?: { readonly [field: string]: Json };
  readonly error?: FailureData;
}

/** What came of them; one that has ended stays as it ended. */
export async function finishScores(
  database: TimedDatabase,
  monitorId: string,
  ends: readonly MonitorScoreEnd[],
): Promise<void> {
  if (ends.length === 0) return;
  await database.query(
    `with given as materialized (
       select t.monitor_id, g.* from unnest($2::text[], $3::text[], $4::json[], $5::json[], $6::json[])
         as g (run_id, state, scores, detail, error)
       join monitor_score t on t.monitor_id = $1 and t.run_id = g.run_id
       where t.state = 'queued' order by t.run_id for update of t
     ), ended as (
       update monitor_score t set state = g.state, scores = g.scores, detail = g.detail, error = g.error,
         claimed_until = null, scored_at = ${nowSql('$7')}
       from given g where t.monitor_id = g.monitor_id and t.run_id = g.run_id and t.state = 'queued'
       returning g.state
     )
     insert into monitor_count as counted (monitor_id, hour, scored, failed, last_scored_at)
     select $1, ${hourSql('$7')}, count(*) filter (where state = 'done'), count(*) filter (where state = 'failed'),
       case when bool_or(state = 'done') then ${nowSql('$7')} end
     from ended having count(*) > 0
     on conflict (monitor_id, hour) do update set scored = counted.scored + excluded.scored,
       failed = counted.failed + excluded.failed,
       last_scored_at = greatest(counted.last_scored_at, excluded.last_scored_at)`,
    [
      monitorId,
      ends.map(({ runId }) => runId),
      ends.map(({ state }) => state),
      ends.map(({ scores }) => jsonOf(scores)),
      ends.map(({ detail }) => jsonOf(detail)),
      ends.map(({ error }) => jsonOf(error)),
      database.now(),
    ],
  );
}

const jsonOf = (value: object | undefined): string | null =>
  value === undefined ? null : JSON.stringify(storable(value as Json));

export async function skipWaiting(
  queries: Queries,
  monitorId: string,
  why: 'budget' | 'stopped',
  now: Date | null,
): Promise<void> {
  const column = why === 'budget' ? 'over_budget' : 'stopped';
  await queries.query(
    `with waiting as materialized (
       select monitor_id, run_id from monitor_score where monitor_id = $1 and state = 'queued' order by run_id for update
     ), ended as (
       update monitor_score t set state = 'skipped', error = $2, claimed_until = null
       from waiting w where t.monitor_id = w.monitor_id and t.run_id = w.run_id and t.state = 'queued'
       returning t.run_id
     )
     insert into monitor_count as counted (monitor_id, hour, ${column})
     select $1, ${hourSql('$3')}, count(*) from ended having count(*) > 0
     on conflict (monitor_id, hour) do update set ${column} = counted.${column} + excluded.${column}`,
    [monitorId, skipError(why), now],
  );
}

export interface MonitorDay {
  readonly paidBy: string;
  /** A call has found no room in the budget. */
  readonly isExhausted: boolean;
}

/** Whom calls of today are paid by, and whether there is money left. */
export async function openDay(
  database: TimedDatabase,
  monitorId: string,
  budgetUsd: number | null,
): Promise<MonitorDay> {
  const [day] = await database.query<MonitorDay>(
    `insert into monitor_day as day (paid_by, monitor_id, budget_usd) values ($1 || '/' || ${daySql('$3')}, $1, $2)
     on conflict (paid_by) do update set budget_usd = day.budget_usd
     returning paid_by as "paidBy", exhausted_at is not null as "isExhausted"`,
    [monitorId, decimal(budgetUsd), database.now()],
  );
  return day!;
}

/** Whom calls of today are paid by. */
export async function payerOf(database: TimedDatabase, monitorId: string): Promise<string> {
  const [day] = await database.query<{ paidBy: string }>(`select $1 || '/' || ${daySql('$2')} as "paidBy"`, [
    monitorId,
    database.now(),
  ]);
  return day!.paidBy;
}

/** Says that a call had no room in its budget. */
export async function exhaustDay(database: TimedDatabase, paidBy: string): Promise<void> {
  await database.query(
    `update monitor_day set exhausted_at = coalesce(exhausted_at, ${nowSql('$2')}) where paid_by = $1`,
    [paidBy, database.now()],
  );
}
