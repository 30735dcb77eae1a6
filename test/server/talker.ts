/** A pipeline that can be talked to: it says again what it was told, with where it read it, or fails where it is told to. */
import { z } from 'zod';
import { StepFailure } from '../../src/boundary/failure.ts';
import { implement } from '../../src/boundary/implement.ts';
import { type ChatRequest, definePipeline, defineStep } from '../../src/index.ts';

const Told = z.object({
  question: z.string().min(1).max(20_000),
  before: z.array(z.string()),
  user: z.string().optional(),
});
const Said = z.object({ text: z.string(), citations: z.array(z.string()) });

const reply = defineStep('reply', {
  version: 1,
  input: Told,
  output: Said,
  effect: 'read',
  policy: { attempts: 1, timeout: '10 seconds' },
});

export const FAILS = 'fail!';
/** What it answers. */
export const answerTo = (question: string, before: readonly string[] = []) =>
  [...before, question].map((line) => `You said: ${line}`).join('\n');

const chat = ({ messages, user }: ChatRequest) => ({
  question: messages.at(-1)?.content ?? '',
  before: messages.slice(0, -1).map(({ role, content }) => `${role}: ${content}`),
  ...(user !== undefined && { user }),
});

export const talker = definePipeline('docs-bot', Told, { chat })
  .step('reply', reply, ({ input }) => ({ question: input.question, before: input.before, user: input.user }))
  .output(Said, ({ reply }) => ({ text: reply.text, citations: reply.citations }));
export const patient = talker.variant('patient', (edit) => edit.options('reply', { timeout: '20 seconds' }));
/** The same, that nobody can talk to. */
export const mute = definePipeline('mute', Told)
  .step('reply', reply, ({ input }) => ({ question: input.question, before: input.before }))
  .output(Said, ({ reply }) => ({ text: reply.text, citations: reply.citations }));

export const talkerSteps = [
  implement(reply, ({ question, before }) => {
    if (question === FAILS)
      throw new StepFailure('cut', { message: 'the reply broke off', remedy: 'ask again', retryable: false });
    return { text: answerTo(question, before), citations: ['page-1'] };
  }),
];
