/** A project with an evaluation, over the embedded database, whose workflow is played by hand: what `sluice eval` is tested with. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { FollowOptions, NewEvaluationRequest } from '../../src/client/evaluation-client.ts';
import type { AnyEvaluation } from '../../src/dsl/evaluation.ts';
import {
  defineDataset,
  defineEvaluation,
  definePairScorer,
  definePipeline,
  defineScorer,
  defineStep,
  metric,
} from '../../src/index.ts';
import type { Cell, EvaluationState, ResultRow } from '../../src/model/evaluation-result.ts';
import { type Database, openDatabase } from '../../src/store/database.ts';
import type { EvaluationRow } from '../../src/store/evaluations.ts';
import { createStore, type Store } from '../../src/store/store.ts';
import { startPglite } from '../support/postgres.ts';
import { type FakeWorld, fakeRuntime, run as runCommand } from './fakes.ts';

const Asked = z.object({ question: z.string() });
const Text = z.object({ text: z.string() });
const policy = { attempts: 1, timeout: '5 seconds' } as const;
const write = defineStep('write', {
  version: 1,
  input: Asked,
  output: Text,
  config: z.object({ model: z.string().default('local/x'), mark: z.string().default('.') }),
  effect: 'read',
  policy,
});
const compareTexts = defineStep('compareTexts', {
  version: 1,
  input: z.object({ answer: z.string(), wanted: z.string().optional() }),
  output: z.object({ score: z.number().min(0).max(1), reason: z.string() }),
  effect: 'read',
  policy,
});
const preferText = defineStep('preferText', {
  version: 1,
  input: z.object({ first: z.string(), second: z.string() }),
  output: z.object({ winner: z.enum(['first', 'second', 'tie']), reason: z.string() }),
  effect: 'read',
  policy,
});

const bot = definePipeline('bot', Asked)
  .step('draft', write, ({ input }) => ({ question: input.question }))
  .output(Text, ({ draft }) => ({ text: draft.text }));
export const loud = bot.variant('loud', (edit) => edit.configure('draft', { mark: '!' }));
const quiet = bot.variant('quiet', (edit) => edit.configure('draft', { mark: '' }));
export const served = bot.variant('served', (edit) => edit.configure('draft', { model: 'openai/x' }));

const questions = defineDataset('questions', {
  input: Asked,
  expected: z.object({ text: z.string() }),
  source: 'questions.jsonl',
});
const on = { pipeline: bot, dataset: questions } as const;
const close = defineScorer(
  'close',
  on,
  compareTexts,
  ({ output, expected }) => ({
    answer: output.text,
    wanted: expected.text,
  }),
  { judge: false },
);
const liked = definePairScorer(
  'liked',
  on,
  preferText,
  ({ first, second }) => ({
    first: first.output.text,
    second: second.output.text,
  }),
  { judge: false },
);

/** As it is declared; `margin` changed makes it another. */
export const definedWith = (minimumEffect: number): AnyEvaluation =>
  defineEvaluation('tone', {
    ...on,
    variants: [loud, quiet],
    scorers: [close, liked],
    metrics: ({ score, run }) => ({
      primary: [metric.mean('closeness', score(close).score).increase({ minimumEffect })],
      guardrails: [metric.mean('latency', run.latencyMs).noWorseThan(50)],
    }),
  });

const DEV = 40;

/** What a run scores: the louder the better, but for the first three; the quiet one is as the baseline is. */
function scoreOf(place: number, variant: number): number {
  const own = 0.4 + 0.1 * Math.sin(place);
  return variant === 1 ? own + (place < 3 ? -0.2 : 0.2 + 0.05 * Math.sin(place * 3)) : own;
}

export interface EvalWorld {
  readonly store: Store;
  readonly folder: string;
  readonly asked: NewEvaluationRequest[];
  /** What becomes of an evaluation that is followed; default: all of it is done. */
  play: (row: EvaluationRow, options: FollowOptions) => Promise<void>;
  definition: AnyEvaluation;
  /** What checking a plan says. */
  check: () => Promise<void>;
  readonly steered: string[];
  /** Of `sluice eval`. */
  run(
    line: string,
    more?: Partial<FakeWorld> & { readonly isEphemeral?: boolean; readonly onStop?: () => void },
  ): ReturnType<typeof runCommand>;
  /** Of `sluice dataset`. */
  dataset(line: string): ReturnType<typeof runCommand>;
  /** Makes the rows of an evaluation and ends it. */
  finish(row: EvaluationRow, state?: EvaluationState, change?: (row: ResultRow) => ResultRow): Promise<void>;
  stop(): Promise<void>;
}

