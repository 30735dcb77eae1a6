/**
 * Runs that wait for their scores: a claim is a lease, so what a worker that is gone had claimed comes back by itself. What
 * has become of how many is counted in the statement in which it becomes so, so that the sums hold whatever ends in between.
 */
import type { FailureData } from '../model/run-messages.ts';
import type { Json } from '../plan/plan.ts';
import { nowSql } from './clock.ts';
import type { Database, Queries } from './database.ts';
import { hourSql, skipError } from './monitors-sql.ts';
import { storable } from './storable.ts';

export interface ClaimedRun {
  readonly runId: string;
  /** How often it was claimed, this time included. */
  readonly tries: number;
  readonly finishedAt: number;
}

interface Claiming {
  readonly monitorId: string;
  readonly starts: number;
  readonly limit: number;
  readonly leaseMs: number;
}

export async function claimScores(
  database: Database,
  { monitorId, starts, limit, leaseMs }: Claiming,
  now: Date | null,
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
    [monitorId, starts, limit, leaseMs, now],
  );
  return rows.length === 0 ? undefined : rows.filter((row): row is ClaimedRun => row.runId !== null);
}

/** Gives back what nobody will score now: as if it had not been claimed. */
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
  /** Of one that is done: values by field, and what was said beside them. */
  readonly scores?: { readonly [field: string]: number };
  readonly detail?: { readonly [field: string]: Json };
  readonly error?: FailureData;
}

export async function finishScores(
  database: Database,
  monitorId: string,
  ends: readonly MonitorScoreEnd[],
  now: Date | null,
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
      now,
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
