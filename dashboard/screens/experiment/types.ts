/** One experiment as the API gives it. */
import type { ApiAnswer } from '../../../src/contract/api.ts';
import type { ExperimentView } from '../experiments/types.ts';

export type { AnalysisSummary, ExperimentDesign, FunnelArm } from '../../../src/experiment/analysis-report.ts';
export type ExperimentStatus = ApiAnswer<'getExperiment'>;
export type Report = ApiAnswer<'getExperimentReport'>;
export type Looks = ApiAnswer<'listLooks'>;
export type LookPoint = Looks['looks'][number];
export type AuditRow = ApiAnswer<'listAudit'>['audit'][number];

const LIVE: ReadonlySet<string> = new Set(['running', 'paused', 'halted', 'approving', 'rolling']);
export const isLive = ({ state }: Pick<ExperimentView, 'state'>): boolean => LIVE.has(state);
