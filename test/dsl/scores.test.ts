import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defineScorer, defineStep } from '../../src/index.ts';
import { short } from './evaluated.ts';
import { supportBot } from './example.ts';

/** The scores of a scorer whose step gives these fields. */
function fieldsOf(fields: z.ZodRawShape, scores?: object) {
  const step = defineStep('gives', {
    version: 1,
    input: z.object({ text: z.string() }),
    output: z.object(fields),
    effect: 'read',
    policy: { attempts: 1, timeout: '1 second' },
  });
  const scorer = defineScorer('s', { pipeline: supportBot }, step, ({ output }) => ({ text: output.text }), {
    judge: true,
    scores,
  } as never);
  return scorer.spec.fields;
}

describe('scores', () => {
  test.each<[string, z.ZodType, object | undefined, object]>([
    ['a boolean', z.boolean(), undefined, { better: 'higher', format: 'share', worst: 0, best: 1 }],
    [
      'a boolean that is bad',
      z.boolean(),
      { better: 'lower' },
      { better: 'lower', format: 'share', worst: 1, best: 0 },
    ],
    [
      'a share',
      z.number().min(0).max(1),
      { format: 'share' },
      { better: 'higher', format: 'share', worst: 0, best: 1 },
    ],
    ['a scale', z.int().min(1).max(5), undefined, { better: 'higher', format: 'number', worst: 1, best: 5 }],
    [
      'an open interval',
      z.number().gt(0).lt(10),
      undefined,
      { better: 'higher', format: 'number', worst: 0, best: 10 },
    ],
    ['grades', z.literal([0, 0.5, 1]), { better: 'lower' }, { better: 'lower', format: 'number', worst: 1, best: 0 }],
    [
      'a union',
      z.union([z.literal(-1), z.number().min(0).max(2)]),
      {},
      { better: 'higher', format: 'number', worst: -1, best: 2 },
    ],
    ['a default', z.number().min(0).max(3).default(1), {}, { better: 'higher', format: 'number', worst: 0, best: 3 }],
    [
      'a named schema',
      z.number().min(0).max(2).meta({ id: 'two' }),
      {},
      { better: 'higher', format: 'number', worst: 0, best: 2 },
    ],
    [
      'a count',
      z.int().min(0),
      { better: 'lower', worst: 50 },
      { better: 'lower', format: 'number', worst: 50, best: 0 },
    ],
    [
      'money',
      z.number(),
      { better: 'lower', worst: 9, best: null, format: 'usd' },
      { better: 'lower', format: 'usd', worst: 9, best: null },
    ],
  ])('%s', (_what, schema, settings, field) => {
    expect(fieldsOf({ s: schema }, settings && { s: settings })).toEqual({ s: field });
  });

  test('what is no number and no boolean, or may be absent, or is called a detail, is none', () => {
    const fields = {
      good: z.boolean(),
      why: z.string(),
      maybe: z.boolean().optional(),
      nil: z.number().nullable(),
      n: z.int(),
    };
    expect(Object.keys(fieldsOf(fields, { n: 'detail' }))).toEqual(['good']);
    expect(() => fieldsOf({ good: z.boolean(), why: z.string() }, { why: {} })).toThrow("scores has no 'why'");
    expect(Object.keys(short.spec.fields)).toEqual(['words']);
  });

  test.each<[object, string]>([
    [{ better: 'more' }, "better is 'more'"],
    [{ format: 'percent' }, "format is 'percent'"],
    [{ worst: Number.NaN }, 'worst is NaN'],
    [{ best: '1' }, "best is '1'"],
    [{ worst: 1 }, 'worst is 1 and best is 1, where higher is better'],
    [{ lowest: 1 }, "has no 'lowest'"],
  ])('%j is refused', (settings, message) => {
    expect(() => fieldsOf({ s: z.boolean() }, { s: settings })).toThrow(`scorer 's': score 's'`);
    expect(() => fieldsOf({ s: z.boolean() }, { s: settings })).toThrow(message);
  });

  test('there are at most 20 of them', () => {
    const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`s${n}`, z.boolean()]));
    expect(Object.keys(fieldsOf(many(20)))).toHaveLength(20);
    expect(() => fieldsOf(many(21))).toThrow("scorer 's' gives 21 scores");
  });
});