export async function openWorld(): Promise<EvalWorld> {
  const [folder, embedded] = await Promise.all([mkdtemp(join(tmpdir(), 'sluice-eval-')), startPglite()]);
  const database: Database = openDatabase(embedded.url);
  const store = createStore(database);
  const examples = Array.from({ length: DEV + 2 }, (_, place) => ({
    id: `q${String(place).padStart(2, '0')}`,
    input: { question: `what is ${place}?` },
    ...(place % 10 !== 9 && { expected: { text: `it is ${place}` } }),
    tags: [place >= DEV ? 'final' : 'dev', place % 2 === 0 ? 'even' : 'odd'],
  }));
  const source = join(folder, 'questions.jsonl');
  await writeFile(source, examples.map((each) => JSON.stringify(each)).join('\n'));
  const world: EvalWorld = {
    ...{ store, folder, asked: [], steered: [] },
    definition: definedWith(0.05),
    check: async () => undefined,
    play: async (row) => world.finish(row),
    async run(line, { isEphemeral = false, onStop, ...more } = {}) {
      const { runtime } = fakeRuntime({ store, client: clientOf(world), isEphemeral }, onStop);
      return runCommand(['eval', ...line.split(' ')], {
        runtime,
        services: {
          evaluations: async () => new Map([['tone', world.definition]]),
          datasets: async () => new Map([['questions', { ...questions, source }]]),
          pipelines: async () => new Map([bot, loud, quiet, served].map((each) => [nameOf(each), each])),
          project: () => Promise.reject(new Error('no worker was expected to be started')),
        },
        environment: { USER: 'mo' },
        ...more,
      });
    },
    dataset: (line) => runCommand(['dataset', ...line.split(' ')], { runtime: fakeRuntime({ store }).runtime }),
    finish: (row, state = 'completed', change = (each) => each) => finish(store, row, state, change),
    async stop() {
      await database.close();
      await embedded.stop();
      await rm(folder, { recursive: true });
    },
  };
  return world;
}

const nameOf = (pipeline: { readonly id: string; readonly name?: string }): string =>
  pipeline.name === undefined ? pipeline.id : `${pipeline.id}:${pipeline.name}`;

function clientOf(world: EvalWorld) {
  const { store, asked, steered } = world;
  const open = (evaluationId: string) => store.evaluations.get(evaluationId);
  return {
    urlOf: (id: string) => `ui/${id}`,
    async startEvaluation(request: NewEvaluationRequest) {
      await world.check();
      asked.push(request);
      const { spec, budgetUsd, startedBy } = request;
      const number = (await store.evaluations.list({ limit: 1_000 })).length + 1;
      const evaluationId = `eval-${spec.name}-${String(number).padStart(4, '0')}`;
      const row = await store.evaluations.create({ evaluationId, spec, budgetUsd, startedBy });
      const versions = spec.scorers.map(({ id, definitionHash }) => [id, definitionHash]);
      const pins = { digests: {}, snapshots: {}, scorerVersions: Object.fromEntries(versions) };
      await store.evaluations.pin(evaluationId, pins);
      return row;
    },
    async followEvaluation(evaluationId: string, options: FollowOptions = {}) {
      await world.play(await open(evaluationId), options);
      const { state } = await open(evaluationId);
      options.onProgress?.(await store.evaluations.progress(evaluationId), state);
      return open(evaluationId);
    },
    async pauseEvaluation(evaluationId: string) {
      steered.push(`pause ${evaluationId}`);
      await store.evaluations.setState(evaluationId, 'paused');
    },
    async resumeEvaluation(evaluationId: string, options: object) {
      steered.push(`resume ${evaluationId} ${JSON.stringify(options)}`);
      await store.evaluations.setState(evaluationId, 'running');
      return open(evaluationId);
    },
    async cancelEvaluation(evaluationId: string) {
      steered.push(`cancel ${evaluationId}`);
      await store.evaluations.setState(evaluationId, 'cancelled');
    },
  };
}

async function finish(
  store: Store,
  { evaluationId, spec }: EvaluationRow,
  state: EvaluationState,
  change: (row: ResultRow) => ResultRow,
): Promise<void> {
  const { version, split, examples } = spec.dataset;
  const all = await store.datasets.examples(version, { split: split ?? undefined, limit: examples });
  const rows = all.flatMap(({ id, expected }, place) =>
    spec.variants.map((_, variant): ResultRow => change(rowOf(id, place, variant, expected !== undefined))),
  );
  await store.evaluations.putResults(evaluationId, rows);
  if (spec.definition !== null) await lock(store, evaluationId);
  await store.evaluations.setState(evaluationId, state);
}

/** What the beginning of the workflow does. */
async function lock(store: Store, evaluationId: string): Promise<void> {
  const { registrationOf } = await import('../../src/evaluation/compare/registration.ts');
  const { spec, pins } = await store.evaluations.get(evaluationId);
  await store.evaluations.register(spec.name, registrationOf(spec, pins!), evaluationId);
}

/** The memo's key of every draft. */
export const DRAFTED = 'ab'.repeat(32);

const BESIDE: Cell = {
  state: 'missing',
  reason: 'the example expects nothing',
  resumable: false,
  isInapplicable: true,
};

function rowOf(exampleId: string, place: number, variant: number, isExpected: boolean): ResultRow {
  const mark = ['.', '!', ''][variant] ?? '';
  const close: Cell = {
    state: 'done',
    score: { score: scoreOf(place, variant) },
    subject: `${place}${variant}`,
    detail: { reason: variant === 1 ? 'louder than wanted' : 'as it was' },
  };
  const win = variant === 1 ? (place < 3 ? 0 : 1) : 0.5;
  const flipped = place === 5 ? 1 : 0;
  return {
    ...{ exampleId, variant, repeat: 1, outcome: 'completed', error: null },
    output: { text: `it is ${place}${mark}` },
    run: {
      latencyMs: 100 + variant * (1 + (place % 3)),
      costUsd: 0,
      inputTokens: 0,
      outputTokens: 0,
      failed: false,
      degraded: false,
    },
    cells: {
      close: isExpected ? close : BESIDE,
      liked: { state: 'done', score: { win: flipped ? 0.5 : win, flipped }, subject: 's' },
    },
    calls: [
      {
        ...{ key: 'draft', call: 'step', step: 'write@1', memoKey: DRAFTED, attempts: 1, durationMs: 12 },
        ...{ source: variant === 2 ? 'stored' : 'made', outcome: 'done' },
      },
    ],
  };
}
