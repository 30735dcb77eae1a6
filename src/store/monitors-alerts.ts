/** What a monitor's window has said: a row per change, each with what it was decided from. */
import type { AlertState } from '../model/monitor-spec.ts';
import type { Json } from '../plan/plan.ts';
import { nowSql } from './clock.ts';
import type { Database } from './database.ts';
import { storable } from './storable.ts';

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
  /** When whoever is to be told has taken it; null also where nobody is to be told. */
  readonly deliveredAt: number | null;
  /** Why they could not be told. */
  readonly error: { readonly code: string; readonly message: string } | null;
}

const COLUMNS = `monitor_id as "monitorId", alert_no as "alertNo", at, was, is_now as "isNow", evidence,
  delivered_at as "deliveredAt", error`;

export async function moveAlert(
  database: Database,
  monitorId: string,
  { was, isNow, evidence }: NewAlert,
  now: Date | null,
): Promise<boolean> {
  await database.query(
    `with moved as (
       update monitor set alert = $3, alert_no = alert_no + 1, alert_since = ${nowSql('$5')}
       where monitor_id = $1 and alert = $2 and state = 'running' returning monitor_id, alert_no
     )
     insert into monitor_alert (monitor_id, alert_no, at, was, is_now, evidence)
     select monitor_id, alert_no, ${nowSql('$5')}, $2, $3, $4 from moved`,
    [monitorId, was, isNow, JSON.stringify(storable(evidence)), now],
  );
  // Whoever made it: a statement that is made again finds that it was made.
  const [row] = await database.query<{ alert: AlertState }>('select alert from monitor where monitor_id = $1', [
    monitorId,
  ]);
  return row?.alert === isNow;
}

const LARGEST_PAGE = 1_000;

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

/** Nobody wants to be woken by what was true yesterday. */
const TOLD_WITHIN = `interval '1 day'`;
const MOST_UNTOLD = 100;

export async function untold(database: Database, monitorId: string, now: Date | null): Promise<readonly number[]> {
  const rows = await database.query<{ alertNo: number }>(
    `select alert_no as "alertNo" from monitor_alert
     where monitor_id = $1 and delivered_at is null and error is null and 'alerting' in (was, is_now)
       and at > ${nowSql('$2')} - ${TOLD_WITHIN}
     order by alert_no limit ${MOST_UNTOLD}`,
    [monitorId, now],
  );
  return rows.map(({ alertNo }) => alertNo);
}

interface Delivery extends Pick<AlertRow, 'monitorId' | 'alertNo' | 'error'> {}

/** The first end stays. */
export async function endDelivery(
  database: Database,
  { monitorId, alertNo, error }: Delivery,
  now: Date | null,
): Promise<void> {
  await database.query(
    `update monitor_alert set delivered_at = case when $3::json is null then ${nowSql('$4')} end, error = $3
     where monitor_id = $1 and alert_no = $2 and delivered_at is null and error is null`,
    [monitorId, alertNo, error && JSON.stringify(storable({ ...error })), now],
  );
}
