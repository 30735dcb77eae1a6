/**
 * Fields whose values are removed whatever they hold: `ssn`, wherever it stands; `customer.email`, an `email` within a
 * `customer`; `*.ssn`, one within anything. Lists are passed through: `customers.email` is that of each of them.
 */
import { normalise } from './normalise.ts';

export interface FieldRule {
  /** As it was written. */
  readonly path: string;
  /** Normalised and in lower case: `Email` and `email` are one to whoever means either. */
  readonly names: readonly string[];
}

export const MOST_FIELDS = 100;
const NAME = /^(?:\*|[\p{L}\p{N}_$-]{1,64})$/u;
const LONGEST_PATH = 8;
/** By these steps know their passages and answers their sources: without them an answer cites nothing. */
const KEPT: ReadonlySet<string> = new Set(['id', 'passageid', 'score', 'n', '*']);

/** The rule, or what is wrong with it. */
export function parseFieldRule(path: string): FieldRule | { readonly problem: string } {
  const names = (normalise(path)?.text ?? path).split('.').map((name) => name.toLowerCase());
  if (names.length > LONGEST_PATH || !names.every((name) => NAME.test(name)))
    return { problem: `'${path}' is no field: give a name (ssn), or names with dots between (customer.email, *.ssn)` };
  if (names.length === 1 && KEPT.has(names[0]!))
    return { problem: `'${path}' alone is also what passages are known by: say of what, as in customer.${path}` };
  if (names.at(-1) === '*') return { problem: `'${path}' names no field: end it with a name` };
  return { path, names };
}

/** @param keys from the outside in, in lower case, without places in lists */
export function isField(rules: readonly FieldRule[], keys: readonly string[]): boolean {
  return rules.some(
    ({ names }) =>
      names.length <= keys.length &&
      names.every((name, place) => name === '*' || name === keys[keys.length - names.length + place]),
  );
}
