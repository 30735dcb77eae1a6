/** Everything that a report shows of a comparison, from the store. */
import type { Store } from '../../store/store.ts';
import { type ChosenEvaluation, sidesOf } from '../compare/choose-sides.ts';
import { compareEvaluations } from '../compare/compare.ts';
import { gateOf } from '../compare/gate.ts';
import { leaderboardOf } from '../compare/leaderboard.ts';
import { examplesOfPart, loadComparison } from '../compare/load.ts';
import type { ComparisonReport } from '../compare/report.ts';
import type { DatasetPart } from '../spec.ts';
import { collectExamples } from './collect.ts';
import type { ReportData } from './data.ts';
import { questionOf } from './output-text.ts';

interface Opened {
  readonly store: Pick<Store, 'evaluations' | 'datasets'>;
  /** Of a workflow in Temporal's screens. */
  readonly urlOf: (workflowId: string) => string;
}

interface LoadOptions {
  /** What is said of the comparison besides what the store knows. */
  readonly adjust?: (compared: ComparisonReport) => Promise<ComparisonReport>;
  /** Without what was answered, which is most of it: for whoever asks for that by example. */
  readonly withoutOutputs?: boolean;
}

/** @throws SluiceError those of `loadComparison` */
export async function loadReport(
  { store, urlOf }: Opened,
  named: readonly ChosenEvaluation[],
  { adjust, withoutOutputs = false }: LoadOptions = {},
): Promise<ReportData> {
  const loaded = await loadComparison(store, sidesOf(named));
  const found = compareEvaluations(loaded);
  const compared = adjust === undefined ? found : await adjust(found);
  const rows = [...new Map(named.map(({ row }) => [row.evaluationId, row])).values()];
  const evaluations = await Promise.all(
    rows.map(async ({ evaluationId, createdAt, finishedAt }) => {
      const progress = await store.evaluations.progress(evaluationId);
      return { evaluationId, createdAt, finishedAt, progress, address: urlOf(evaluationId) };
    }),
  );
  const examples = await collectExamples({
    report: compared,
    sheets: loaded.sheets,
    questions: await questionsOf(store, rows[0]!.spec.dataset),
    rowsOf: withoutOutputs
      ? () => Promise.resolve([])
      : (evaluationId, exampleIds) => store.evaluations.results(evaluationId, exampleIds),
  });
  const ids = named.map(({ row, variant }) =>
    variant === undefined ? row.evaluationId : `${row.evaluationId}:${row.spec.variants[variant]!.name}`,
  );
  return {
    report: compared,
    gate: gateOf(compared),
    evaluations,
    leaderboard: rows.length > 1 ? leaderboardOf(loaded) : null,
    examples: withoutOutputs ? { ...examples, outputs: [] } : examples,
    madeAt: Date.now(),
    command: `sluice eval report ${ids.join(' ')}`,
  };
}

async function questionsOf(store: Opened['store'], dataset: DatasetPart): Promise<ReadonlyMap<string, string>> {
  const questions = new Map<string, string>();
  for await (const { id, input } of examplesOfPart(store, dataset)) questions.set(id, questionOf(input));
  return questions;
}
