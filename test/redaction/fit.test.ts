import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { readConfig } from '../../src/config/config.ts';
import type { Json } from '../../src/plan/plan.ts';
import { fitToSchema } from '../../src/redaction/fit.ts';
import { createRedaction } from '../../src/redaction/redaction.ts';

const { redaction: rules } = readConfig({ SLUICE_REDACT: 'email', SLUICE_REDACT_FIELDS: 'age,kind,link' });
const { json } = createRedaction(rules);
const fitted = (schema: z.ZodType, given: Json) => fitToSchema(schema, given, json(given), "the output of 'draft'");

describe('what was redacted fits its schema', () => {
  test.each<[string, z.ZodType, Json, Json]>([
    ['as it is', z.object({ to: z.string() }), { to: 'a@b.co' }, { to: '[redacted:email]' }],
    ['cut to its limit', z.object({ to: z.string().max(8) }), { to: 'a@b.co' }, { to: '[redacte' }],
    ['an address', z.object({ to: z.email() }), { to: 'a@b.co' }, { to: 'redacted@redacted.invalid' }],
    ['a link', z.object({ link: z.url() }), { link: 'https://a.b/' }, { link: 'https://redacted.invalid/' }],
    ['a number as null', z.object({ age: z.number().nullable() }), { age: 7 }, { age: null }],
    ['a number as a text', z.object({ age: z.union([z.number(), z.string()]) }), { age: 7 }, { age: '[redacted]' }],
  ])('%s', (_, schema, given, expected) => {
    expect(fitted(schema, given)).toEqual(expected);
    expect(fitted(schema, expected)).toEqual(expected);
  });

  test.each<[string, z.ZodType, Json, string]>([
    ['a number that must be one', z.object({ age: z.number() }), { age: 7 }, 'age'],
    [
      'one of a few words',
      z.object({ of: z.array(z.object({ kind: z.enum(['a', 'b']) })) }),
      { of: [{ kind: 'a' }] },
      'of.0.kind',
    ],
  ])('or is refused by name: %s', (_, schema, given, field) => {
    expect(() => fitted(schema, given)).toThrow(
      expect.objectContaining({
        code: 'redaction_unfit',
        data: { field },
        message: expect.stringContaining("'draft'"),
      }),
    );
  });

  test('what did not fit before is left to whoever checks it', () => {
    expect(fitted(z.object({ to: z.number() }), { to: 'x' })).toEqual({ to: 'x' });
  });
});
