/** Where two values of JSON differ, with room for how machines round. */
import type { Json } from '../plan/plan.ts';

/** Relative; below 1, absolute: another version of a maths library may differ in the last digits. */
const TOLERANCE = 1e-9;

export interface Difference {
  /** `rows[2].effect.ciLo`. */
  readonly at: string;
  readonly recorded: Json;
  readonly recomputed: Json;
}

export function differences(recorded: Json, recomputed: Json, at = ''): readonly Difference[] {
  if (typeof recorded === 'number' && typeof recomputed === 'number')
    return isClose(recorded, recomputed) ? [] : [{ at, recorded, recomputed }];
  if (!isTree(recorded) || !isTree(recomputed) || Array.isArray(recorded) !== Array.isArray(recomputed))
    return recorded === recomputed ? [] : [{ at, recorded, recomputed }];
  const [old, fresh] = [entriesOf(recorded), entriesOf(recomputed)];
  const keys = [...new Set([...old.keys(), ...fresh.keys()])];
  return keys.flatMap((key) => {
    const path = Array.isArray(recorded) ? `${at}[${key}]` : at === '' ? key : `${at}.${key}`;
    if (old.has(key) && fresh.has(key)) return differences(old.get(key)!, fresh.get(key)!, path);
    return [{ at: path, recorded: old.get(key) ?? null, recomputed: fresh.get(key) ?? null }];
  });
}

type Tree = { readonly [key: string]: Json } | readonly Json[];

const isTree = (value: Json): value is Tree => typeof value === 'object' && value !== null;
const entriesOf = (tree: Tree): ReadonlyMap<string, Json> => new Map(Object.entries(tree));

const isClose = (a: number, b: number): boolean =>
  Math.abs(a - b) <= TOLERANCE * Math.max(Number.MIN_VALUE, Math.abs(a), Math.abs(b)) || Math.abs(a - b) < 1e-15;
