/** The five steps as an evaluation: what its workers implement, and what is asked of them. */
import { z } from 'zod';
import { type Implemented, implement } from '../../src/boundary/implement.ts';
import { defineDataset, defineEvaluation, defineScorer, defineStep, metric } from '../../src/index.ts';
import type { Example } from '../../src/model/dataset.ts';
import { fiveSteps, implementSteps, policy, Text, variantOf } from './five-pipeline.ts';
import { answerTo, textOf, VARIANTS } from './five-steps.ts';

const compare = defineStep('compare', {
  version: 1,
  input: z.object({ answer: z.string(), wanted: z.string() }),
  output: z.object({ exact: z.boolean() }),
  effect: 'none',
  policy,
});

const dataset = defineDataset('numbers', { input: Text, expected: Text, source: 'numbers.jsonl' });
const exact = defineScorer('exact', { pipeline: fiveSteps, dataset }, compare, ({ output, expected }) => ({
  answer: output.text,
  wanted: expected.text,
}));

export const fiveEvaluation = defineEvaluation('five', {
  pipeline: fiveSteps,
  dataset,
  variants: VARIANTS.slice(1).map(variantOf),
  scorers: [exact],
  metrics: ({ score }) => ({ primary: [metric.rate('exact', score(exact).exact).increase()] }),
});

/** The scorer's calls take no time, and are not written to the file. */
export const implementFive = (callsFile: string): readonly Implemented[] => [
  ...implementSteps(callsFile),
  implement(compare, ({ answer, wanted }) => ({ exact: answer === wanted })),
];

/** @param from the first number: what another evaluation has asked of one is remembered, and would not be asked again */
export const examplesOf = (count: number, from: number): readonly Example[] =>
  Array.from({ length: count }, (_, n) => ({
    id: `e${String(n).padStart(6, '0')}`,
    input: { text: textOf(from + n) },
    expected: { text: answerTo(from + n) },
  }));
