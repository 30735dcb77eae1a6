/** What monitors have found: counts, reasons for missing scores, sums of a window, and the alerts that windows led to. */

import type { AlertState } from '../model/monitor-spec.ts';
import type { Json } from '../plan/plan.ts';
import { nowSql, type TimedDatabase } from './bound.ts';
import type { Database } from './database.ts';
import { storable } from './storable.ts';

/** `sampled` is the sum of all but `triggered`. */
export interface MonitorCounts {
  /** Runs that ended and match. */
  readonly triggered: number;
  /** Those of them that the hash has chosen. */
  readonly sampled: number;
  readonly waiting: number;
  readonly scored: number;
  /** Asked about, and without a score. */
  readonly failed: number;
  /** Never asked about: for money, as too many waited, as the monitor was stopped. */
  readonly overBudget: number;
  readonly overQueue: number;
  readonly stopped: number;
  /** Milliseconds since the epoch; null: never. */
  readonly lastScoredAt: number | null;
}

const ZERO_COUNTS = ['triggered', 'sampled', 'scored', 'failed', 'over_budget', 'over_queue', 'stopped'] as const;

export async function countsOf(database: Database, monitorId: string): Promise<MonitorCounts> {
  const sums = ZERO_COUNTS.map(
    (column) =>
      `coalesce(sum(${column}), 0)::bigint as "${column.replace(/_(\w)/, (_, letter: string) => letter.toUpperCase())}"`,
  );
  const [counts] = await database.query<MonitorCounts>(
    `select ${sums.join(', ')}, max(last_scored_at) as "lastScoredAt",
       (select count(*) from monitor_score where monitor_id = $1 and state = 'queued') as waiting
     from monitor_count where monitor_id = $1`,
    [monitorId],
  );
  return counts!;
}

export interface MonitorReason {
  readonly state: 'failed' | 'skipped';
  readonly code: string;
  readonly runs: number;
}

const REASONS_OF = 1_000;

/** Why scores are missing: of the last 1,000 that are, the most frequent first. */
export const reasonsOf = (database: Database, monitorId: string): Promise<readonly MonitorReason[]> =>
  database.query<MonitorReason>(
    `select state, error->>'code' as code, count(*) as runs from (
       select state, error from monitor_score where monitor_id = $1 and state in ('failed', 'skipped')
       order by finished_at desc limit ${REASONS_OF}
     ) as last_ones group by 1, 2 order by runs desc, code`,
    [monitorId],
  );

/** Of the runs that ended within a window. */
export interface WindowSums {
  /** Milliseconds since the epoch. */
  readonly from: number;
  readonly to: number;
  /** That the hash has chosen, and those of them that have a score. */
  readonly sampled: number;
  readonly scored: number;
  /** By field; absent where nothing is scored. */
  readonly fields: { readonly [field: string]: FieldSums };
}

export interface FieldSums {
  readonly n: number;
  readonly mean: number;
  /** Divided by n - 1; 0 of one value. */
  readonly variance: number;
}

interface WindowRow extends Omit<WindowSums, 'fields'> {
  readonly fields: readonly (FieldSums & { readonly field: string })[] | null;
}

export async function windowOf(database: TimedDatabase, monitorId: string, windowMs: number): Promise<WindowSums> {
  const [row] = await database.query<WindowRow>(
    `with edge as (select ${nowSql('$3')} as until), inside as materialized (
       select state, scores from monitor_score, edge
       where monitor_id = $1 and finished_at > until - $2 * interval '1 millisecond'
     )
     select until - $2 * interval '1 millisecond' as from, until as to, (select count(*) from inside) as sampled,
       (select count(*) from inside where state = 'done') as scored,
       (select json_agg(of_field) from (
         select key as field, count(*) as n, avg(value::float8) as mean, coalesce(var_samp(value::float8), 0) as variance
         from inside cross join lateral json_each_text(scores) where state = 'done' group by key order by key
       ) as of_field) as fields
     from edge`,
    [monitorId, windowMs, database.now()],
  );
  const { fields, ...sums } = row!;
  const entries = (fields ?? []).map(({ field, n, mean, variance }) => [field, { n, mean, variance }] as const);
  return { ...sums, fields: Object.fromEntries(entries) };
}

