/** Values as attributes: of a bounded length, and only where content is sent at all. */
import type { Json } from '../../plan/plan.ts';
import type { Shown } from '../trace.ts';
import type { Attributes } from './span-data.ts';

/** Characters of one attribute; receivers refuse requests of some megabytes. */
const CHARACTERS = 32_000;

export function cutText(text: string, most: number = CHARACTERS): string {
  const rest = text.length - most;
  return rest <= 0 ? text : `${text.slice(0, most).toWellFormed()} (and ${rest} characters more)`;
}

export const asJson = (value: unknown): string => cutText(JSON.stringify(value));

/** What a span was given and what it gave, in OpenInference's words; where one is missing, why. */
export function inAndOut({ input, output }: { readonly input: Shown; readonly output: Shown }): Attributes {
  return { ...side('input', input), ...side('output', output) };
}

function side(name: 'input' | 'output', shown: Shown): Attributes {
  if ('missing' in shown) return { [`sluice.${name}.missing`]: shown.missing };
  const { value } = shown;
  const isText = typeof value === 'string';
  return {
    [`${name}.value`]: isText ? cutText(value) : asJson(value),
    [`${name}.mime_type`]: isText ? 'text/plain' : 'application/json',
  };
}

export type JsonObject = { readonly [key: string]: Json };

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const objectsIn = (value: unknown): readonly JsonObject[] =>
  Array.isArray(value) ? value.filter(isObject) : [];

export const textIn = (value: Json | undefined): string | undefined => (typeof value === 'string' ? value : undefined);

export const numberIn = (value: Json | undefined): number | undefined =>
  typeof value === 'number' ? value : undefined;
