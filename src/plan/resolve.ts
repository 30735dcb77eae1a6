/**
 * Wiring, read as data: which refs it holds, and what it comes to once they are known. Pure, and total: what cannot be
 * resolved is a `Fault`, never an exception. A value that is large may travel as a claim (a stub that names where it is
 * stored); wiring passes claims on unread, and entering one only lengthens its path.
 */
import type { Json, Wiring } from './plan.ts';

export type From = readonly [string, ...string[]];

/** Why wiring comes to nothing: always a mistake in the pipeline, or in the data it was given. */
interface Fault {
  readonly code: 'WiringUnknown' | 'WiringAbsent' | 'ConditionNotBoolean' | 'NotAList';
  readonly message: string;
}

/** `undefined` is an optional value that is absent; it never gets into a payload. */
export type Resolved<Value = Json | undefined> = { readonly value: Value } | { readonly fault: Fault };

/**
 * A reference in place of a large value. `path` leads into the stored value; `length` is given when that is a list, and `at`
 * has what can be read of what is inside, by key: a boolean as it is, anything else as such an outline again.
 */
interface Claim extends Outline {
  readonly $claim: string;
  readonly bytes?: number;
  readonly path?: readonly (string | number)[];
}

interface Outline {
  readonly length?: number;
  readonly at?: { readonly [key: string]: boolean | Outline };
}

/** All refs in a wiring, in the order they are written. */
export function references(wiring: Wiring): readonly From[] {
  if ('$from' in wiring) return [wiring.$from];
  if ('$list' in wiring) return wiring.$list.flatMap(references);
  if ('$object' in wiring) return Object.values(wiring.$object).flatMap(references);
  return [];
}

/** What a wiring comes to. `read` gives the value of each ref that `references` lists. */
export function evaluate(wiring: Wiring, read: (from: From) => Json | undefined): Resolved {
  if ('$from' in wiring) return { value: read(wiring.$from) };
  if ('$value' in wiring) return { value: wiring.$value };
  if ('$list' in wiring) return evaluateList(wiring.$list, read);
  return evaluateObject(wiring.$object, read);
}

function evaluateList(parts: readonly Wiring[], read: (from: From) => Json | undefined): Resolved {
  const values: Json[] = [];
  for (const part of parts) {
    const resolved = evaluate(part, read);
    if ('fault' in resolved) return resolved;
    if (resolved.value === undefined) return absent(`item ${values.length} of a wired list`);
    values.push(resolved.value);
  }
  return { value: values };
}

function evaluateObject(parts: { readonly [key: string]: Wiring }, read: (from: From) => Json | undefined): Resolved {
  const entries: [string, Json][] = [];
  for (const [key, part] of Object.entries(parts)) {
    const resolved = evaluate(part, read);
    if ('fault' in resolved) return resolved;
    if (resolved.value !== undefined) entries.push([key, resolved.value]);
  }
  return { value: Object.fromEntries(entries) };
}

/** Enters a value field by field. The last field may be absent (it was optional); one on the way there may not. */
export function enter(value: Json | undefined, fields: readonly string[], name: string): Resolved {
  let current = value;
  for (const [depth, field] of fields.entries()) {
    const entered = [name, ...fields.slice(0, depth)].join('.');
    if (current === undefined) return absent(`'${entered}', which '${field}' is read from,`);
    if (current === null || typeof current !== 'object' || isList(current)) {
      return { fault: { code: 'WiringAbsent', message: `'${entered}' is no object, so it has no '${field}'` } };
    }
    const claim = asClaim(current);
    if (claim) return { value: stepInto(claim, fields.slice(depth)) };
    current = Object.hasOwn(current, field) ? (current as { readonly [key: string]: Json })[field] : undefined;
  }
  return { value: current };
}

/**
 * Follows fields into wiring as far as it is written out, and says which are left to be entered by value. This is how
 * a ref through a loop, `answer.draft.text`, becomes one inside its last round, `draft.text`.
 */
export function narrow(wiring: Wiring, fields: readonly string[]): { wiring: Wiring; fields: readonly string[] } {
  const [field, ...rest] = fields;
  if (field === undefined) return { wiring, fields };
  if ('$from' in wiring) return { wiring: { $from: [...wiring.$from, ...fields] }, fields: [] };
  if ('$object' in wiring && Object.hasOwn(wiring.$object, field)) return narrow(wiring.$object[field]!, rest);
  return { wiring, fields };
}

/** Reads a condition. Booleans are never claimed, but one in a list whose outline would be too long cannot be read. */
export function condition(value: Json | undefined, name: string): Resolved<boolean> {
  if (typeof value === 'boolean') return { value };
  return { fault: { code: 'ConditionNotBoolean', message: `${name} is ${described(value)}, not true or false` } };
}

/** The items of a list that may be claimed. */
export interface Items {
  readonly length: number;
  readonly item: (index: number) => Json;
}

/** Reads the list that a map goes over. Of a claimed list the items are claims into it. */
export function itemsOf(value: Json | undefined): Resolved<Items> {
  if (isList(value)) return { value: { length: value.length, item: (index) => value[index]! } };
  const claim = asClaim(value);
  if (claim?.length !== undefined) {
    return { value: { length: claim.length, item: (index) => stepInto(claim, [index]) } };
  }
  const reason = claim ? 'a stored value of unknown length' : described(value);
  return { fault: { code: 'NotAList', message: `what is mapped over is ${reason}, not a list` } };
}

function asClaim(value: Json | undefined): Claim | undefined {
  if (value === undefined || value === null || typeof value !== 'object' || isList(value)) return undefined;
  if (!Object.hasOwn(value, '$claim')) return undefined;
  return typeof value.$claim === 'string' ? (value as unknown as Claim) : undefined;
}

function stepInto(claim: Claim, path: readonly (string | number)[]): Json {
  const inside = path.reduce<boolean | Outline>((outline, key) => {
    const at = typeof outline === 'object' ? outline.at : undefined;
    return (at && Object.hasOwn(at, key) ? at[key] : undefined) ?? {};
  }, claim);
  if (typeof inside === 'boolean') return inside;
  const { length, at } = inside;
  return {
    $claim: claim.$claim,
    path: [...(claim.path ?? []), ...path],
    ...(length !== undefined && { length }),
    ...(at && { at: at as Json }),
  };
}

/** `Array.isArray` does not narrow readonly lists. */
function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

function absent(name: string): { readonly fault: Fault } {
  return { fault: { code: 'WiringAbsent', message: `${name} has no value` } };
}

function described(value: Json | undefined): string {
  if (value === undefined) return 'absent';
  if (value === null) return 'null';
  if (isList(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
