/**
 * The types of wiring: what a wiring function is given and what it may return. Their names and arguments are chosen for
 * how the compiler prints them: a mistake names the node, the key and the reason.
 */
import type { Ref, Value } from './ref.ts';

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
