/**
 * The end of the demo: an experiment on the shipped questions. Words against words and meaning: what is better, by how much,
 * and how sure that is.
 */
import { mkdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { count, showDuration } from '../base/format.ts';
import { readPackage } from '../base/package.ts';
import type { AnyEvaluation } from '../dsl/evaluation.ts';
import type { Runtime } from '../host/runtime.ts';
import type { DatasetVersion } from '../store/datasets.ts';
import type { Store } from '../store/store.ts';
import { writeOut } from './command.ts';
import { showComparison } from './eval-comparison.ts';
import { type EvaluationOutcome, followEvaluation, outcomeOf, spendingSoFar } from './eval-outcome.ts';
import { reportData } from './eval-report.ts';
import type { Session } from './session.ts';

export interface DemoExperiment extends EvaluationOutcome {
  /** The page that it was written as. */
  readonly page: string;
}

const FOLDER = '.sluice/reports';

export async function demoExperiment(session: Session, runtime: Runtime): Promise<DemoExperiment> {
  const { terminal } = session;
  const { retrieval } = await import('../../pipelines/docs-search.evaluations.ts');
  const version = await importQuestions(runtime.store, retrieval);
  const { spec, plans } = await specFor(runtime.store, retrieval, version);
  const { variants, dataset } = spec;
  if (!terminal.json) {
    terminal.print(`\n${terminal.colours.bold('Experiment: does meaning help where words are searched?')}`);
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
  const page = await writePage(session, runtime, outcome);
  if (!terminal.json) show(session, { ...outcome, page });
  return { ...outcome, page };
}

/** Beside everything else that the demo leaves in the folder. */
async function writePage(
  session: Session,
  { store, client }: Runtime,
  { evaluation }: EvaluationOutcome,
): Promise<string> {
  const { renderHtml } = await import('../evaluation/report/html.ts');
  const named = [{ row: evaluation, isByName: false, variant: undefined }];
  const text = await renderHtml(await reportData(session, { store, urlOf: client.urlOf }, named));
  const folder = join(session.folder, FOLDER);
  await mkdir(folder, { recursive: true });
  const file = join(folder, `${evaluation.evaluationId}.html`);
  await writeOut(file, text);
  return file;
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

function show(
  { terminal, folder }: Session,
  { evaluation, progress, report, temporalUrl, page }: DemoExperiment,
): void {
  const { createdAt, finishedAt } = evaluation;
  const took = finishedAt === null ? [] : [`in ${showDuration(finishedAt - createdAt)}`];
  terminal.print(`  ${[...took, ...spendingSoFar(progress)].join(' · ')}\n`);
  if (report !== null) showComparison(terminal, report);
  terminal.print(`  as a page, to open in a browser: ${relative(folder, page)}`);
  terminal.print(terminal.colours.dim(`  ${temporalUrl}`));
}
