/** What the API says of monitors. */
import type { AlertSettings, AlertState } from '../../../src/model/monitor-spec.ts';
import type { WindowStatistics } from '../../../src/monitor/window.ts';
import type { ValueFormat } from '../../../src/stats/explained-report.ts';
import type { AlertRow, MonitorCounts, MonitorReason } from '../../../src/store/monitor-results.ts';

export interface MonitorField {
  readonly kind: 'rate' | 'mean';
  readonly format: ValueFormat;
  readonly worst: number;
  readonly best: number | null;
}

export interface MonitorView {
  readonly monitorId: string;
  readonly name: string;
  readonly version: number | null;
  readonly pipeline: string;
  readonly state: 'running' | 'stopped' | 'not_started';
  readonly scorer: string;
  readonly sample: number;
  readonly windowMs: number;
  readonly fields: { readonly [field: string]: MonitorField };
  readonly alertOn: AlertSettings | null;
  readonly budgetUsdPerDay: number | null;
  readonly alert: AlertState | null;
  readonly alertSince: number | null;
  readonly startedBy: string | null;
  readonly startedAt: number | null;
  readonly stoppedAt: number | null;
  readonly reason: string | null;
}

export interface ListedMonitor extends MonitorView {
  /** Null where it was never started. */
  readonly counts: MonitorCounts | null;
}

export interface MonitorStatus extends MonitorView {
  readonly counts: MonitorCounts;
  readonly reasons: readonly MonitorReason[];
  readonly window: WindowStatistics;
  readonly alerts: readonly AlertRow[];
  readonly history: readonly {
    readonly at: number;
    readonly who: string;
    readonly action: string;
    readonly why: string;
  }[];
  readonly isStalled: boolean;
  readonly isOutOfBudget: boolean;
  readonly spentTodayUsd: number | null;
}
