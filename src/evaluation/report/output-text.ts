/** Inputs and outputs, which have whatever shape a pipeline gives them, as text that a person reads and that can be compared. */

import type { JsonObject } from '../../model/dataset.ts';
import type { Json } from '../../plan/plan.ts';
import { REPORT_LIMITS } from './limits.ts';

/** Fields that hold what is asked or answered, where an object has them; else its first text. */
const ASKED = ['question', 'query', 'text', 'prompt'];
const ANSWERED = ['text', 'answer', 'output'];

/** What an example asks, on one line, cut. */
export function questionOf(input: JsonObject): string {
  const main = mainField(input, ASKED);
  const text = main === undefined ? JSON.stringify(input) : (input[main] as string);
  return cut(text.replace(/\s+/gu, ' ').trim(), REPORT_LIMITS.questionLength);
}

/** What a run gave: its text first, then each other field on a line of its own. */
export function outputText(output: Json): string {
  return cut(wholeText(output, ANSWERED), REPORT_LIMITS.outputLength);
}

/** What a scorer says besides its scores. */
export const remarkText = (detail: JsonObject): string =>
  cut(wholeText(detail, ['reason']), REPORT_LIMITS.outputLength);

function wholeText(value: Json, fields: readonly string[]): string {
  if (value === null) return '';
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || Array.isArray(value)) return JSON.stringify(value);
  const object = value as JsonObject;
  const main = mainField(object, fields);
  const others = Object.entries(object)
    .filter(([field]) => field !== main)
    .map(([field, other]) => `${field}: ${typeof other === 'string' ? other : JSON.stringify(other)}`);
  return [...(main === undefined ? [] : [object[main] as string]), others.join('\n')].filter(Boolean).join('\n\n');
}

function mainField(object: JsonObject, preferred: readonly string[]): string | undefined {
  const isText = (field: string): boolean => typeof object[field] === 'string';
  return preferred.find(isText) ?? Object.keys(object).find(isText);
}

/** At most so many characters, the last of them an ellipsis; no character is halved. */
export function cut(text: string, length: number): string {
  if (text.length <= length) return text.toWellFormed();
  const kept = text.slice(0, length - 1);
  const last = kept.charCodeAt(kept.length - 1);
  return `${last >= 0xd800 && last <= 0xdbff ? kept.slice(0, -1) : kept}…`.toWellFormed();
}
