/**
 * Literals in a definition: configs, constants in wirings, first carries, stand-in values. They go into the plan, so they
 * must be JSON of a bounded size, hold what their schema asks and nothing else.
 */
import { z } from 'zod';
import { findJsonFault, freezeJson } from '../plan/json.ts';
import type { Json } from '../plan/plan.ts';
import { LIMITS } from '../plan/plan-limits.ts';
import { checkKeys, refuse } from './refuse.ts';
import { fieldsOf, partOf, present, type Schema } from './shape.ts';

/**
 * A frozen copy of a value as JSON.
 *
 * @throws DefinitionError `literal_not_json` or `limit_exceeded`, naming the path within `at`.
 */
export function toJson(value: unknown, at: string): Json {
  const fault = findJsonFault(value);
  if (fault)
    refuse('literal_not_json', `${at}${pathText(fault.path)} ${fault.message}`, 'write plain JSON there', { at });
  const text = JSON.stringify(value);
  if (text.length > LIMITS.literalCharacters)
    refuse(
      'limit_exceeded',
      `${at} is ${text.length} characters long as JSON`,
      `use at most ${LIMITS.literalCharacters}; larger data belongs in an index`,
    );
  return freezeJson(JSON.parse(text) as Json);
}

/** The value as its schema reads it, defaults filled in; refused in zod's words when it does not fit. */
export function parseLiteral(schema: Schema, value: unknown, at: string): Json {
  const parsed = z.safeParse(schema, value);
  if (!parsed.success)
    return refuse('literal_invalid', `${at}: ${z.prettifyError(parsed.error)}`, 'give a value that fits the schema', {
      at,
    });
  return toJson(parsed.data, at);
}

/** Refuses a key that the schema does not declare, at any depth: zod would drop it in silence. */
export function checkKnownKeys(value: unknown, schema: Schema | undefined, at: string): void {
  if (schema === undefined || typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    for (const [index, part] of value.entries()) checkKnownKeys(part, partOf(schema, index), `${at}[${index}]`);
    return;
  }
  const fields = fieldsOf(present(schema));
  if (fields) checkKeys(value, Object.keys(fields), at);
  for (const [key, part] of Object.entries(value)) checkKnownKeys(part, partOf(schema, key), `${at}, '${key}'`);
}

function pathText(path: readonly (string | number)[]): string {
  return path.map((key) => (typeof key === 'number' ? `[${key}]` : `, '${key}'`)).join('');
}