/** One sampled run, with what it was of. */
export interface MonitorScoreRow {
  readonly monitorId: string;
  readonly runId: string;
  readonly state: 'queued' | 'done' | 'failed' | 'skipped';
  readonly scores: { readonly [field: string]: number } | null;
  readonly detail: { readonly [field: string]: Json } | null;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly planId: string;
  /** The run's arm by experiment. */
  readonly arms: { readonly [experiment: string]: string };
  /** Hashes by index: of the stages of the experiments that the run was in; those of a run in none are not recorded. */
  readonly snapshots: { readonly [index: string]: string };
  readonly unit: string | null;
  /** When the run ended, and when it was scored. */
  readonly finishedAt: number;
  readonly scoredAt: number | null;
}

interface ScoreRead extends Omit<MonitorScoreRow, 'snapshots'> {
  readonly facts: readonly { readonly snapshots?: { readonly [index: string]: string } }[] | null;
}

const SCORES = `select monitor_id as "monitorId", run_id as "runId", score.state, scores, detail, score.error,
    plan_id as "planId", arms, unit, score.finished_at as "finishedAt", scored_at as "scoredAt",
    (select json_agg(facts order by experiment_id) from experiment_stage as of_stage
      join lateral json_array_elements(coalesce(run.assignments, '[]')) as given
        on of_stage.experiment_id = given->>'experiment' and of_stage.stage = (given->>'stage')::int) as facts
  from monitor_score as score join run using (run_id)`;

const scoreOf = ({ facts, ...row }: ScoreRead): MonitorScoreRow => ({
  ...row,
  snapshots: Object.assign({}, ...(facts ?? []).map(({ snapshots }) => snapshots)),
});

export interface ScoreFilter {
  readonly monitorId: string;
  /** Of runs that ended before this; milliseconds since the epoch. */
  readonly before?: number;
  /** 1 to 1,000. */
  readonly limit: number;
}

const LARGEST_PAGE = 1_000;

/** What became of sampled runs, those that ended last first. */
export async function scoresOf(
  database: Database,
  { monitorId, before, limit }: ScoreFilter,
): Promise<readonly MonitorScoreRow[]> {
  const rows = await database.query<ScoreRead>(
    `${SCORES} where monitor_id = $1 and ($2::timestamptz is null or score.finished_at < $2)
     order by score.finished_at desc, run_id desc limit $3`,
    [monitorId, before === undefined ? null : new Date(before), Math.min(limit, LARGEST_PAGE)],
  );
  return rows.map(scoreOf);
}

export async function scoresOfRun(database: Database, runId: string): Promise<readonly MonitorScoreRow[]> {
  const rows = await database.query<ScoreRead>(`${SCORES} where run_id = $1 order by monitor_id`, [runId]);
  return rows.map(scoreOf);
}

/** Of a monitor that runs. Ages are by the database's clock, so that no two machines' are compared. */
export interface HealthRow {
  readonly monitorId: string;
  readonly pipeline: string;
  readonly waiting: number;
  /** How long the run that waits longest has; null: none waits. */
  readonly waitingMs: number | null;
  /** Since the last score, or since it was started where there is none. */
  readonly sinceScoredMs: number;
  readonly alert: AlertState;
  readonly alertSince: number | null;
  /** A call of today has found no room in its budget. */
  readonly isOutOfBudget: boolean;
}

/** Of each that runs. */
export const healthOf = (database: TimedDatabase): Promise<readonly HealthRow[]> =>
  database.query<HealthRow>(
    `with edge as (select ${nowSql('$1')} as until)
     select monitor_id as "monitorId", pipeline, waiting.runs as waiting, alert, alert_since as "alertSince",
       (extract(epoch from until - waiting.since) * 1000)::float8 as "waitingMs",
       (extract(epoch from until - greatest(started_at, scored.at)) * 1000)::float8 as "sinceScoredMs",
       exists (select from monitor_day
         where paid_by = monitor_id || '/' || to_char(until at time zone 'UTC', 'YYYY-MM-DD')
           and exhausted_at is not null) as "isOutOfBudget"
     from edge cross join monitor
       cross join lateral (select count(*) as runs, min(finished_at) as since from monitor_score as score
         where score.monitor_id = monitor.monitor_id and score.state = 'queued') as waiting
       cross join lateral (select max(last_scored_at) as at from monitor_count as counted
         where counted.monitor_id = monitor.monitor_id) as scored
     where state = 'running' order by monitor_id`,
    [database.now()],
  );

