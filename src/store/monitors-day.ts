/** What a monitor may spend on one day. */
import { nowSql } from './clock.ts';
import type { Database } from './database.ts';
import { daySql } from './monitors-sql.ts';
import { decimal } from './spending.ts';

export interface MonitorDay {
  readonly paidBy: string;
  /** A call has found no room in the budget. */
  readonly isExhausted: boolean;
}

export async function openDay(
  database: Database,
  monitorId: string,
  budgetUsd: number | null,
  now: Date | null,
): Promise<MonitorDay> {
  const [day] = await database.query<MonitorDay>(
    `insert into monitor_day as day (paid_by, monitor_id, budget_usd) values ($1 || '/' || ${daySql('$3')}, $1, $2)
     on conflict (paid_by) do update set budget_usd = day.budget_usd
     returning paid_by as "paidBy", exhausted_at is not null as "isExhausted"`,
    [monitorId, decimal(budgetUsd), now],
  );
  return day!;
}

export async function payerOf(database: Database, monitorId: string, now: Date | null): Promise<string> {
  const [day] = await database.query<{ paidBy: string }>(`select $1 || '/' || ${daySql('$2')} as "paidBy"`, [
    monitorId,
    now,
  ]);
  return day!.paidBy;
}

export async function exhaustDay(database: Database, paidBy: string, now: Date | null): Promise<void> {
  await database.query(
    `update monitor_day set exhausted_at = coalesce(exhausted_at, ${nowSql('$2')}) where paid_by = $1`,
    [paidBy, now],
  );
}
