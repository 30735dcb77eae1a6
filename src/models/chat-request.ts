/**
 * A shape as the JSON Schema that providers take: they know a part of the language, and refuse the rest of it. What is
 * left out here (lengths, patterns, ranges) still holds, since every reply is parsed by the shape itself.
 */

import { countTokens as countCl100k } from 'gpt-tokenizer/encoding/cl100k_base';
import { countTokens as countO200k } from 'gpt-tokenizer/encoding/o200k_base';
import { modelToEncodingMap } from 'gpt-tokenizer/mapping';
import * as knownModels from 'gpt-tokenizer/models';
import { z } from 'zod';
import { StepFailure } from '../boundary/failure.ts';
import type { ModelName } from '../model/provider-call.ts';
import type { ChatDocument, ChatMessage, ChatRequest, Shape, TokenCount } from './providers.ts';

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

// How many tokens a text has for a model: exactly where `gpt-tokenizer` carries the model's own encoding, else an estimate
// that is meant to be too high.
// The estimate was measured with the tokenizers of Command R+, Gemma, Llama 3 and Mistral on 17 kinds of text (English
// documentation, code, JSON, ten writing systems, digits, hex, base64, symbols): none had more than 1.25 × the tokens of
// cl100k_base once each digit counts by itself, as it does for three of the four, except Mistral's on Arabic (1.31). With
// the factor here it is too high by a quarter for English and never too low (`test/providers/parts.test.ts`).

/** A text may hold `<|endoftext|>` and the like: here it is text. */
const AS_TEXT = { disallowedSpecial: new Set<string>() };
const UPPER_FACTOR = 1.35;
/** cl100k_base joins three digits to a token. */
const MORE_PER_DIGIT = 2 / 3;

type Count = (text: string) => number;

/** @returns a function, since which encoding counts is known once the model is */
export function tokenCounter(name: ModelName): (text: string) => TokenCount {
  const count = exactCounter(name);
  if (count) return (text) => ({ tokens: count(text), exact: true });
  return (text) => ({ tokens: estimateTokens(text), exact: false });
}

/** An upper bound of the tokens for any tokenizer. */
export function estimateTokens(text: string): number {
  const digits = text.match(/\p{Nd}/gu)?.length ?? 0;
  return Math.ceil(countCl100k(text, AS_TEXT) * UPPER_FACTOR + digits * MORE_PER_DIGIT);
}

function exactCounter({ provider, model }: ModelName): Count | undefined {
  const o200k: Count = (text) => countO200k(text, AS_TEXT);
  // Nobody pays for local models by the token: any count that is stable will do, and this is the one passages are cut by.
  if (provider === 'local') return o200k;
  if (provider !== 'openai') return undefined;
  const encoding: string | undefined = Object.hasOwn(modelToEncodingMap, model)
    ? modelToEncodingMap[model as keyof typeof modelToEncodingMap]
    : undefined;
  if (encoding === 'cl100k_base') return (text) => countCl100k(text, AS_TEXT);
  if (encoding === 'o200k_base' || encoding === 'o200k_harmony') return o200k;
  // The registry's default for what it lists without an encoding.
  return encoding === undefined && Object.hasOwn(knownModels, model) ? o200k : undefined;
}

/**
 * How documents are placed in a prompt. The author of a document may have written it to be read as an instruction, or as the
 * end of itself and the beginning of another: each stands between marks that its own text cannot contain, since `<` before
 * such a mark's name is written `&lt;` there, and titles and addresses are quoted on one line.
 */
const MARK = /<(?=\s*\/?\s*documents?\b)/gi;
const HEADER_CHARACTERS = 500;

/**
 * The messages with the documents before the last one that the user wrote.
 *
 * @returns the same messages where there are no documents
 */
export function withDocuments({ messages, documents = [] }: ChatRequest): readonly ChatMessage[] {
  if (documents.length === 0) return messages;
  const last = messages.findLastIndex(({ role }) => role === 'user');
  return messages.map((message, place) =>
    place === last ? { ...message, content: `${renderDocuments(documents)}\n\n${message.content}` } : message,
  );
}

export function renderDocuments(documents: readonly ChatDocument[]): string {
  return ['<documents>', ...documents.map(renderDocument), '</documents>'].join('\n');
}

function renderDocument({ n, text, title, url }: ChatDocument): string {
  const header = [
    `n="${n}"`,
    ...(title === undefined ? [] : [`title=${attribute(title)}`]),
    ...(url === undefined ? [] : [`url=${attribute(url)}`]),
  ];
  return `<document ${header.join(' ')}>\n${text.replace(MARK, '&lt;')}\n</document>`;
}

function attribute(value: string): string {
  const line = value
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .slice(0, HEADER_CHARACTERS)
    .toWellFormed();
  return `"${line.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')}"`;
}
