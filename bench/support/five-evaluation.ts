/** The five steps as an evaluation: what its workers implement, and what is asked of them. */
import { z } from 'zod';
import { type Implemented, implement } from '../../activities/boundary/implement.ts';
import type { Example } from '../../src/evaluation/dataset.ts';
import {
  defineDataset,
  defineEvaluation,
  definePipeline,
  defineScorer,
  defineStep,
  metric,
  stepName,
} from '../../src/index.ts';
import { answerTo, callStep, LAST_STEP, SHARED_STEPS, textOf, VARIANTS } from './five-steps.ts';

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
const compare = defineStep('compare', {
  version: 1,
  input: z.object({ answer: z.string(), wanted: z.string() }),
  output: z.object({ exact: z.boolean() }),
  effect: 'none',
  policy,
});

const fiveSteps = definePipeline('five-steps', Text)
  .step('enhance', enhance, ({ input }) => ({ text: input.text }))
  .step('search', search, ({ enhance }) => ({ text: enhance.text }))
  .step('fuse', fuse, ({ search }) => ({ text: search.text }))
  .step('rerank', rerank, ({ fuse }) => ({ text: fuse.text }))
  .step('draft', draft, ({ rerank }) => ({ text: rerank.text }))
  .output(Text, ({ draft }) => ({ text: draft.text }));

const dataset = defineDataset('numbers', { input: Text, expected: Text, source: 'numbers.jsonl' });
const exact = defineScorer('exact', { pipeline: fiveSteps, dataset }, compare, ({ output, expected }) => ({
  answer: output.text,
  wanted: expected.text,
}));

export const fiveEvaluation = defineEvaluation('five', {
  pipeline: fiveSteps,
  dataset,
  variants: VARIANTS.slice(1).map((variant) =>
    fiveSteps.variant(`variant-${variant}`, (edit) => edit.configure('draft', { variant })),
  ),
  scorers: [exact],
  metrics: ({ score }) => ({ primary: [metric.rate('exact', score(exact).exact).increase()] }),
});

/** Calls of the steps that take time are written to the file; the scorer's take none, and are not. */
export function implementFive(callsFile: string): readonly Implemented[] {
  const work = async (call: string, text: string) => ({ text: await callStep(callsFile, call, text) });
  return [
    ...[enhance, search, fuse, rerank].map((step) => implement(step, ({ text }) => work(stepName(step), text))),
    implement(draft, ({ text }, { config }) => work(`${stepName(draft)} ${config.variant}`, text)),
    implement(compare, ({ answer, wanted }) => ({ exact: answer === wanted })),
  ];
}

/** @param from the first number: what another evaluation has asked of one is remembered, and would not be asked again */
export const examplesOf = (count: number, from: number): readonly Example[] =>
  Array.from({ length: count }, (_, n) => ({
    id: `e${String(n).padStart(6, '0')}`,
    input: { text: textOf(from + n) },
    expected: { text: answerTo(from + n) },
  }));
