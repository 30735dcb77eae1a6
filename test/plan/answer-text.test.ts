import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type AnyPipeline, definePipeline, defineStep } from '../../src/index.ts';
import { answerText, textIn } from '../../src/plan/answer-text.ts';
import { docsBot } from './example.ts';

const Text = z.object({ text: z.string(), isGood: z.boolean() });
const write = defineStep('write', {
  version: 1,
  input: z.object({ text: z.string() }),
  output: Text,
  effect: 'read',
  policy: { attempts: 1, timeout: '1 second' },
});
const Input = z.object({ text: z.string() });
const first = () => definePipeline('p', Input).step('first', write, ({ input }) => ({ text: input.text }));

const told = (pipeline: AnyPipeline) => {
  const answer = answerText(pipeline.plan);
  return answer && { field: answer.field, nodes: [...answer.nodes] };
};

describe('whose text the answer is', () => {
  test('of one step, by the name `text`, as the only string, or as part of the whole output', () => {
    const Both = z.object({ title: z.string(), text: z.string() });
    const both = first().step('second', write, ({ first }) => ({ text: first.text }));
    expect(told(both.output(Both, ({ first, second }) => ({ title: first.text, text: second.text })))).toEqual({
      field: 'text',
      nodes: ['second'],
    });
    const Only = z.object({ reply: z.string(), isGood: z.boolean() });
    expect(told(first().output(Only, ({ first }) => ({ reply: first.text, isGood: first.isGood })))).toEqual({
      field: 'reply',
      nodes: ['first'],
    });
    expect(told(first().output(Text, ({ first }) => first))).toEqual({ field: 'text', nodes: ['first'] });
  });

  test('through loops, and both ways of a branch', () => {
    const looped = first().repeat(
      'loop',
      { max: 2, carry: Input, start: { text: '' }, whenExhausted: 'keep-last' },
      (round) =>
        round
          .step('draft', write, ({ carry }) => ({ text: carry.text }))
          .until(
            ({ draft }) => draft.isGood,
            ({ draft }) => ({ text: draft.text }),
          ),
    );
    expect(told(looped.output(Input, ({ loop }) => ({ text: loop.draft.text })))).toEqual({
      field: 'text',
      nodes: ['draft'],
    });
    const branched = looped.branch(
      'reply',
      Input,
      ({ first }) => first.isGood,
      (arm) => arm.yield(({ loop }) => ({ text: loop.draft.text })),
      (arm) =>
        arm
          .step('refusal', write, ({ input }) => ({ text: input.text }))
          .yield(({ refusal }) => ({ text: refusal.text })),
    );
    expect(told(branched.output(Input, ({ reply }) => ({ text: reply.text })))).toEqual({
      field: 'text',
      nodes: ['draft', 'refusal'],
    });
    const fixed = first().branch(
      'reply',
      Input,
      ({ first }) => first.isGood,
      (arm) => arm.yield(({ first }) => ({ text: first.text })),
      (arm) => arm.yield(() => ({ text: 'sorry' })),
    );
    expect(told(fixed.output(Input, ({ reply }) => ({ text: reply.text })))).toEqual({
      field: 'text',
      nodes: ['first'],
    });
  });

  test('of the example pipeline', () => {
    expect([...(answerText(docsBot)?.nodes ?? [])]).toEqual(['draft', 'related/hits']);
  });

  test('cannot be told of several texts, of a list, or where no step writes it', () => {
    const Two = z.object({ one: z.string(), other: z.string() });
    expect(told(first().output(Two, ({ first }) => ({ one: first.text, other: first.text })))).toBeUndefined();
    const List = z.object({ lines: z.array(z.string()) });
    expect(told(first().output(List, ({ first }) => ({ lines: [first.text] })))).toBeUndefined();
    expect(told(first().output(Input, ({ input }) => ({ text: input.text })))).toBeUndefined();
  });

  test('is read from an output', () => {
    expect(textIn({ text: 'x' }, 'text')).toBe('x');
    for (const output of [{ text: 7 }, null, 'x', {}, ['x']]) expect(textIn(output, 'text')).toBeUndefined();
  });
});
