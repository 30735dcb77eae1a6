/** What the API says of one experiment: how it stands, what was asked, what looks have said, and who has done what. */
import type { AnalysisReport } from '../../../src/experiment/analysis-report.ts';
import type { EffectRow } from '../../../src/experiment/report-table.ts';
import type { StageRow } from '../../../src/store/experiments.ts';
import type { ExperimentView } from '../experiments/types.ts';

export interface ExperimentStatus extends ExperimentView {
  readonly sentences: readonly string[];
  readonly stages: readonly StageRow[];
}

export type { AnalysisSummary, ExperimentDesign, FunnelArm } from '../../../src/experiment/analysis-report.ts';
export type Report = AnalysisReport;

export interface LookPoint {
  readonly lookNo: number;
  readonly at: number;
  readonly phase: 'experiment' | 'rollout';
  readonly decision: string;
  readonly reason: string;
  readonly exposed: number;
  readonly rows: readonly Pick<EffectRow, 'metric' | 'variant' | 'effect' | 'interval' | 'status'>[];
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
