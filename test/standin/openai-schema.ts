/**
 * What OpenAI asks of a JSON Schema with `strict: true`: the root is an object, every object closes itself with
 * `additionalProperties: false` and requires all its properties, and some keywords are not allowed.
 * https://platform.openai.com/docs/guides/structured-outputs#supported-schemas
 */
import type { Json } from '../../src/plan/plan.ts';
import type { JsonSchema } from './schema-data.ts';

const refusedKeywords = [
  'allOf',
  'oneOf',
  'not',
  'dependentRequired',
  'dependentSchemas',
  'if',
  'then',
  'else',
  'default',
];

/** What is wrong with a strict schema, in OpenAI's words; null where nothing is. */
export function strictSchemaFault(name: string, schema: JsonSchema): string | null {
  const wrong =
    schema.type === 'object'
      ? faultIn(schema, [])
      : `schema must be a JSON Schema of 'type: "object"', got 'type: "${String(schema.type)}"'`;
  return wrong === null ? null : `Invalid schema for response_format '${name}': ${wrong}.`;
}

function faultIn(schema: Json | undefined, path: readonly string[]): string | null {
  if (typeof schema !== 'object' || schema === null) {
    return null;
  }
  if (Array.isArray(schema)) {
    return firstFault(schema.map((each, index) => [each, [...path, String(index)]]));
  }
  const part = schema as JsonSchema;
  const context = `In context=(${path.map((each) => `'${each}'`).join(', ')}${path.length === 1 ? ',' : ''})`;
  const keyword = refusedKeywords.find((each) => part[each] !== undefined);
  if (keyword !== undefined) {
    return `${context}, '${keyword}' is not permitted`;
  }
  if (part.type === 'object') {
    const names = Object.keys((part.properties ?? {}) as JsonSchema);
    const required = Array.isArray(part.required) ? part.required : [];
    const missing = names.find((each) => !required.includes(each));
    if (part.additionalProperties !== false) {
      return `${context}, 'additionalProperties' is required to be supplied and to be false`;
    }
    if (missing !== undefined) {
      return `${context}, 'required' is required to be supplied and to be an array including every key in properties. Missing '${missing}'`;
    }
  }
  const named = [part.properties, part.$defs].flatMap((group, index) =>
    Object.entries((group ?? {}) as JsonSchema).map(
      ([key, value]) => [value, [...path, index === 0 ? 'properties' : '$defs', key]] as const,
    ),
  );
  return firstFault([...named, [part.items, [...path, 'items']], [part.anyOf, [...path, 'anyOf']]]);
}

function firstFault(parts: readonly (readonly [Json | undefined, readonly string[]])[]): string | null {
  for (const [part, path] of parts) {
    const fault = faultIn(part, path);
    if (fault !== null) {
      return fault;
    }
  }
  return null;
}
