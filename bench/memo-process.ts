/**
 * One of the benchmark's workers: a process with eight slots that walks chunks over the memo, as an evaluation's activity
 * does.
 */
import { z } from 'zod';
import { implement } from '../activities/boundary/implement.ts';
import { createMakeAttempt } from '../activities/boundary/memo.ts';
import { openMemo } from '../src/evaluation/memo/memo.ts';
import { createMemoHost } from '../src/evaluation/memo-host.ts';
import { createSlots } from '../src/evaluation/slots.ts';
import { definePipeline, defineStep, type Plan, stepName } from '../src/index.ts';
import { walk } from '../src/plan/walk.ts';
import { openDatabase } from '../src/store/database.ts';
import { createStore } from '../src/store/store.ts';
import { answerTo, callStep, LAST_STEP, SHARED_STEPS, textOf, VARIANTS } from './support/five-steps.ts';
import { sum } from './support/statistics.ts';

/** Some examples, with some of the variants. */
export interface Chunk {
  readonly evaluation: string;
  readonly from: number;
  readonly to: number;
  readonly variants: readonly number[];
}

/** Chunks are worked on side by side: a number tells which one has ended. */
export interface Assignment extends Chunk {
  readonly number: number;
}

export interface Completed {
  readonly number: number;
  /** Walks that came to the answer that was expected: the benchmark's scorer. */
  readonly answered: number;
  /** Of the process, since it began. */
  readonly cpuMs: number;
}

export const SLOTS = 8;

const Text = z.object({ text: z.string() });
const policy = { attempts: 3, timeout: '10 seconds' } as const;
const timed = (name: string) => defineStep(name, { version: 1, input: Text, output: Text, policy });
type Timed = ReturnType<typeof timed>;
const [enhance, search, fuse, rerank] = SHARED_STEPS.map(timed) as [Timed, Timed, Timed, Timed];
const draft = defineStep(LAST_STEP, {
  version: 1,
  input: Text,
  output: Text,
  config: z.object({ variant: z.number().default(0) }),
  policy,
});
const pipeline = definePipeline('five-steps', Text)
  .step('enhance', enhance, ({ input }) => ({ text: input.text }))
  .step('search', search, ({ enhance }) => ({ text: enhance.text }))
  .step('fuse', fuse, ({ search }) => ({ text: search.text }))
  .step('rerank', rerank, ({ fuse }) => ({ text: fuse.text }))
  .step('draft', draft, ({ rerank }) => ({ text: rerank.text }))
  .output(Text, ({ draft }) => ({ text: draft.text }));

const planOf = (variant: number): Plan =>
  pipeline.variant(`variant-${variant}`, (edit) => edit.configure('draft', { variant })).plan;

async function serve(databaseUrl: string, callsFile: string): Promise<void> {
  const database = openDatabase(databaseUrl);
  const store = createStore(database);
  const slots = createSlots(SLOTS);
  const work = async (call: string, text: string) => ({ text: await callStep(callsFile, call, text) });
  const attempt = createMakeAttempt(store, [
    ...[enhance, search, fuse, rerank].map((step) => implement(step, ({ text }) => work(stepName(step), text))),
    implement(draft, ({ text }, { config }) => work(`${stepName(draft)} ${config.variant}`, text)),
  ]);
  const plans = VARIANTS.map(planOf);

  /** How many of the chunk's walks came to the right answer. */
  async function evaluate({ evaluation, from, to, variants }: Chunk): Promise<number> {
    const memo = await openMemo(store.memo);
    const identify = () => ({ digest: evaluation, snapshot: null });
    const host = createMemoHost({ memo, slots, runId: evaluation, identify, attempt });
    const examples = Array.from({ length: to - from }, (_, n) => from + n);
    const scores = variants.flatMap((variant) =>
      examples.map(async (example) => {
        const { output } = walk(plans[variant]!, { text: textOf(example) }, host.begin().execute);
        return (await output.then(Text.parse, () => undefined))?.text === answerTo(example) ? 1 : 0;
      }),
    );
    const answered = sum(await Promise.all(scores));
    await memo.close();
    return answered;
  }
  await database.query('select 1 as one');
  process.on('message', async ({ number, ...chunk }: Assignment) => {
    const answered = await evaluate(chunk);
    const { user, system } = process.cpuUsage();
    process.send?.({ number, answered, cpuMs: (user + system) / 1_000 } satisfies Completed);
  });
  process.once('disconnect', () => process.exit(0));
  process.send?.('ready');
}

const [databaseUrl, callsFile] = process.argv.slice(2);
if (process.send !== undefined && callsFile !== undefined) await serve(databaseUrl!, callsFile);
