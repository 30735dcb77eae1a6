/**
 * References: what a wiring function sees instead of values. A ref is an object with a getter per declared field and
 * nothing else, so a misspelt field is `undefined` and not a surprise. Path and schema are kept aside, so that a copy or
 * a spread of a ref is not mistaken for one.
 */
import type { Source } from '../plan/nodes.ts';
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
