/**
 * Replacing refs by what they stand for: how a used pipeline disappears from the plan. Its input refs become the user's
 * wiring, and refs to its output become refs to what it wires there.
 */
import type { Source } from '../plan/nodes.ts';
import type { Json, Wiring } from '../plan/plan.ts';
import { refuse } from './refuse.ts';

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
