/**
 * A shape as the JSON Schema that providers take: they know a part of the language, and refuse the rest of it. What is
 * left out here (lengths, patterns, ranges) still holds, since every reply is parsed by the shape itself.
 */
import { z } from 'zod';
import { StepFailure } from '../boundary/failure.ts';
import type { Shape } from './language-model.ts';

export type JsonSchema = { readonly [key: string]: unknown };

/** What both providers know of every schema. */
const KEPT = new Set([
  'type',
  'properties',
  'required',
  'additionalProperties',
  'items',
  'enum',
  'const',
  'anyOf',
  '$ref',
  '$defs',
  'description',
  'title',
]);
/** OpenAI also holds replies to these. */
const OPENAI_KEEPS = ['minItems', 'maxItems', 'minimum', 'maximum', 'pattern'];

const NAME = /^[\w-]{1,64}$/;

/** @throws StepFailure `request_invalid` for a shape that no provider can be held to */
export function strictSchema({ name, schema }: Shape<unknown>, provider: 'openai' | 'cohere'): JsonSchema {
  if (!NAME.test(name)) throw unfit(name, 'its name is not of letters, digits, _ and -');
  const kept = provider === 'openai' ? new Set([...KEPT, ...OPENAI_KEEPS]) : KEPT;
  const whole = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  if (whole.type !== 'object') throw unfit(name, 'it is not an object');
  const strict = simplified(whole, kept, name);
  // Cohere's requests have no place for a name but this.
  return provider === 'cohere' ? { ...strict, title: name } : strict;
}

function simplified(schema: JsonSchema, kept: ReadonlySet<string>, name: string): JsonSchema {
  const part = (value: unknown): unknown =>
    Array.isArray(value) ? value.map(part) : isSchema(value) ? simplified(value, kept, name) : value;
  const named = (value: unknown) =>
    Object.fromEntries(Object.entries(value as JsonSchema).map(([key, each]) => [key, part(each)]));
  const entries = Object.entries({ ...schema, ...(schema.oneOf !== undefined && { anyOf: schema.oneOf }) })
    .filter(([key]) => kept.has(key))
    .map(([key, value]) => {
      if (key === 'properties' || key === '$defs') return [key, named(value)];
      if (key === 'items' || key === 'anyOf') return [key, part(value)];
      return [key, value];
    });
  const simple: JsonSchema = Object.fromEntries(entries);
  return schema.type === 'object' ? closed(simple, name) : simple;
}

/** With strict schemas a field is there or null; one that may be left out cannot be said. */
function closed(schema: JsonSchema, name: string): JsonSchema {
  const { properties = {}, required = [] } = schema as { properties?: JsonSchema; required?: readonly string[] };
  const optional = Object.keys(properties).find((key) => !required.includes(key));
  if (optional !== undefined) throw unfit(name, `'${optional}' may be left out: let it be null instead`);
  if (isSchema(schema.additionalProperties)) throw unfit(name, 'it has keys of any name: use a list of pairs');
  return { ...schema, properties, required, additionalProperties: false };
}

const isSchema = (value: unknown): value is JsonSchema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const unfit = (name: string, why: string): StepFailure =>
  new StepFailure('request_invalid', {
    message: `the shape '${name.slice(0, 100)}' cannot be asked of a model: ${why}`,
    remedy: 'correct the shape that the step asks for',
    retryable: false,
  });
