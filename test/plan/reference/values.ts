/** What wiring comes to, to the reference: known, broken by some culprits, or pending. Shares no code with the walker. */
import type { Json, RepeatNode, Wiring } from '../../../src/plan/plan.ts';

export interface Known {
  readonly is: 'known';
  readonly value: Json | undefined;
}
/** All that may be to blame, and whether for a mistake: which of them is named is a matter of timing. */
export interface Broken {
  readonly is: 'broken';
  readonly culprits: ReadonlySet<string>;
  readonly kinds: ReadonlySet<'ordinary' | 'mistake'>;
}
export type Result = Known | Broken | { readonly is: 'pending' };

/** What a loop's name stands for: its yields, read in its last complete round. */
interface LoopView {
  readonly is: 'loop';
  readonly node: RepeatNode;
  readonly last: Scope;
  readonly rounds: number;
}
export type Named = Result | LoopView;

export interface Scope {
  readonly parent: Scope | undefined;
  readonly index: string;
  readonly names: Map<string, Named>;
  /** It can no longer deliver. */
  dead: boolean;
}

export const PENDING = { is: 'pending' } as const;

export const known = (value: Json | undefined): Known => ({ is: 'known', value });

export function brokenBy(key: string, kind: 'ordinary' | 'mistake'): Broken {
  return { is: 'broken', culprits: new Set([key]), kinds: new Set([kind]) };
}

/** Broken as soon as one part is, whatever is still pending. */
export function combine(results: readonly Result[]): Result {
  const broken = results.filter((result) => result.is === 'broken');
  if (broken.length > 0) {
    return {
      is: 'broken',
      culprits: new Set(broken.flatMap(({ culprits }) => [...culprits])),
      kinds: new Set(broken.flatMap(({ kinds }) => [...kinds])),
    };
  }
  return results.some((result) => result.is === 'pending') ? PENDING : known(null);
}

/** `key` is the node whose wiring this is: it is to blame where the wiring comes to nothing. */
export function resolve(wiring: Wiring, scope: Scope, key: string): Result {
  if ('$value' in wiring) return known(wiring.$value);
  if ('$from' in wiring) return readPath(wiring.$from, scope, key);
  const parts = '$list' in wiring ? wiring.$list : Object.values(wiring.$object);
  const results = parts.map((part) => resolve(part, scope, key));
  const all = combine(results);
  if (all.is !== 'known') return all;
  const values = results.map((result) => (result as Known).value);
  if ('$list' in wiring) return values.includes(undefined) ? brokenBy(key, 'mistake') : known(values as Json[]);
  const entries = Object.keys(wiring.$object).map((name, index) => [name, values[index]] as const);
  return known(Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as Json);
}

function readPath([name, ...fields]: readonly string[], scope: Scope, key: string): Result {
  let holder: Scope | undefined = scope;
  while (holder && !holder.names.has(name!)) holder = holder.parent;
  const found = holder?.names.get(name!);
  if (!found) return brokenBy(key, 'mistake');
  if (found.is === 'loop') {
    if (fields[0] === 'rounds') return known(found.rounds);
    return readYield(found.node, fields, found.last, key, found.rounds);
  }
  return found.is === 'known' ? enter(found.value, fields, key) : found;
}

/** Reads into a loop by its yields, in one of its rounds. */
export function readYield(
  node: RepeatNode,
  fields: readonly string[],
  round: Scope,
  key: string,
  rounds?: number,
): Result {
  const [name, ...rest] = fields;
  if (name !== undefined) return readWiring(node.yields[name]!, rest, round, key);
  return resolve({ $object: { ...node.yields, ...(rounds && { rounds: { $value: rounds } }) } }, round, key);
}

/** Only what is read has to be known: a field of an object that is wired field by field waits for that field. */
function readWiring(wiring: Wiring, fields: readonly string[], scope: Scope, key: string): Result {
  if (fields.length > 0 && '$from' in wiring) return readPath([...wiring.$from, ...fields], scope, key);
  const [field, ...rest] = fields;
  if (field !== undefined && '$object' in wiring && wiring.$object[field]) {
    return readWiring(wiring.$object[field], rest, scope, key);
  }
  const whole = resolve(wiring, scope, key);
  return whole.is === 'known' ? enter(whole.value, fields, key) : whole;
}

interface Fields {
  readonly [key: string]: Json;
}

function enter(value: Json | undefined, fields: readonly string[], key: string): Result {
  if (fields.length === 0) return known(value);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return brokenBy(key, 'mistake');
  const { $claim, path } = value as Fields;
  if (typeof $claim === 'string') return known({ $claim, path: [...((path as Json[]) ?? []), ...fields] });
  return enter((value as Fields)[fields[0]!], fields.slice(1), key);
}

export function listOf(value: Json | undefined): readonly Json[] | undefined {
  if (Array.isArray(value)) return value;
  const { $claim, path, length } = (value ?? {}) as Fields;
  if (typeof $claim !== 'string' || typeof length !== 'number') return undefined;
  return Array.from({ length }, (_, index) => ({ $claim, path: [...((path as Json[]) ?? []), index] }));
}
