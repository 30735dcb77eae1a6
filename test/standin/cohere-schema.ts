/**
 * What Cohere asks of the JSON Schema of a `json_object`: the root is an object, every object has a required property,
 * and none of the features it does not support is used. https://docs.cohere.com/docs/structured-outputs, "Schema
 * constraints" and "Unsupported schema features". (A `z.int()` has a minimum and a maximum.)
 */
import type { Json } from '../../src/plan/plan.ts';
import type { JsonSchema } from './schema-data.ts';

const refusedKeywords = [
  ...['allOf', 'oneOf', 'not'],
  ...['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'],
  ...['minItems', 'maxItems', 'uniqueItems'],
  ...['minLength', 'maxLength'],
];

const formats = ['date-time', 'uuid', 'date', 'time'];

/** What is wrong with the schema; null where nothing is. */
export function cohereSchemaFault(schema: JsonSchema): string | null {
  return schema.type === 'object' ? faultIn(schema) : "the top level of 'json_schema' must be of type 'object'";
}

function faultIn(part: Json | undefined): string | null {
  if (Array.isArray(part)) {
    return firstFault(part);
  }
  if (typeof part !== 'object' || part === null) {
    return null;
  }
  const schema = part as JsonSchema;
  const keyword = refusedKeywords.find((each) => schema[each] !== undefined);
  if (keyword !== undefined) {
    return `'json_schema' has the unsupported keyword '${keyword}'`;
  }
  if (schema.type === 'object' && !(Array.isArray(schema.required) && schema.required.length > 0)) {
    return "every object in 'json_schema' must have at least one required field";
  }
  if (typeof schema.pattern === 'string' && /[\^$]|\?[=!]/.test(schema.pattern)) {
    return `'json_schema' has the unsupported pattern '${schema.pattern}'`;
  }
  if (typeof schema.format === 'string' && !formats.includes(schema.format)) {
    return `'json_schema' has the unsupported format '${schema.format}'`;
  }
  return firstFault([
    ...Object.values((schema.properties ?? {}) as JsonSchema),
    ...Object.values((schema.$defs ?? {}) as JsonSchema),
    schema.items,
    schema.anyOf,
  ]);
}

function firstFault(parts: readonly (Json | undefined)[]): string | null {
  return parts.map(faultIn).find((fault) => fault !== null) ?? null;
}
