/**
 * Which zod schemas a step may use. What a step takes, gives and is configured with travels as JSON through histories,
 * databases and hashes, so a schema must describe JSON and parsing must not change what it says. Everything else is
 * refused at definition, by the name of the offender and the path to it.
 */
import { z } from 'zod';
import { refuse, show } from './refuse.ts';
import { mayBeAbsent } from './shape.ts';

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

/** The ways to write a transform, told apart for the message. */
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
