import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type ChatRequest, definePipeline } from '../../src/index.ts';
import { planId } from '../../src/plan/id.ts';
import { decline } from './example.ts';

const Asked = z.object({ question: z.string(), tone: z.enum(['kind', 'short']).default('kind') });
const chat = ({ messages }: ChatRequest) => ({ question: messages.at(-1)!.content });

const chain = (begun: ReturnType<typeof definePipeline<'talker', typeof Asked, { question: string }>>) =>
  begun
    .step('said', decline, ({ input }) => ({ question: input.question, related: [] }))
    .output(z.object({ text: z.string() }), ({ said }) => ({ text: said.text }));

const silent = chain(definePipeline('talker', Asked));
const talking = chain(definePipeline('talker', Asked, { chat }));

describe('chat', () => {
  test('is kept on the pipeline, and is no part of its plan', () => {
    expect(talking.chat).toBe(chat);
    expect(planId(talking.plan)).toBe(planId(silent.plan));
    expect(JSON.stringify(talking.plan)).toBe(JSON.stringify(silent.plan));
    expect('chat' in silent).toBe(false);
  });

  test('is that of every variant, and of variants of variants', () => {
    const patient = talking.variant('patient', (edit) => edit.options('said', { attempts: 5 }));
    const both = patient.variant('both', (edit) => edit);
    expect([patient.chat, both.chat]).toEqual([chat, chat]);
    expect('chat' in silent.variant('patient', (edit) => edit)).toBe(false);
  });

  test('may leave out what the schema has a default for', () => {
    const made = talking.chat!({ messages: [{ role: 'user', content: 'Why?' }], user: undefined });
    expect(Asked.parse(made)).toEqual({ question: 'Why?', tone: 'kind' });
  });

  test('is not taken over by a pipeline that uses the one that declares it', () => {
    const outer = definePipeline('outer', Asked)
      .use('inner', talking, ({ input }) => ({ question: input.question, tone: input.tone }))
      .output(z.object({ text: z.string() }), ({ inner }) => ({ text: inner.text }));
    expect('chat' in outer).toBe(false);
  });
});
