import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defineHumanScorer, definePairScorer, definePipeline, defineStep } from '../../src/index.ts';
import { helpful, preferred } from './evaluated.ts';
import { keywordSearch, Passages, Question, supportBot } from './example.ts';

const on = { pipeline: supportBot };
const policy = { attempts: 1, timeout: '1 second' } as const;

describe('a pair', () => {
  test('reads two runs, told apart, and shares the example', () => {
    expect(preferred.spec).toMatchObject({
      kind: 'pair',
      call: { step: 'judgePair@1', config: { model: 'local/words' } },
      fields: { win: { better: 'higher', format: 'share', worst: 0, best: 1 } },
      input: {
        $object: {
          question: { $from: ['input', 'question'] },
          first: { $from: ['first', 'output', 'text'] },
          second: { $from: ['second', 'output', 'text'] },
        },
      },
    });
  });

  test('what a used pipeline wires is of its side, and what it only passes on of both', () => {
    const echo = definePipeline('echo', z.object({ about: z.string() }))
      .step('hits', keywordSearch, ({ input }) => ({ query: input.about }))
      .output(
        z.object({ about: z.string(), fixed: z.string(), passages: Passages.shape.passages }),
        ({ input, hits }) => ({
          about: input.about,
          fixed: 'same',
          passages: hits.passages,
        }),
      );
    const pipeline = definePipeline('p', Question)
      .use('heard', echo, ({ input }) => ({ about: input.question }))
      .output(Passages, ({ heard }) => ({ passages: heard.passages }));
    const compare = defineStep('compare', {
      version: 1,
      input: z.object({
        about: z.string(),
        fixed: z.string(),
        one: Passages.shape.passages,
        other: Passages.shape.passages,
      }),
      output: z.object({ winner: z.enum(['first', 'second']) }),
      effect: 'read',
      policy,
    });
    const { spec } = definePairScorer(
      's',
      { pipeline },
      compare,
      ({ first, second }) => ({
        about: first.heard.about,
        fixed: second.heard.fixed,
        one: first.heard.passages,
        other: second.heard.passages,
      }),
      { judge: true },
    );
    expect(spec.input).toEqual({
      $object: {
        about: { $from: ['input', 'question'] },
        fixed: { $value: 'same' },
        one: { $from: ['first', 'heard/hits', 'passages'] },
        other: { $from: ['second', 'heard/hits', 'passages'] },
      },
    });
  });

  test('needs a winner that is named as the sides are', () => {
    for (const winner of [
      z.string(),
      z.enum(['a', 'b']),
      z.enum(['first', 'second', 'draw']),
      z.enum(['first']).optional(),
    ]) {
      const step = defineStep('s', {
        version: 1,
        input: z.object({}),
        output: z.object({ winner }),
        effect: 'read',
        policy,
      });
      expect(() => definePairScorer('s', on, step as never, (() => ({})) as never, { judge: true })).toThrow(
        "has no 'winner' that is",
      );
    }
  });
});

describe('people', () => {
  test('are asked what the rubric asks, about what they are shown', () => {
    expect(helpful).toMatchObject({ kind: 'human', step: undefined, pipelineId: 'support-bot' });
    expect(helpful.rubric?.question).toBe('Would this answer have helped the person who asked?');
    expect(Object.keys(helpful.rubric!.fields.shape)).toEqual(['solved', 'clarity', 'tone']);
    expect(helpful.spec).toMatchObject({
      call: null,
      policy: null,
      fields: {
        solved: { better: 'higher', format: 'share', worst: 0, best: 1 },
        clarity: { better: 'higher', format: 'number', worst: 1, best: 5 },
      },
      input: {
        $object: {
          question: { $from: ['input', 'question'] },
          answer: { $from: ['output', 'text'] },
          pages: { $list: [{ $from: ['ranked', 'passages'] }] },
        },
      },
    });
  });

  test('which way is up can be said of what they fill in', () => {
    const rubric = {
      question: 'Is it wrong?',
      fields: z.object({ wrong: z.boolean() }),
      scores: { wrong: { better: 'lower' } },
    } as const;
    const { spec } = defineHumanScorer('right', on, rubric, ({ output }) => ({ answer: output.text }));
    expect(spec.fields).toEqual({ wrong: { better: 'lower', format: 'share', worst: 1, best: 0 } });
  });

  test.each<[string, z.ZodType]>([
    ['text', z.string()],
    ['a number without bounds', z.number().min(0)],
    ['what may be left out', z.boolean().optional()],
    ['a list', z.array(z.boolean())],
  ])('are not asked for %s', (_what, field) => {
    const rubric = { question: 'Good?', fields: z.object({ field }) };
    expect(() => defineHumanScorer('s', on, rubric, ({ output }) => ({ answer: output.text }))).toThrow(
      "scorer 's': rubric: people cannot fill in 'field'",
    );
  });

  test('need a question of at most 2,000 characters', () => {
    for (const question of ['', ' ', 'x'.repeat(2_001), 3 as never]) {
      const rubric = { question, fields: z.object({ good: z.boolean() }) };
      expect(() => defineHumanScorer('s', on, rubric, ({ output }) => ({ answer: output.text }))).toThrow(
        'question is',
      );
    }
  });
});