export interface NewAlert {
  readonly was: AlertState;
  readonly isNow: AlertState;
  /** What it was decided from. */
  readonly evidence: { readonly [fact: string]: Json };
}

export interface AlertRow extends NewAlert {
  readonly monitorId: string;
  readonly alertNo: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** When the webhook accepted it; null also without a webhook. */
  readonly deliveredAt: number | null;
  /** Why it could not be delivered. */
  readonly error: { readonly code: string; readonly message: string } | null;
}

const COLUMNS = `monitor_id as "monitorId", alert_no as "alertNo", at, was, is_now as "isNow", evidence,
  delivered_at as "deliveredAt", error`;

/** Records the alert state of the window when it changed; false when it did not, or no longer does. */
export async function moveAlert(
  database: TimedDatabase,
  monitorId: string,
  { was, isNow, evidence }: NewAlert,
): Promise<boolean> {
  await database.query(
    `with moved as (
       update monitor set alert = $3, alert_no = alert_no + 1, alert_since = ${nowSql('$5')}
       where monitor_id = $1 and alert = $2 and state = 'running' returning monitor_id, alert_no
     )
     insert into monitor_alert (monitor_id, alert_no, at, was, is_now, evidence)
     select monitor_id, alert_no, ${nowSql('$5')}, $2, $3, $4 from moved`,
    [monitorId, was, isNow, JSON.stringify(storable(evidence)), database.now()],
  );
  // The statement may run twice; the second run finds the alert written.
  const [row] = await database.query<{ alert: AlertState }>('select alert from monitor where monitor_id = $1', [
    monitorId,
  ]);
  return row?.alert === isNow;
}

/** Newest first. */
export const alertsOf = (database: Database, monitorId: string, limit: number): Promise<readonly AlertRow[]> =>
  database.query<AlertRow>(
    `select ${COLUMNS} from monitor_alert where monitor_id = $1 order by alert_no desc limit $2`,
    [monitorId, Math.min(limit, LARGEST_PAGE)],
  );

export async function alertOf(database: Database, monitorId: string, alertNo: number): Promise<AlertRow | undefined> {
  const [row] = await database.query<AlertRow>(
    `select ${COLUMNS} from monitor_alert where monitor_id = $1 and alert_no = $2`,
    [monitorId, alertNo],
  );
  return row;
}

/** Older alerts are not sent. */
const DELIVERY_WINDOW = `interval '1 day'`;
const MOST_UNTOLD = 100;

/** Numbers of undelivered alert changes of the last day, oldest first. */
export async function undeliveredAlerts(database: TimedDatabase, monitorId: string): Promise<readonly number[]> {
  const rows = await database.query<{ alertNo: number }>(
    `select alert_no as "alertNo" from monitor_alert
     where monitor_id = $1 and delivered_at is null and error is null and 'alerting' in (was, is_now)
       and at > ${nowSql('$2')} - ${DELIVERY_WINDOW}
     order by alert_no limit ${MOST_UNTOLD}`,
    [monitorId, database.now()],
  );
  return rows.map(({ alertNo }) => alertNo);
}

/** Records the delivery, or why it failed. The first record stays. */
export async function endDelivery(
  database: TimedDatabase,
  monitorId: string,
  alertNo: number,
  error: AlertRow['error'],
): Promise<void> {
  await database.query(
    `update monitor_alert set delivered_at = case when $3::json is null then ${nowSql('$4')} end, error = $3
     where monitor_id = $1 and alert_no = $2 and delivered_at is null and error is null`,
    [monitorId, alertNo, error && JSON.stringify(storable({ ...error })), database.now()],
  );
}
