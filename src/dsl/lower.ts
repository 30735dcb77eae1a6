/**
 * Lowering: what a wiring function returned becomes the plan's wiring, part by part. What the types refuse is refused
 * here again in the same words, at every depth and also for callers without types: extra keys, missing keys, and
 * `undefined`, which is how a misspelt field shows itself.
 */
import type { z } from 'zod';
import { suggest } from '../base/nearest.ts';
import { type Source, sourcesOf } from '../plan/nodes.ts';
import type { Wiring } from '../plan/plan.ts';
import { LIMITS } from '../plan/plan-limits.ts';
import type { Draft, WiringFunction } from './draft.ts';
import { factsOf, isConstant, refTo, replaceSources, within } from './ref.ts';
import { refuse, show } from './refuse.ts';
import {
  type Fields,
  fieldsOf,
  isBoolean,
  mayBeAbsent,
  parseLiteral,
  partOf,
  present,
  type Schema,
  toJson,
} from './shape.ts';

/**
 * Lowers a value made of refs and literals.
 *
 * @param schema what is asked there, as far as it is known
 * @param at where it is, for messages: `node 'ranked', 'passages'`
 */
export function lower(wired: unknown, schema: Schema | undefined, at: string): Wiring {
  const facts = factsOf(wired);
  const offered = facts && fieldsOf(facts.schema);
  if (offered && schema) checkFields(presentFields(offered), schema, at);
  return checked(lowerPart({ wired, schema, at, depth: 0 }), schema, at);
}

/** As `lower`, for a node's whole input, which is always an object: of literals and refs, or a ref that has fields. */
export function lowerInput(wired: unknown, schema: z.ZodObject, at: string): Wiring {
  const facts = factsOf(wired);
  const hasFields = facts ? fieldsOf(facts.schema) !== undefined : isPlainObject(wired);
  if (!hasFields)
    refuse(
      'input_not_object',
      `${at} is wired to ${facts ? `'${facts.source.join('.')}', which has no fields` : show(wired)}`,
      'return an object from the wiring function: ({ input }) => ({ key: input.field })',
    );
  return lower(wired, schema, at);
}

interface Part {
  readonly wired: unknown;
  readonly schema: Schema | undefined;
  readonly at: string;
  readonly depth: number;
}

function lowerPart(part: Part): Wiring {
  const { wired, at, depth } = part;
  if (depth > LIMITS.literalDepth)
    refuse('limit_exceeded', `${at} is nested more than ${LIMITS.literalDepth} levels deep`, 'write flatter data');
  if (wired === undefined)
    refuse('wired_undefined', `${at} is undefined`, 'is a field misspelt? leave out what is not there');
  const facts = factsOf(wired);
  if (facts) return { $from: facts.source };
  if (Array.isArray(wired)) return lowerList(wired, part);
  return isPlainObject(wired) ? lowerObject(wired, part) : { $value: toJson(wired, at) };
}

function lowerList(wired: readonly unknown[], { schema, at, depth }: Part): Wiring {
  const parts = Array.from(wired, (inner, index): Part => {
    return { wired: inner, schema: partOf(schema, index), at: `${at}[${index}]`, depth: depth + 1 };
  });
  const lowered = parts.map(lowerPart);
  if (lowered.every(isConstant)) return { $value: lowered.map((wiring) => wiring.$value) };
  return { $list: lowered.map((wiring, index) => checked(wiring, parts[index]!.schema, parts[index]!.at)) };
}

function lowerObject(wired: PlainObject, { schema, at, depth }: Part): Wiring {
  if (schema) checkFields(wired, schema, at);
  const entries = Object.entries(wired).map(([key, inner]) => {
    const part: Part = { wired: inner, schema: partOf(schema, key), at: `${at}, '${key}'`, depth: depth + 1 };
    return { key, part, wiring: lowerPart(part) };
  });
  if (entries.every((entry) => isConstant(entry.wiring))) return { $value: toJson(wired, at) };
  return {
    $object: Object.fromEntries(
      entries.map(({ key, part, wiring }) => [key, checked(wiring, part.schema, part.at)] as const),
    ),
  };
}

/** Each largest part that is all literal is held against its schema once, as a whole. */
function checked(wiring: Wiring, schema: Schema | undefined, at: string): Wiring {
  if (isConstant(wiring) && schema) parseLiteral(schema, wiring.$value, at);
  return wiring;
}

