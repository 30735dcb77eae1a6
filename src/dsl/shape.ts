/**
 * What is inside a zod schema, as far as wiring asks: an object's fields, a list's element, whether it is a condition.
 * Wrappers that always have a value inside (`.default()`, `.readonly()` ...) are looked through; those that may not
 * (`.optional()`, `.nullable()`) are not, so what may be absent stays opaque, as it is in the types of refs.
 */
import { z } from 'zod';
import { findJsonFault, freezeJson } from '../plan/json.ts';
import type { Json } from '../plan/plan.ts';
import { LIMITS } from '../plan/plan-limits.ts';
import { checkKeys, refuse, show } from './refuse.ts';

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

// Which zod schemas a step may use. What a step takes, gives and is configured with travels as JSON through histories,
// databases and hashes, so a schema must describe JSON and parsing must not change what it says. Everything else is
// refused at definition, by the name of the offender and the path to it.

/** Why each kind is no description of JSON data. */
const REFUSED: { readonly [type: string]: string } = {
  any: 'it checks nothing',
  unknown: 'it checks nothing',
  custom: 'it says nothing about JSON',
  file: 'JSON has no files',
  promise: 'JSON has no promises',
  function: 'JSON has no functions',
  transform: 'a value would change each time it is parsed',
  date: 'JSON has no dates: use z.iso.datetime()',
  map: 'JSON has no maps: use z.record()',
  set: 'JSON has no sets: use z.array()',
  bigint: 'JSON has no big integers: use z.string() or z.int()',
  symbol: 'JSON has no symbols',
  undefined: 'JSON has no undefined: use .optional() on the field',
  void: 'JSON has no undefined: use .optional() on the field',
  nan: 'JSON has no NaN',
  success: 'a value would change each time it is parsed',
};

/**
 * Refuses a schema that is no object of JSON-faithful fields.
 *
 * @throws DefinitionError `schema_not_json`, naming the path and the kind refused there.
 */
export function checkFaithful(schema: unknown, at: string): asserts schema is z.ZodObject {
  if (!(schema instanceof z.ZodObject))
    refuse('schema_not_object', `${at} is no z.object({ ... })`, 'wrap it: z.object({ value: ... })');
  checkValue(schema, at);
}

/** As `checkFaithful`, for what an arm or a map's body yields: any JSON, but surely something. */
export function checkYieldFaithful(schema: unknown, at: string): asserts schema is z.core.$ZodType {
  if (!(schema instanceof z.core.$ZodType)) refuse('schema_unknown', `${at} is ${show(schema)}`, 'give a zod schema');
  if (mayBeAbsent(schema)) refuse('schema_not_json', `${at} is optional, but a yield has a value`, 'use .nullable()');
  checkValue(schema, at);
}

function checkValue(schema: z.core.$ZodType, at: string): void {
  visit(schema, at, new Set());
  try {
    z.toJSONSchema(schema);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    refuse('schema_not_json', `${at} cannot be written as JSON Schema: ${reason}`, 'use schemas that describe JSON');
  }
}

/** Walks every nested schema once; a schema that contains itself (by a getter or z.lazy) ends where it began. */
function visit(schema: z.core.$ZodType, at: string, seen: Set<z.core.$ZodType>): void {
  if (seen.has(schema)) return;
  seen.add(schema);
  refuseKind(schema, at);
  for (const [where, inner, canBeAbsent] of partsOf(schema as z.core.$ZodTypes)) {
    if (!canBeAbsent && mayBeAbsent(inner))
      refuse(
        'schema_not_json',
        `${at}${where} is optional, but only a field can be left out of JSON`,
        'use .nullable() there',
      );
    visit(inner, `${at}${where}`, seen);
  }
}

function refuseKind(schema: z.core.$ZodType, at: string): void {
  const { def } = schema._zod;
  const kind = kindOf(def);
  const reason = REFUSED[kind] ?? CHANGING[kind];
  if (reason) refuse('schema_not_json', `${at} uses z.${kind}: ${reason}`, 'describe plain JSON there', { kind, at });
}

/** The ways to write a transform, distinguished for the message. */
const CHANGING: { readonly [kind: string]: string } = {
  preprocess: 'a value would change each time it is parsed',
  codec: 'a value would change each time it is parsed',
  coerce: 'it would accept what its JSON Schema refuses',
};

function kindOf(def: z.core.$ZodTypeDef): string {
  if ('coerce' in def && def.coerce) return 'coerce';
  if (def.type !== 'pipe') return def.type;
  const pipe = def as z.core.$ZodPipeDef;
  if (pipe.in._zod.def.type === 'transform') return 'preprocess';
  if (pipe.transform ?? pipe.reverseTransform) return 'codec';
  return pipe.out._zod.def.type === 'transform' ? 'transform' : 'pipe';
}

type SchemaPart = readonly [where: string, schema: z.core.$ZodType, canBeAbsent: boolean];

/** The schemas directly inside one, each with its place in a path and whether JSON lets it be absent there. */
function partsOf(schema: z.core.$ZodTypes): readonly SchemaPart[] {
  const { def } = schema._zod;
  switch (def.type) {
    case 'object':
      return [
        ...Object.entries(def.shape).map(([key, field]): SchemaPart => [fieldPath(key), field, true]),
        ...(def.catchall ? [['[other keys]', def.catchall, true] as const] : []),
      ];
    case 'array':
      return [['[]', def.element, false]];
    case 'record':
      return [
        ['[key]', def.keyType, false],
        ['[]', def.valueType, false],
      ];
    case 'tuple':
      return [
        ...def.items.map((item, index): SchemaPart => [`[${index}]`, item, true]),
        ...(def.rest ? [['[]', def.rest, false] as const] : []),
      ];
    case 'union':
      return def.options.map((option, index): SchemaPart => [`|${index}`, option, true]);
    case 'intersection':
      return [
        ['', def.left, true],
        ['', def.right, true],
      ];
    case 'pipe':
      return [
        ['', def.in, true],
        ['', def.out, true],
      ];
    case 'lazy':
      return [['', def.getter(), true]];
    case 'optional':
    case 'nullable':
    case 'default':
    case 'prefault':
    case 'nonoptional':
    case 'readonly':
    case 'catch':
      return [['', def.innerType, true]];
    default:
      return [];
  }
}

/** Field names that plans give a meaning of their own. */
function fieldPath(key: string): string {
  if (key === '__proto__' || key === '$config')
    refuse('schema_not_json', `a field is named '${key}'`, 'choose another name for the field');
  return `.${key}`;
}

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
