/** A pipeline whose first step fails once, and whose second asks a model. */
import { z } from 'zod';
import { StepFailure } from '../../src/boundary/failure.ts';
import { implement } from '../../src/boundary/implement.ts';
import type { MakeImplementations } from '../../src/host/attach.ts';
import { definePipeline, defineStep } from '../../src/index.ts';
import { callOf } from '../../src/steps/model-input.ts';

const Question = z.object({ question: z.string() });
const Text = z.object({ text: z.string() });
const policy = {
  attempts: 3,
  timeout: '20 seconds',
  heartbeat: '5 seconds',
  backoff: { first: '10 ms', factor: 1, max: '10 ms' },
} as const;

const tidy = defineStep('tidy', { version: 2, input: Question, output: Question, effect: 'read', policy });
const answer = defineStep('answer', { version: 1, input: Question, output: Text, effect: 'read', policy });

export const traced = definePipeline('traced', Question)
  .step('asked', tidy, ({ input }) => ({ question: input.question }))
  .step('answer', answer, ({ asked }) => ({ question: asked.question }))
  .output(Text, ({ answer }) => ({ text: answer.text }));

export const tracedSteps: MakeImplementations = ({ providers }) => [
  implement(tidy, ({ question }, { attempt }) => {
    if (attempt > 1) return { question: question.trim() };
    throw new StepFailure('untidy', { message: 'not this time', remedy: 'again', retryable: true, data: { room: 7 } });
  }),
  implement(answer, async ({ question }, context) => {
    const messages = [
      { role: 'system', content: 'Be short.' },
      { role: 'user', content: question },
    ] as const;
    const model = providers.languageModel('openai/gpt-5-mini');
    const { text } = await model.writeText({ messages, maxOutputTokens: 100 }, callOf(context));
    return { text };
  }),
];
