/**
 * The smallest data that a JSON Schema allows, for structured replies that no test has written: every property, one item
 * in a list, the first of an enum, `true`, the lowest number, and for texts the question that was asked, so that what
 * searches with such a text finds something.
 */
import type { Json } from '../../src/plan/plan.ts';

export type JsonSchema = { readonly [key: string]: Json };

const mostLevels = 32;

/** @throws Error where the schema is deeper than 32 levels or of a kind that is not known here */
export function dataForSchema(schema: JsonSchema, text: string): Json {
  const build = (part: JsonSchema, level: number): Json => {
    if (level > mostLevels) {
      throw new Error(`the schema has more than ${mostLevels} levels`);
    }
    const inner = (each: Json | undefined) => build(asSchema(each), level + 1);
    if (typeof part.$ref === 'string') {
      return build(resolve(schema, part.$ref), level + 1);
    }
    if (part.const !== undefined) {
      return part.const;
    }
    if (Array.isArray(part.enum)) {
      return part.enum[0] ?? null;
    }
    const choices = part.anyOf ?? part.oneOf ?? part.allOf;
    if (Array.isArray(choices)) {
      return inner(choices.find((each) => asSchema(each).type !== 'null'));
    }
    switch (Array.isArray(part.type) ? part.type[0] : part.type) {
      case 'object':
        return Object.fromEntries(Object.entries(asSchema(part.properties)).map(([key, value]) => [key, inner(value)]));
      case 'array':
        return tupleOf(part)?.map(inner) ?? Array.from({ length: itemCount(part) }, () => inner(part.items));
      case 'string':
        return fitted(text, part);
      case 'boolean':
        return true;
      case 'integer':
      case 'number':
        return lowest(part);
      case 'null':
        return null;
      default:
        throw new Error(`no data can be made for the schema ${JSON.stringify(part)}`);
    }
  };
  return build(schema, 1);
}

function asSchema(value: Json | undefined): JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonSchema) : {};
}

/** `#/$defs/Name` */
function resolve(root: JsonSchema, reference: string): JsonSchema {
  return reference
    .split('/')
    .slice(1)
    .reduce((part, name) => asSchema(part[name]), root);
}

/** The schemas of a list whose items have one each: `prefixItems` since draft 2020-12, `items` before. */
function tupleOf(schema: JsonSchema): readonly Json[] | undefined {
  return [schema.prefixItems, schema.items].find((each): each is readonly Json[] => Array.isArray(each));
}

function itemCount(schema: JsonSchema): number {
  return Math.min(Math.max(numberOr(schema.minItems, 1), 0), numberOr(schema.maxItems, Infinity));
}

function fitted(text: string, schema: JsonSchema): string {
  return text.slice(0, numberOr(schema.maxLength, Infinity)).padEnd(numberOr(schema.minLength, 0), '.');
}

function lowest(schema: JsonSchema): number {
  const above = numberOr(schema.exclusiveMinimum, -Infinity);
  const most = numberOr(schema.maximum, Infinity);
  const least = numberOr(schema.minimum, above === -Infinity ? Math.min(0, most) : above + 1);
  return schema.type === 'integer' ? Math.ceil(least) : least > most ? (above + most) / 2 : least;
}

function numberOr(value: Json | undefined, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise;
}
