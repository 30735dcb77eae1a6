/**
 * References: what a wiring function sees instead of values. A ref is an object with a getter per declared field and
 * nothing else, so a misspelt field is `undefined` and not a surprise. Path and schema are kept aside, so that a copy or
 * a spread of a ref is not mistaken for one.
 */
import type { Source } from '../plan/nodes.ts';
import type { Json, Wiring } from '../plan/plan.ts';
import { refuse } from './refuse.ts';
import { fieldsOf, type Schema } from './shape.ts';

declare const VALUE: unique symbol;

/** Stands for a T that exists only when the pipeline runs, so TypeScript code cannot compute with it by accident. */
export interface Value<out T> {
  readonly [VALUE]: T;
}

/**
 * A ref to a T. Objects can be entered field by field; lists, records, scalars and objects that may be absent are
 * passed whole, since what one would find inside might not exist at run time.
 */
export type Ref<T> = [T] extends [object]
  ? [T] extends [readonly unknown[]]
    ? Value<T>
    : string extends keyof T
      ? Value<T>
      : Value<T> & { readonly [Key in keyof T]-?: Ref<T[Key]> }
  : Value<T>;

/** What a ref stands for. */
export interface RefFacts {
  readonly source: Source;
  readonly schema: Schema;
}

const FACTS = new WeakMap<object, RefFacts>();

/** A ref to `source`, whose values `schema` describes. */
export function refTo(schema: Schema, source: Source): object {
  const noValue = () =>
    refuse(
      'ref_computed',
      `'${source.join('.')}' has no value at definition: pass it, do not compute with it`,
      'write a step that computes, and wire the ref into it',
    );
  const ref: object = Object.create(null, {
    [Symbol.toPrimitive]: { value: noValue },
    [Symbol.iterator]: { get: noValue },
  });
  for (const [key, field] of Object.entries(fieldsOf(schema) ?? {}))
    Object.defineProperty(ref, key, { enumerable: true, get: () => refTo(field, [...source, key]) });
  FACTS.set(ref, { source, schema });
  return Object.freeze(ref);
}

/** The facts of a ref; undefined for anything else. */
export function factsOf(value: unknown): RefFacts | undefined {
  return typeof value === 'object' && value !== null ? FACTS.get(value) : undefined;
}

// The types of wiring: what a wiring function is given and what it may return. Their names and arguments are chosen for
// how the compiler prints them: a mistake names the node, the key and the reason.

/** A type that nothing satisfies and whose name is a sentence: the compiler prints it where its own words mislead. */
export interface WiringError<Sentence extends string> {
  readonly wiringError: Sentence;
}

type Scalar = string | number | boolean | null;

/** What may be wired to a T: a ref to one, or a literal whose parts are refs or literals. Never `undefined`. */
export type Wire<T> = Value<T> | Literal<Exclude<T, undefined>>;

type Literal<T> = [T] extends [Scalar]
  ? T
  : T extends readonly (infer Element)[]
    ? readonly Wire<Element>[]
    : { readonly [Key in keyof T]: Wire<T[Key]> };

/**
 * What must be wired to a node, key by key. There is no alternative "a ref to all of T": a ref to an object has a ref
 * per field, so it fits anyway, and without the alternative the compiler names the key that is missing.
 */
export type Inputs<Id extends string, T> = { readonly [Key in keyof T]: Input<Id, Key, T[Key]> };
type Input<_Id extends string, _Key, T> = Wire<T>;

/** The compiler does not look for extra keys in what a function returns; this does. Only objects have keys to look at. */
export type NoExtra<Id extends string, Wired, T> = [T] extends [object]
  ? [T] extends [readonly unknown[]]
    ? unknown
    : string extends keyof T
      ? unknown
      : [Exclude<keyof Wired & string, keyof T>] extends [never]
        ? unknown
        : WiringError<`'${Id}' has no input '${Exclude<keyof Wired & string, keyof T>}'`>
  : unknown;

/** What a wiring function receives: a ref per visible node, `input`, and `Extra`: a loop's `carry` or a map's `item`. */
export type Scope<Input, Visible, Extra> = { readonly input: Ref<Input> } & {
  readonly [Id in keyof Visible]: Ref<Visible[Id]>;
} & Extra;

/** What a source becomes; `undefined` when it is an optional value that nobody wired. */
export type Replace = (source: Source) => Wiring | undefined;

/**
 * The wiring with every source replaced. Where nothing is wired to an optional value, its key is left out, as it would be
 * at run time.
 */
export function replaceSources(wiring: Wiring, by: Replace, at: string): Wiring {
  return (
    replaceOrLeaveOut(wiring, by, at) ??
    refuse('wired_undefined', `${at} is wired to an optional value that is never there`, 'wire something else')
  );
}

function replaceOrLeaveOut(wiring: Wiring, by: Replace, at: string): Wiring | undefined {
  if ('$from' in wiring) return by(wiring.$from);
  if ('$list' in wiring) {
    const parts = wiring.$list.map((part) => replaceSources(part, by, at));
    return parts.every(isConstant) ? { $value: parts.map((part) => part.$value) } : { $list: parts };
  }
  if ('$object' in wiring) {
    const entries = Object.entries(wiring.$object).flatMap(([key, part]) => {
      const replaced = replaceOrLeaveOut(part, by, at);
      return replaced ? [[key, replaced] as const] : [];
    });
    const values = entries.flatMap(([key, part]) => (isConstant(part) ? [[key, part.$value] as const] : []));
    if (values.length === entries.length) return { $value: Object.fromEntries(values) };
    return { $object: Object.fromEntries(entries) };
  }
  return wiring;
}

/** The wiring of a field within something wired; `undefined` when nothing is wired there. */
export function within(wiring: Wiring, fields: readonly string[]): Wiring | undefined {
  const [field, ...rest] = fields;
  if (field === undefined) return wiring;
  if ('$from' in wiring) return { $from: [...wiring.$from, ...fields] };
  if ('$object' in wiring) {
    const inner = Object.hasOwn(wiring.$object, field) ? wiring.$object[field] : undefined;
    return inner && within(inner, rest);
  }
  if ('$list' in wiring) return undefined;
  const value = fieldOf(wiring.$value, field);
  return value === undefined ? undefined : within({ $value: value }, rest);
}

function fieldOf(value: Json, field: string): Json | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.hasOwn(value, field) ? (value as { readonly [key: string]: Json })[field] : undefined;
}

export function isConstant(wiring: Wiring): wiring is { readonly $value: Json } {
  return '$value' in wiring;
}
