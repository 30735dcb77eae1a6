/** Responses of the API by name, and what several screens derive from them. */
import { shortId } from '../src/base/format.ts';
import type { ApiAnswer } from '../src/contract/api.ts';
import type { ReviewItem, ReviewReport } from '../src/model/review-queue.ts';

export type ExperimentView = ApiAnswer<'listExperiments'>['experiments'][number];

export type Deployment = ApiAnswer<'listDeployments'>['deployments'][number];
/** Its name is `docs-bot`, or of a variant `docs-bot:wide`. Without a deployment, the definition in code is served. */
export type PipelineView = ApiAnswer<'getPipeline'>;
export type StoredPlan = ApiAnswer<'getPlan'> & Partial<ApiAnswer<'getPipelinePlan'>>;

export const baseOf = (name: string): string => name.split(':')[0]!;
export const variantOf = (name: string): string | undefined => name.split(':')[1];

export type ListedQueue = ApiAnswer<'listReviews'>['queues'][number];

/** The report after somebody has reviewed, or passed, one item: until it is read again. */
export function withDone(report: ReviewReport, place: number, reviewer: string, done: ReviewItem | null): ReviewReport {
  const before = report.items.find((item) => item.place === place);
  const isNew = done === null || before?.isMine === false;
  const [reviews, passes] = done === null ? [0, 1] : [isNew ? 1 : 0, 0];
  const { progress } = report;
  const own = progress.byReviewer.find((each) => each.reviewer === reviewer) ?? { reviewer, reviews: 0, passes: 0 };
  const counted = { reviewer, reviews: own.reviews + reviews, passes: own.passes + passes };
  const others = progress.byReviewer.filter((each) => each.reviewer !== reviewer);
  return {
    ...report,
    items: report.items.map((item) =>
      item.place !== place ? item : summaryOf(done ?? { ...item, passes: item.passes + 1 }),
    ),
    progress: { ...progress, reviews: progress.reviews + reviews, byReviewer: [...others, counted] },
  };
}

const summaryOf = ({ place, subject, exampleId, state, reviews, passes, isMine }: ReviewReport['items'][number]) => ({
  ...{ place, subject, exampleId, state, reviews, passes, isMine },
});

export type { AnalysisSummary, ExperimentDesign, FunnelArm } from '../src/experiment/analysis-report.ts';
export type ExperimentStatus = ApiAnswer<'getExperiment'>;
export type Report = ApiAnswer<'getExperimentReport'>;
export type Looks = ApiAnswer<'listLooks'>;
export type LookPoint = Looks['looks'][number];
export type AuditRow = ApiAnswer<'listAudit'>['audit'][number];

export type ListedMonitor = ApiAnswer<'listMonitors'>['monitors'][number];
export type MonitorStatus = ApiAnswer<'getMonitor'>;
export type MonitorView = Omit<ListedMonitor, 'counts'>;

export type ListedEvaluation = ApiAnswer<'listEvaluations'>['evaluations'][number];
export type ShownEvaluation = ApiAnswer<'getEvaluation'>;

export const registrationText = ({ mode, definition }: Pick<ListedEvaluation, 'mode' | 'definition'>): string =>
  mode === 'aa' ? 'A/A' : definition === null ? 'exploratory' : 'pre-registered';

/** `docs-questions@3fa2c1d4, dev`. */
export function datasetWords({ dataset: { name, version, split, tag } }: Pick<ListedEvaluation, 'dataset'>): string {
  const part = [split, tag === null ? null : `tag ${tag}`].filter((each) => each !== null);
  return [`${name}@${shortId(version)}`, ...part].join(', ');
}
