/** How a monitor stands, by what the store says: it needs neither Temporal nor a worker. */

import type { AlertRow, MonitorCounts, MonitorReason } from '../store/monitor-results.ts';
import type { MonitorRow } from '../store/monitors.ts';
import type { Store } from '../store/store.ts';
import { monitorHealth } from './health.ts';
import { type WindowStatistics, windowStatistics } from './window.ts';

export interface MonitorStatus {
  readonly row: MonitorRow;
  readonly counts: MonitorCounts;
  /** Why scores are missing, the most frequent first. */
  readonly reasons: readonly MonitorReason[];
  readonly window: WindowStatistics;
  /** Newest first. */
  readonly alerts: readonly AlertRow[];
  /** Runs wait, and nothing is scored. */
  readonly isStalled: boolean;
  /** Its budget of today is used up: no more runs are sampled before the next day, in UTC. */
  readonly isOutOfBudget: boolean;
  /** What its calls of today have cost; null where nothing is known of it. */
  readonly spentTodayUsd: number | null;
}

const SHOWN_ALERTS = 20;

/** @throws what the store throws */
export async function monitorStatus(store: Pick<Store, 'monitors' | 'runs'>, row: MonitorRow): Promise<MonitorStatus> {
  const { monitors, runs } = store;
  const { monitorId, spec } = row;
  const [counts, reasons, sums, alerts, health, paidBy] = await Promise.all([
    monitors.counts(monitorId),
    monitors.reasons(monitorId),
    monitors.window(monitorId, spec.windowMs),
    monitors.alerts(monitorId, SHOWN_ALERTS),
    monitorHealth(store),
    monitors.payerOf(monitorId),
  ]);
  const { isStalled = false, isOutOfBudget = false } = health.find((each) => each.monitorId === monitorId) ?? {};
  const { costUsd: spentTodayUsd } = await runs.spending(paidBy);
  return {
    ...{ row, counts, reasons, window: windowStatistics(spec, sums), alerts, isStalled, isOutOfBudget, spentTodayUsd },
  };
}