/** Refuses keys that are not asked, and asks for those that are not there. */
function checkFields(given: object, schema: Schema, at: string): void {
  const fields = fieldsOf(present(schema));
  if (!fields) return;
  const asked = Object.keys(fields);
  for (const key of Object.keys(given))
    if (!Object.hasOwn(fields, key))
      refuse('wired_extra', `${at} has no input '${key}'`, suggest(key, asked, 'it takes none: return {}'), { key });
  for (const key of asked)
    if (!mayBeAbsent(fields[key]!) && !Object.hasOwn(given, key))
      refuse('wired_missing', `${at} is not wired to supply '${key}'`, `wire '${key}' to a ref or a literal`, { key });
}

/** The fields that are surely there at run time: an optional one cannot supply what must be there. */
function presentFields(offered: Fields): Fields {
  return Object.fromEntries(Object.entries(offered).filter(([, field]) => !mayBeAbsent(field)));
}

type PlainObject = Readonly<Record<string, unknown>>;

function isPlainObject(value: unknown): value is PlainObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Calls a wiring function on the draft's scope. */
export function wire(draft: Draft, wiring: WiringFunction, at: string): unknown {
  return callWiring({ ...draft.locals, ...refsTo(draft.outputs) }, wiring, at);
}

/** A ref per visible node, by its id; `head` is written before it. */
export function refsTo(outputs: Draft['outputs'], ...head: readonly string[]): { readonly [id: string]: object } {
  const refs = Object.entries(outputs).map(
    ([id, schema]) => [id, refTo(schema, [...head, id] as unknown as Source)] as const,
  );
  return Object.fromEntries(refs);
}

/** Calls a wiring function on these refs, once. */
export function callWiring(scope: { readonly [word: string]: object }, wiring: WiringFunction, at: string): unknown {
  if (typeof wiring !== 'function')
    refuse('wiring_not_function', `${at} is wired by ${show(wiring)}`, 'give a function: ({ input }) => ({ ... })');
  try {
    return wiring(scope as never);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return refuse(
      'wiring_failed',
      `${at} cannot be wired: ${error.message}`,
      `in scope are ${Object.keys(scope).join(', ')}`,
    );
  }
}

/** A wiring function lowered to what `schema` asks of a node's whole input. */
export function lowerObjectIn(draft: Draft, wiring: WiringFunction, schema: z.ZodObject, at: string): Wiring {
  return resolveAliases(draft, lowerInput(wire(draft, wiring, at), schema, at), at);
}

/** As `lowerObjectIn`, for a value of any schema: what an arm or a map's body yields. */
export function lowerValueIn(draft: Draft, wiring: WiringFunction, schema: Schema, at: string): Wiring {
  return resolveAliases(draft, lower(wire(draft, wiring, at), schema, at), at);
}

/** A condition: a ref to a boolean, never a computation. */
export function lowerCondition(draft: Draft, wiring: WiringFunction, at: string): Wiring {
  const condition = wire(draft, wiring, at);
  const facts = factsOf(condition);
  if (!facts || !isBoolean(facts.schema))
    return refuse(
      'condition_not_boolean',
      `${at} is no ref to a boolean`,
      'let a step put the boolean into its output, and return a ref to it',
    );
  return resolveAliases(draft, { $from: facts.source }, at);
}

/**
 * Refs to a used pipeline become refs to what it wires to its output, so that it is no barrier. Other refs stay, if this
 * place can see them: one kept from another wiring function may point to what is not there yet.
 */
export function resolveAliases(draft: Draft, wiring: Wiring, at: string): Wiring {
  const visible = new Set([...Object.keys(draft.outputs), ...Object.values(draft.locals).map(headOf)]);
  for (const source of sourcesOf(wiring))
    if (!visible.has(source[0]))
      refuse(
        'ref_elsewhere',
        `${at} is wired to '${source.join('.')}', which it cannot see`,
        'use only the refs that the wiring function is given',
      );
  if (draft.aliases.size === 0) return wiring;
  return replaceSources(
    wiring,
    ([head, ...fields]) => {
      const alias = draft.aliases.get(head);
      return alias ? within(alias, fields) : { $from: [head, ...fields] };
    },
    at,
  );
}

function headOf(ref: object): string {
  return factsOf(ref)!.source[0];
}
