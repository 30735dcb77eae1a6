/**
 * `sluice demo`: the main job on real input. It brings up the servers, reads the documentation that the npm package `ai`
 * ships, asks three real questions as durable runs, shows what each step took and where to see it, compares variants
 * offline, and ends with experiments on simulated traffic, one of which rolls its winner out. The state stays in the folder, so a second demo is quick, and everything it made can be used afterwards.
 */
import { access } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { SluiceError } from '../base/errors.ts';
import { shortId } from '../base/format.ts';
import type { RunResult } from '../client/run-result.ts';
import type { AnyPipeline } from '../dsl/edit.ts';
import { BUILT_IN, type Project } from '../host/project.ts';
import type { Runtime } from '../host/runtime.ts';
import type { IngestResult } from '../model/ingest-messages.ts';
import type { Plan } from '../plan/plan.ts';
import { configOf } from '../plan/skeleton.ts';
import { readingCommand, runAction, type World } from './command.ts';
import { demoExperiment } from './demo-experiment.ts';
import { demoOnline } from './demo-online.ts';
import { untilStopped } from './dev.ts';
import { ingestLine, ingestWithProgress, omissionLines } from './ingest.ts';
import { EXIT, type ExitCode, orInterrupted, type Session } from './session.ts';
import { showRun } from './show-run.ts';
import { type Needs, showAfter } from './with-servers.ts';
import { withoutKeys } from './without-keys.ts';

interface DemoOptions {
  readonly keep?: boolean;
}

const PIPELINE = 'docs-bot';
const INDEX = 'ai-docs';
const QUESTIONS = ['What is a tool?', 'What are embeddings used for?', 'How do I send custom headers with a request?'];

export function demoCommand(world: World): Command {
  return readingCommand('demo', {
    summary: 'read real documentation, ask questions, run experiments, roll a winner out; no keys needed',
    examples: [
      ['demo', 'ends by itself; a second time it is quick'],
      ['demo --keep', 'and goes on serving, until Ctrl-C'],
    ],
  })
    .option('--keep', 'go on serving when done')
    .action((options: DemoOptions, command: Command) => runAction(world, command, (session) => demo(session, options)));
}

async function demo(session: Session, options: DemoOptions): Promise<ExitCode> {
  const { terminal, folder, environment } = session;
  const source = await findDocs(folder);
  const project = await ownProject(folder);
  if (!terminal.json) terminal.print('Sluice demo: answers from the docs of the npm package `ai`, no keys needed\n');

  const needs: Needs = { project: async () => project, serves: options.keep ? 'folder' : 'command' };
  return showAfter(session, needs, async (runtime) => {
    if (!terminal.json) terminal.print(`✔ Temporal ${runtime.temporal.uiUrl}   ✔ database   ✔ worker`);
    const { pipeline, instead } = await withoutKeys(runtime.client, project.pipelines, PIPELINE, session);
    const ingested = await ingestDocs(session, runtime, source, embeddingOf(pipeline.plan));
    const runs: RunResult[] = [];
    for (const question of QUESTIONS) {
      const run = await orInterrupted(session.signal, runtime.client.run(pipeline, { question }));
      runs.push(run);
      if (terminal.json) continue;
      terminal.print(`\n${terminal.colours.bold(`? ${question}`)}`);
      showRun(terminal, run);
    }
    const experiment = await orInterrupted(session.signal, demoExperiment(session, runtime));
    const online = await demoOnline(session, runtime);
    const isFine =
      experiment.evaluation.state === 'completed' &&
      online.map(({ state }) => state).join() === 'promoted,rolled_back' &&
      runs.every(({ outcome }) => outcome === 'completed' || outcome === 'degraded');
    const show = () => {
      if (terminal.json)
        terminal.printJson({
          temporal: runtime.temporal,
          ...{ ingested, runs, experiment, online },
          ...(instead && { ranInstead: instead }),
        });
      else
        for (const line of nextLines(runs, experiment.evaluation.evaluationId, runtime, environment))
          terminal.print(line);
      return isFine ? EXIT.fine : EXIT.error;
    };
    if (!options.keep) return show;
    const exit = show();
    terminal.note('serving; stop with Ctrl-C');
    await untilStopped(session, runtime);
    return () => exit;
  });
}

async function ingestDocs(session: Session, runtime: Runtime, source: string, embed: string): Promise<IngestResult> {
  const { terminal, signal } = session;
  const startedAt = performance.now();
  const input = { index: INDEX, source, chunk: 'headings', embed } as const;
  const result = await orInterrupted(signal, ingestWithProgress(session, runtime, input));
  for (const line of omissionLines(result)) terminal.note(line);
  if (!terminal.json) terminal.print(ingestLine(result, performance.now() - startedAt));
  return result;
}

/** The index is for this pipeline: it is embedded with the model that is searched with. */
function embeddingOf(plan: Plan): string {
  const { model } = configOf(plan, 'vector', 'step') as { readonly model: string };
  return model;
}

function nextLines(
  runs: readonly RunResult[],
  evaluationId: string,
  { isEphemeral }: Runtime,
  environment: Session['environment'],
): string[] {
  // As `npm run demo`, which is how this repository runs it, `sluice` itself is a script, too.
  const sluice = environment.npm_lifecycle_event === 'demo' ? 'npm run sluice --' : 'sluice';
  return [
    '',
    'Go on:',
    `  ${sluice} ask ${PIPELINE} "your own question"`,
    `  ${sluice} search --index ${INDEX} "stream text"`,
    `  ${sluice} runs ${shortId(runs.at(-1)?.runId ?? '')}`,
    `  ${sluice} eval compare ${evaluationId} --worse`,
    `  ${sluice} plan draw ${PIPELINE}`,
    ...(isEphemeral ? [`  ${sluice} dev   (then the addresses above answer)`] : []),
  ];
}

/** The pipeline and the steps that come with Sluice, whatever the folder has: so the demo runs in any. */
async function ownProject(folder: string): Promise<Project> {
  const [{ docsBot, local }, { createActivities }] = await Promise.all([
    import('../../pipelines/docs-bot.ts'),
    import('../steps/implementations.ts'),
  ]);
  const pipelines = new Map<string, AnyPipeline>([
    [docsBot.id, docsBot],
    [`${docsBot.id}:${local.name}`, local],
  ]);
  return { folder, pipelines, createActivities, activitiesFrom: BUILT_IN };
}

/** The documentation inside the nearest installed `ai`. */
async function findDocs(folder: string): Promise<string> {
  for (let here = folder; ; here = dirname(here)) {
    const docs = join(here, 'node_modules', 'ai', 'docs');
    const isThere = await access(docs).then(
      () => true,
      () => false,
    );
    if (isThere) return docs;
    if (here === dirname(here)) break;
  }
  throw new SluiceError('demo_docs_missing', {
    message: 'the npm package `ai`, whose documentation the demo reads, is not installed here',
    remedy: 'npm install --save-dev --ignore-scripts ai',
    data: { folder },
  });
}
