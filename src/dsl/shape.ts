/**
 * What is inside a zod schema, as far as wiring asks: an object's fields, a list's element, whether it is a condition.
 * Wrappers that always have a value inside (`.default()`, `.readonly()` ...) are looked through; those that may not
 * (`.optional()`, `.nullable()`) are not, so what may be absent stays opaque, as it is in the types of refs.
 */
import { z } from 'zod';

/** Any zod schema, by its core type: that zod's rich types are equal costs the compiler 70 k instantiations per comparison. */
export type Schema = z.core.$ZodType;

export interface Fields {
  readonly [key: string]: Schema;
}

/** The fields of a schema that is surely an object with declared fields; otherwise undefined. */
export function fieldsOf(schema: Schema): Fields | undefined {
  const inner = unwrap(schema);
  const { def } = inner._zod;
  if (def.type === 'object')
    return def.catchall && def.catchall._zod.def.type !== 'never' ? undefined : asFields(def.shape);
  if (def.type !== 'intersection') return undefined;
  const [left, right] = [fieldsOf(def.left), fieldsOf(def.right)];
  return left && right && { ...left, ...right };
}

/** The element of a schema that is surely a list; otherwise undefined. */
export function elementOf(schema: Schema): Schema | undefined {
  const { def } = unwrap(schema)._zod;
  if (def.type === 'array') return def.element;
  if (def.type !== 'tuple') return undefined;
  return z.union([...def.items, ...(def.rest ? [def.rest] : [])]);
}

/** What a literal's part at `key` must be, where the schema says so: a field, an element, a record's value. */
export function partOf(schema: Schema | undefined, key: string | number): Schema | undefined {
  if (schema === undefined) return undefined;
  const { def } = unwrap(present(schema))._zod;
  if (typeof key === 'string') return def.type === 'record' ? def.valueType : fieldsOf(present(schema))?.[key];
  if (def.type === 'tuple') return def.items[key] ?? def.rest ?? undefined;
  return def.type === 'array' ? def.element : undefined;
}

/** The schema of a value that is there: without `.optional()` and `.nullable()`. */
export function present(schema: Schema): Schema {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  return def.type === 'optional' || def.type === 'nullable' ? present(def.innerType) : schema;
}

/** Whether every value of the schema is true or false. */
export function isBoolean(schema: Schema): boolean {
  const { def } = unwrap(schema)._zod;
  if (def.type === 'boolean') return true;
  if (def.type === 'literal') return def.values.every((value) => typeof value === 'boolean');
  return def.type === 'union' && def.options.every(isBoolean);
}

/** Whether every value of the schema is a text. */
export function isText(schema: Schema): boolean {
  const { def } = unwrap(schema)._zod;
  if (def.type === 'string' || def.type === 'template_literal') return true;
  return def.type === 'union' ? def.options.every(isText) : choicesOf(schema) !== undefined;
}

/** What is declared at the end of a path of fields; undefined where one of them is not. */
export function fieldAt(schema: Schema | undefined, path: readonly string[]): Schema | undefined {
  let inner = schema;
  for (const field of path) inner = inner && fieldsOf(inner)?.[field];
  return inner;
}

/** Between which numbers every value of the schema is, where all are numbers; infinite where it says nothing. */
export function rangeOf(schema: Schema): readonly [least: number, most: number] | undefined {
  const known = unwrap(schema);
  const { def } = known._zod;
  if (def.type === 'number') return boundsOf(known);
  const values = def.type === 'literal' ? def.values : undefined;
  if (values?.every((value) => typeof value === 'number')) return [Math.min(...values), Math.max(...values)];
  if (def.type !== 'union') return undefined;
  const ranges = def.options.map(rangeOf).filter((range) => range !== undefined);
  if (ranges.length < def.options.length) return undefined;
  return [Math.min(...ranges.map(([least]) => least)), Math.max(...ranges.map(([, most]) => most))];
}

/** A whole number is bounded by what JavaScript can count to, which nobody means. */
function boundsOf(schema: Schema): readonly [least: number, most: number] {
  // Without metadata: a schema that has an id would be a reference to itself.
  const json = z.toJSONSchema(schema, { metadata: z.registry<Record<string, never>>() });
  const least = Number(json.minimum ?? json.exclusiveMinimum ?? -Infinity);
  const most = Number(json.maximum ?? json.exclusiveMaximum ?? Infinity);
  return [least <= Number.MIN_SAFE_INTEGER ? -Infinity : least, most >= Number.MAX_SAFE_INTEGER ? Infinity : most];
}

/** The texts that are all a schema allows, as an enum's; undefined where it allows something else. */
export function choicesOf(schema: Schema): readonly string[] | undefined {
  const { def } = unwrap(schema)._zod;
  const values = def.type === 'enum' ? Object.values(def.entries) : def.type === 'literal' ? def.values : [];
  return values.length > 0 && values.every((value) => typeof value === 'string') ? values : undefined;
}

/** Whether a field may be left out of what the schema gives. */
export function mayBeAbsent(schema: Schema): boolean {
  return schema._zod.optout === 'optional';
}

function unwrap(schema: Schema): z.core.$ZodTypes {
  const known = schema as z.core.$ZodTypes;
  const { def } = known._zod;
  switch (def.type) {
    case 'default':
    case 'prefault':
    case 'readonly':
    case 'nonoptional':
    case 'catch':
      return unwrap(def.type === 'nonoptional' ? present(def.innerType) : def.innerType);
    case 'lazy':
      return unwrap(def.getter());
    case 'pipe':
      return unwrap(def.out);
    default:
      return known;
  }
}

function asFields(shape: z.core.$ZodShape): Fields {
  return shape as unknown as Fields;
}
