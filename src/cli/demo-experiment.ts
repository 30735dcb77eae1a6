/**
 * The end of the demo: an experiment on the shipped questions. Words against words and meaning against both with a closer
 * look: what is better, by how much, and how sure that is.
 */
import { join } from 'node:path';
import type { AnyEvaluation } from '../dsl/evaluation.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { DatasetVersion } from '../store/datasets.ts';
import type { Store } from '../store/store.ts';
import { showComparison } from './eval-comparison.ts';
import { followEvaluation, spendingSoFar } from './eval-follow.ts';
import { type EvaluationOutcome, outcomeOf } from './eval-outcome.ts';
import { readPackage } from './package.ts';
import type { Session } from './session.ts';
import { count, showDuration } from './text.ts';

export async function demoExperiment(session: Session, runtime: Runtime): Promise<EvaluationOutcome> {
  const { terminal } = session;
  const { retrieval } = await import('../../pipelines/docs-search.evaluations.ts');
  const version = await importQuestions(runtime.store, retrieval);
  const { spec, plans } = await specFor(runtime.store, retrieval, version);
  const { variants, dataset } = spec;
  if (!terminal.json) {
    terminal.print(
      `\n${terminal.colours.bold('Experiment: does meaning help where words are searched, and does a reranker pay?')}`,
    );
    terminal.print(
      `  ${count(dataset.examples, 'question')} × ${count(variants.length, 'variant')} of ${spec.pipeline}`,
    );
  }
  const row = await runtime.client.startEvaluation({
    // The demo is given again and again, also after changes of the code: it declares nothing beforehand.
    spec: { ...spec, definition: null },
    plans,
    budgetUsd: null,
    startedBy: 'demo',
    acceptChanged: true,
  });
  const outcome = await outcomeOf(runtime, await followEvaluation(session, runtime, row));
  if (!terminal.json) show(session, outcome);
  return outcome;
}

async function importQuestions(
  { datasets }: Pick<Store, 'datasets'>,
  { dataset }: AnyEvaluation,
): Promise<DatasetVersion> {
  const { formatOf, readDataset } = await import('../evaluation/dataset-file.ts');
  const file = join(readPackage().folder, 'pipelines', dataset.source);
  const examples = await readDataset(file, formatOf(file), dataset);
  return (await datasets.put(dataset.name, examples, dataset.source)).version;
}

async function specFor({ datasets }: Pick<Store, 'datasets'>, definition: AnyEvaluation, { version }: DatasetVersion) {
  const { specOf } = await import('../evaluation/spec-of.ts');
  return specOf({ definition, version, count: (filter) => datasets.countExamples(version, filter) });
}

function show({ terminal }: Session, { evaluation, progress, report, temporalUrl }: EvaluationOutcome): void {
  const { createdAt, finishedAt } = evaluation;
  const took = finishedAt === null ? [] : [`in ${showDuration(finishedAt - createdAt)}`];
  terminal.print(`  ${[...took, ...spendingSoFar(progress)].join(' · ')}\n`);
  if (report !== null) showComparison(terminal, report);
  terminal.print(terminal.colours.dim(`  ${temporalUrl}`));
}
