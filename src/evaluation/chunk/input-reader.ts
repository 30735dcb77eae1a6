/**
 * An example's input as the pipeline reads it. Datasets keep what was written, so defaults of the input's schema are filled
 * in here, as a client does for a run: else what is evaluated would not be what is served.
 */
import { z } from 'zod';
import type { JsonObject } from '../../model/dataset.ts';
import type { Json, Plan } from '../../plan/plan.ts';

/** An input that does not fit the schema is given as it is: the steps say what they miss. */
export function inputReader({ schemas }: Pick<Plan, 'schemas'>): (input: JsonObject) => JsonObject {
  // Without defaults there is nothing to fill in, and the schema need not be understood.
  if (!hasDefault(schemas.input)) return (input) => input;
  const schema = z.fromJSONSchema(schemas.input as Parameters<typeof z.fromJSONSchema>[0]);
  return (input) => {
    const { success, data } = schema.safeParse(input);
    return success ? (data as JsonObject) : input;
  };
}

function hasDefault(schema: Json): boolean {
  if (typeof schema !== 'object' || schema === null) return false;
  if (Array.isArray(schema)) return schema.some(hasDefault);
  return Object.hasOwn(schema, 'default') || Object.values(schema).some(hasDefault);
}
