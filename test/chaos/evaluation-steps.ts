/** What the evaluation rows run: steps and scorers that take their time, and whose provider answers 429 to a fifth of calls. */
import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { StepFailure } from '../../src/boundary/failure.ts';
import { type Implemented, implement, type StepContext } from '../../src/boundary/implement.ts';
import {
  type AnyEvaluation,
  defineDataset,
  defineEvaluation,
  definePipeline,
  defineScorer,
  defineStep,
  metric,
} from '../../src/index.ts';
import type { LedgerWriter } from './ledger.ts';

const Text = z.object({ text: z.string() });
const config = z.object({ ms: z.int().default(20), mark: z.string().default('.') });
/** Twenty attempts, each refused with one chance in five: none of 20,000 calls uses them up. */
const policy = {
  attempts: 20,
  timeout: '30 seconds',
  backoff: { first: '20 ms', factor: 1, max: '20 ms' },
} as const;
const REFUSED_SHARE = 0.2;

const say = defineStep('say', { version: 1, input: Text, output: Text, config, effect: 'read', policy });
const grade = defineStep('grade', {
  version: 1,
  input: z.object({ text: z.string(), wanted: z.string() }),
  output: z.object({ score: z.number().min(0).max(1) }),
  config: config.extend({ ms: z.int().default(5) }),
  effect: 'read',
  policy,
});

const speech = definePipeline('speech', Text)
  .step('one', say, ({ input }) => ({ text: input.text }))
  .step('two', say, ({ one }) => ({ text: one.text }))
  .step('last', say, ({ two }) => ({ text: two.text }))
  .output(Text, ({ last }) => ({ text: last.text }));
const texts = defineDataset('texts', { input: Text, expected: Text, source: 'texts.jsonl' });

/** The scorers differ in their config, so that each asks for itself. */
const scorers = ['.', '!', '?', ';'].map((mark, place) =>
  defineScorer(
    `grade-${place}`,
    { pipeline: speech, dataset: texts },
    grade,
    ({ output, expected }) => ({ text: output.text, wanted: expected.text }),
    { judge: false, config: { mark } },
  ),
);

export const VARIANTS = 3;
export const SCORERS = scorers.length;
/** The first two steps are shared by the variants; each has a last step and scorers of its own. */
export const CALLS_PER_EXAMPLE = 2 + VARIANTS + VARIANTS * SCORERS;

export const speeches: AnyEvaluation = defineEvaluation('speeches', {
  pipeline: speech,
  dataset: texts,
  variants: ['!', '?'].map((mark, place) => speech.variant(`v${place}`, (edit) => edit.configure('last', { mark }))),
  scorers,
  metrics: ({ score }) => ({ primary: [metric.mean('grade', score(scorers[0]!).score).increase()] }),
});

/** @param about in every text: what other evaluations have said is remembered, and would not be said again */
export const speechExamples = (count: number, about: string) =>
  Array.from({ length: count }, (_, n) => ({
    id: `e${String(n).padStart(5, '0')}`,
    input: { text: `${about} ${n}` },
    expected: { text: `${about} ${n}...` },
  }));

export function evaluationSteps(ledger: LedgerWriter): readonly Implemented[] {
  return [
    implement(say, async ({ text }, context) => {
      await call(ledger, context);
      return { text: `${text}${context.config.mark}` };
    }),
    implement(grade, async ({ text, wanted }, context) => {
      await call(ledger, context);
      return { score: text === wanted ? 1 : 0.5 };
    }),
  ];
}

/** Refused, or written down and made. */
async function call(ledger: LedgerWriter, context: StepContext<{ readonly ms: number }>): Promise<void> {
  const { idempotencyKey: key, attempt, config, signal } = context;
  if (chance(`${key}/${attempt}`) < REFUSED_SHARE)
    throw new StepFailure('rate_limited', {
      message: '429',
      remedy: 'wait',
      retryable: true,
      retryAfterMs: 20,
      benign: true,
    });
  ledger.note('start', { key, attempt });
  await delay(config.ms, undefined, { signal });
  ledger.note('end', { key, attempt });
}

/** The same in every process, between 0 and 1. */
const chance = (of: string): number => createHash('sha256').update(of).digest().readUInt32BE() / 2 ** 32;
