/** Everything that a report shows of a comparison, from the store. */
import type { Store } from '../../store/store.ts';
import { type CompareInput, compareEvaluations } from '../compare/compare.ts';
import type { ComparisonReport } from '../compare/comparison-report.ts';
import { gateOf } from '../compare/gate.ts';
import { leaderboardOf } from '../compare/leaderboard.ts';
import { loadComparison } from '../compare/load.ts';
import { type ChosenEvaluation, sidesOf } from '../compare/sides.ts';
import { collectExamples } from './collect.ts';
import type { ReportData } from './data.ts';
import { questionOf } from './outputs.ts';

export interface Opened {
  readonly store: Pick<Store, 'evaluations' | 'datasets'>;
  /** Of a workflow in Temporal's screens. */
  readonly urlOf: (workflowId: string) => string;
}

interface LoadOptions {
  /** Changes the comparison by facts that the store does not have. */
  readonly adjust?: (compared: ComparisonReport) => Promise<ComparisonReport>;
}

/** What a report is made of, besides what was answered. */
export interface ReportParts {
  readonly loaded: CompareInput;
  /** Of the baseline's dataset, by example. */
  readonly questions: ReadonlyMap<string, string>;
  readonly about: Pick<ReportData, 'evaluations' | 'madeAt' | 'command'>;
}

/** @throws SluiceError those of `loadComparison` */
export async function loadReport(
  opened: Opened,
  named: readonly ChosenEvaluation[],
  { adjust }: LoadOptions = {},
): Promise<ReportData> {
  const parts = await loadParts(opened, named);
  const found = compareEvaluations(parts.loaded);
  const { evaluations } = opened.store;
  const rowsOf = (evaluationId: string, exampleIds: readonly string[]) => evaluations.results(evaluationId, exampleIds);
  return reportOf(parts, adjust === undefined ? found : await adjust(found), rowsOf);
}

/** @throws SluiceError those of `loadComparison` */
export async function loadParts({ store, urlOf }: Opened, named: readonly ChosenEvaluation[]): Promise<ReportParts> {
  const questions = new Map<string, string>();
  const part = JSON.stringify(named[0]?.row.spec.dataset);
  const loaded = await loadComparison(store, sidesOf(named), (of) => {
    if (JSON.stringify(of) !== part) return () => undefined;
    return ({ id, input }) => void questions.set(id, questionOf(input));
  });
  const rows = [...new Map(named.map(({ row }) => [row.evaluationId, row])).values()];
  const evaluations = await Promise.all(
    rows.map(async ({ evaluationId, createdAt, finishedAt }) => {
      const progress = await store.evaluations.progress(evaluationId);
      return { evaluationId, createdAt, finishedAt, progress, address: urlOf(evaluationId) };
    }),
  );
  const ids = named.map(({ row, variant }) =>
    variant === undefined ? row.evaluationId : `${row.evaluationId}:${row.spec.variants[variant]!.name}`,
  );
  return {
    loaded,
    questions,
    about: { evaluations, madeAt: Date.now(), command: `sluice eval report ${ids.join(' ')}` },
  };
}

/** @param rowsOf as of `CollectInput` */
export async function reportOf(
  { loaded, questions, about }: ReportParts,
  report: ComparisonReport,
  rowsOf: Parameters<typeof collectExamples>[0]['rowsOf'],
): Promise<ReportData> {
  return {
    report,
    gate: gateOf(report),
    leaderboard: about.evaluations.length > 1 ? leaderboardOf(loaded) : null,
    examples: await collectExamples({ report, matrices: loaded.matrices, questions, rowsOf }),
    ...about,
  };
}
