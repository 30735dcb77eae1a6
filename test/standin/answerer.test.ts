/** The model that the stand-in plays, and the data that it makes for a schema. */
import { Ajv } from 'ajv';
import { expect, test } from 'vitest';
import { z } from 'zod';
import type { Json } from '../../src/plan/plan.ts';
import { answerFrom, nothingFound, questionOf } from './answerer.ts';
import { dataForSchema, type JsonSchema } from './schema-data.ts';
import type { ChatAsked } from './stand-in.ts';
import { embedText, overlap } from './words.ts';

function asked(...contents: readonly string[]): ChatAsked {
  return {
    route: 'openai/chat',
    model: 'm',
    messages: contents.map((content) => ({ role: 'user', content })),
    schema: null,
    documents: [],
  };
}

test('the answer is the best sentence of the passages, and cites its passage', () => {
  const passages = '[1] Sweeps search. They are set by a file.\n[2] # Runs\nA run is resumed by its id. It may crash.';
  expect(answerFrom(asked(passages, 'How is a run resumed?'))).toBe('A run is resumed by its id. [2]');
  expect(answerFrom(asked(`${passages}\n\nQuestion: which file are they set by?`))).toBe('They are set by a file. [1]');
});

test('the question after the last passage is not taken for a part of it', () => {
  const prompt = '<document id="1">Nothing of use.</document>\n[2] Other words.\n\nHow is a run resumed?';
  expect(answerFrom(asked(prompt))).toBe(nothingFound);
});

test('without passages the question is the answer', () => {
  expect(answerFrom(asked('Rewrite this.\n\nHow do runs resume?'))).toBe('How do runs resume?');
  expect(
    questionOf({
      ...asked('a', 'b'),
      messages: [
        { role: 'user', content: 'q' },
        { role: 'assistant', content: 'a' },
      ],
    }),
  ).toBe('q');
});

test('data made for a schema is valid by it', () => {
  const shape = z.strictObject({
    kind: z.enum(['a', 'b']),
    constant: z.literal('c'),
    short: z.string().max(3),
    long: z.string().min(40),
    list: z.array(z.strictObject({ n: z.int().min(1) })).min(2),
    none: z.array(z.string()).max(0),
    above: z.number().gt(0).max(0.5),
    below: z.int().max(-2),
    pair: z.tuple([z.string(), z.boolean()]),
    maybe: z.string().nullable(),
    either: z.discriminatedUnion('type', [
      z.object({ type: z.literal('x'), value: z.number() }),
      z.object({ type: z.literal('y') }),
    ]),
  });
  const schema = z.toJSONSchema(shape, { target: 'draft-7' }) as JsonSchema;
  const data = dataForSchema(schema, 'the question');
  expect(new Ajv({ strict: false }).validate(schema, data)).toBe(true);
  expect(shape.safeParse(data).error).toBeUndefined();
});

test('references are followed; endless ones are refused', () => {
  const item: Json = { type: 'object', properties: { next: { $ref: '#/$defs/Item' } } };
  expect(() => dataForSchema({ $ref: '#/$defs/Item', $defs: { Item: item } }, 'q')).toThrow('more than 32 levels');
  expect(dataForSchema({ $ref: '#/$defs/Name', $defs: { Name: { type: 'string' } } }, 'q')).toBe('q');
});

test('nearness counts shared words, in other forms too', () => {
  expect(overlap('resuming crashed runs', 'A crashed run can resume')).toBe(1);
  expect(overlap('resuming crashed runs', 'Invoices')).toBe(0);
  expect(Math.hypot(...embedText('one two three', 64))).toBeCloseTo(1, 6);
  expect(embedText('', 8)[0]).toBe(1);
});
