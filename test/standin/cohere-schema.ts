/**
 * What Cohere asks of the JSON Schema of a `json_object`: an object at the root with at least one required property, and
 * none of the keywords it does not support. https://docs.cohere.com/docs/structured-outputs, "Unsupported schema
 * features": composition but `anyOf`, ranges of numbers, lengths of lists and texts.
 */
import type { Json } from '../../src/plan/plan.ts';
import type { JsonSchema } from './schema-data.ts';

const refusedKeywords = [
  'allOf',
  'oneOf',
  'not',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minItems',
  'maxItems',
  'prefixItems',
  'minLength',
  'maxLength',
  'uniqueItems',
];

/** What is wrong with the schema; null where nothing is. */
export function cohereSchemaFault(schema: JsonSchema): string | null {
  if (schema.type !== 'object') {
    return "the top level of 'json_schema' must be of type 'object'";
  }
  if (!Array.isArray(schema.required) || schema.required.length === 0) {
    return "'json_schema' must have at least one required field at its top level";
  }
  return unsupported(schema);
}

function unsupported(part: Json | undefined): string | null {
  if (Array.isArray(part)) {
    return part.map(unsupported).find((each) => each !== null) ?? null;
  }
  if (typeof part !== 'object' || part === null) {
    return null;
  }
  const schema = part as JsonSchema;
  const keyword = refusedKeywords.find((each) => schema[each] !== undefined);
  if (keyword !== undefined) {
    return `'json_schema' has the unsupported keyword '${keyword}'`;
  }
  const children: readonly (Json | undefined)[] = [
    ...Object.values((schema.properties ?? {}) as JsonSchema),
    ...Object.values((schema.$defs ?? {}) as JsonSchema),
    schema.items,
    schema.anyOf,
  ];
  return children.map(unsupported).find((each) => each !== null) ?? null;
}
