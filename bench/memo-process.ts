/**
 * One of the benchmark's workers: a process with eight slots that walks chunks over the memo, as an evaluation's activity
 * does.
 */

import { createMakeAttempt, createSlots } from '../src/evaluation/attempts.ts';
import { openMemo } from '../src/evaluation/memo/memo.ts';
import { createMemoHost } from '../src/evaluation/memo-host.ts';
import { walk } from '../src/plan/walk.ts';
import { openDatabase } from '../src/store/database.ts';
import { createStore } from '../src/store/store.ts';
import { implementSteps, Text, variantOf } from './support/five-pipeline.ts';
import { answerTo, textOf, VARIANTS } from './support/five-steps.ts';
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

async function serve(databaseUrl: string, callsFile: string): Promise<void> {
  const database = openDatabase(databaseUrl);
  const store = createStore(database);
  const slots = createSlots(SLOTS);
  const attempt = createMakeAttempt(store, implementSteps(callsFile));
  const plans = VARIANTS.map((variant) => variantOf(variant).plan);

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
