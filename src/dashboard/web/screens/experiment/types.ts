/** What the API says of one experiment: how it stands, what was asked, what looks have said, and who has done what. */
import type { LookTableRow } from '../../../../experiment/report-table.ts';
import type { OnlineMetric, RolloutSettings, SpecArm, StopSettings } from '../../../../experiment/spec.ts';
import type { StageRow } from '../../../../store/experiments.ts';
import type { ExperimentView } from '../experiments/types.ts';

export interface ExperimentStatus extends ExperimentView {
  readonly sentences: readonly string[];
  readonly stages: readonly StageRow[];
}

export interface Asked {
  readonly unitName: string;
  readonly share: number;
  readonly layer: string | null;
  readonly arms: readonly SpecArm[];
  readonly metrics: readonly OnlineMetric[];
  readonly scorers: readonly string[];
  readonly stop: StopSettings;
  readonly rollout: RolloutSettings;
  readonly breaker: { readonly ceiling: number; readonly windowMs: number };
}

export interface FunnelArm {
  readonly arm: string;
  readonly weight: number;
  readonly isServed: boolean;
  readonly exposed: number;
  readonly matured: number;
  readonly recorded: number;
}

export interface Ratio {
  readonly p: number | null;
  readonly haltsBelow: number;
  readonly rows: readonly {
    readonly of: string;
    readonly arms: readonly string[];
    readonly counts: readonly number[];
    readonly weights: readonly number[];
    readonly p: number;
  }[];
}

export interface Report {
  readonly experimentId: string;
  readonly asked: Asked;
  readonly lookNo: number | null;
  readonly table: readonly LookTableRow[];
  readonly funnel: readonly FunnelArm[];
  readonly ratio: Ratio;
  readonly counts: {
    readonly twoArms: number;
    readonly overridden: number;
    readonly outcomes: number;
    readonly late: number;
    readonly outside: number;
  } | null;
  readonly daysLeft: number | null;
}

export interface LookPoint {
  readonly lookNo: number;
  readonly at: number;
  readonly phase: 'experiment' | 'rollout';
  readonly decision: string;
  readonly reason: string;
  readonly exposed: number;
  readonly rows: readonly Pick<LookTableRow, 'metric' | 'variant' | 'effect' | 'interval' | 'status'>[];
}

export interface Looks {
  readonly total: number;
  readonly looks: readonly LookPoint[];
}

export interface AuditRow {
  readonly at: number;
  readonly who: string;
  readonly action: string;
  readonly subject: string;
  readonly was: unknown;
  readonly isNow: unknown;
  readonly why: string;
}

const LIVE: ReadonlySet<string> = new Set(['running', 'paused', 'halted', 'approving', 'rolling']);
export const isLive = ({ state }: Pick<ExperimentView, 'state'>): boolean => LIVE.has(state);
