/** The five steps as a pipeline, with what is behind them. */
import { z } from 'zod';
import { type Implemented, implement } from '../../src/boundary/implement.ts';
import { definePipeline, defineStep, stepName } from '../../src/index.ts';
import { callStep, LAST_STEP, SHARED_STEPS } from './five-steps.ts';

export const Text = z.object({ text: z.string() });
export const policy = { attempts: 3, timeout: '10 seconds' } as const;
const timed = (name: string) => defineStep(name, { version: 1, input: Text, output: Text, effect: 'read', policy });
type Timed = ReturnType<typeof timed>;
const [enhance, search, fuse, rerank] = SHARED_STEPS.map(timed) as [Timed, Timed, Timed, Timed];
const draft = defineStep(LAST_STEP, {
  version: 1,
  input: Text,
  output: Text,
  config: z.object({ variant: z.number().default(0) }),
  effect: 'read',
  policy,
});
export const fiveSteps = definePipeline('five-steps', Text)
  .step('enhance', enhance, ({ input }) => ({ text: input.text }))
  .step('search', search, ({ enhance }) => ({ text: enhance.text }))
  .step('fuse', fuse, ({ search }) => ({ text: search.text }))
  .step('rerank', rerank, ({ fuse }) => ({ text: fuse.text }))
  .step('draft', draft, ({ rerank }) => ({ text: rerank.text }))
  .output(Text, ({ draft }) => ({ text: draft.text }));

/** The variants differ in their last step. */
export const variantOf = (variant: number) =>
  fiveSteps.variant(`variant-${variant}`, (edit) => edit.configure('draft', { variant }));

/** Calls are written to the file. */
export function implementSteps(callsFile: string): readonly Implemented[] {
  const work = async (call: string, text: string) => ({ text: await callStep(callsFile, call, text) });
  return [
    ...[enhance, search, fuse, rerank].map((step) => implement(step, ({ text }) => work(stepName(step), text))),
    implement(draft, ({ text }, { config }) => work(`${stepName(draft)} ${config.variant}`, text)),
  ];
}
