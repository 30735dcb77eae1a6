/** What the API says of one experiment: how it stands, what was asked, what looks have said, and who has done what. */
import type { LookReport } from '../../../src/experiment/look-report.ts';
import type { LookTableRow } from '../../../src/experiment/report-table.ts';
import type { StageRow } from '../../../src/store/experiments.ts';
import type { ExperimentView } from '../experiments/types.ts';

export interface ExperimentStatus extends ExperimentView {
  readonly sentences: readonly string[];
  readonly stages: readonly StageRow[];
}

export type { Asked, FunnelArm, Looked } from '../../../src/experiment/look-report.ts';
export type Report = LookReport;

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
