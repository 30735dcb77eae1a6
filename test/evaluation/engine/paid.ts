/**
 * An evaluation that costs money: a step that both variants share, a draft that they do not, and two judges, all served. Each
 * call costs a cent, and may cost no more.
 */
import { z } from 'zod';
import { type Implemented, implement } from '../../../src/boundary/implement.ts';
import { type SpecChanges, specOf } from '../../../src/evaluation/spec-of.ts';
import {
  defineDataset,
  defineEvaluation,
  definePairScorer,
  definePipeline,
  defineScorer,
  defineStep,
  metric,
} from '../../../src/index.ts';
import type { Example } from '../../../src/model/dataset.ts';
import type { CallPolicy } from '../../../src/plan/plan.ts';
import { createScoringSteps } from '../../../src/steps/implementations.ts';
import { callOf } from '../../../src/steps/model-input.ts';
import { judgeAnswer, judgePair } from '../../../src/steps/scoring-steps.ts';
import type { Asked, Place } from './world.ts';

const MODEL = 'openai/gpt-5-mini';
export const TOKENS = 100;
export const CENT = 0.01;
export const SETTINGS = { SLUICE_PRICES: `${MODEL}:input=0,output=100`, SLUICE_EVAL_CONCURRENCY: '20' };
export const PRICES = { 'gpt-5-mini': { inputPerMillion: 0, outputPerMillion: 100 } };

const Question = z.object({ question: z.string() });
const Text = z.object({ text: z.string() });
/** What an attempt may take, but for waiting. */
export const TIMEOUT_MS = 5_000;
const say = defineStep('say', {
  version: 1,
  input: Text,
  output: Text,
  config: z.object({ style: z.string() }),
  effect: 'read',
  policy: { attempts: 4, timeout: `${TIMEOUT_MS} ms`, backoff: { first: '1 ms', factor: 1, max: '1 ms' } },
});

const asking = definePipeline('asking', Question)
  .step('shared', say, ({ input }) => ({ text: input.question }), { style: 'search' })
  .step('draft', say, ({ shared }) => ({ text: shared.text }), { style: 'short' })
  .output(Text, ({ draft }) => ({ text: draft.text }));
const expected = z.object({ answer: z.string() });
const dataset = defineDataset('asked', { input: Question, expected, source: 'asked.jsonl' });
const on = { pipeline: asking, dataset };
const judged = defineScorer(
  'judged',
  on,
  judgeAnswer,
  ({ input, output, expected }) => ({ question: input.question, answer: output.text, expected: expected.answer }),
  { judge: true, config: { model: MODEL, maxOutputTokens: TOKENS } },
);
const preferred = definePairScorer(
  'preferred',
  on,
  judgePair,
  ({ input, first, second, expected }) => ({
    ...{ question: input.question, first: first.output.text, second: second.output.text },
    expected: expected.answer,
  }),
  { judge: true, config: { model: MODEL, maxOutputTokens: TOKENS } },
);
const paid = defineEvaluation('paid', {
  ...on,
  variants: [asking.variant('long', (edit) => edit.configure('draft', { style: 'long' }))],
  scorers: [judged, preferred],
  metrics: ({ score }) => ({ primary: [metric.rate('correct', score(judged).correct).increase()] }),
});

/** Calls of one example: the shared step, two drafts, two verdicts, and the pair in both orders. */
export const CALLS_PER_EXAMPLE = 7;

export function implementPaid({ providers }: Pick<Place, 'providers'>): readonly Implemented[] {
  const textSearch = { embed: () => Promise.reject(new Error('nothing is embedded')) };
  const saying = implement(say, async ({ text }, context) => {
    const messages = [{ role: 'user' as const, content: `${context.config.style}: ${text}` }];
    const reply = await providers
      .languageModel(MODEL)
      .writeText({ messages, maxOutputTokens: TOKENS }, callOf(context));
    return { text: reply.text };
  });
  return [saying, ...createScoringSteps({ providers, textSearch })];
}

/** Judges that do not wait between their attempts. */
const hurried = (policy: CallPolicy | null): CallPolicy | null =>
  policy && { ...policy, backoff: { firstMs: 1, factor: 1, maxMs: 1 } };

let questions = 0;

/** On so many examples that nobody has asked about. */
export async function askPaid({ store }: Place, count: number, changes: SpecChanges = {}): Promise<Asked> {
  const examples = Array.from({ length: count }, (_, n): Example => {
    questions += 1;
    return { id: `q${n}`, input: { question: `Question ${questions}?` }, expected: { answer: 'Yes.' } };
  });
  const { version } = await store.datasets.put('asked', examples, 'test').then((put) => put.version);
  const asked = await specOf({ definition: paid, version, count: async () => count, changes });
  const scorers = asked.spec.scorers.map((scorer) => ({ ...scorer, policy: hurried(scorer.policy) }));
  return { plans: asked.plans, spec: { ...asked.spec, definition: null, scorers } };
}
