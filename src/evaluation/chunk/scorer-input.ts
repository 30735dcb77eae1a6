/**
 * What a scorer is given: its wiring, read from a finished run and its example. Nodes are observed by the walker, which
 * knows what a real value is; everything else is at hand.
 */

import type { Example } from '../../model/dataset.ts';
import type { RunFacts } from '../../model/evaluation-result.ts';
import type { ScorerSpec } from '../../model/evaluation-spec.ts';
import type { Json, Wiring } from '../../plan/plan.ts';
import { enter, evaluate, type From, references } from '../../plan/resolve.ts';
import type { Observed } from '../../plan/walk.ts';

/** A finished run as scorers see it. */
export interface SeenRun {
  /** Undefined where it has none. */
  readonly output: Json | undefined;
  readonly facts: RunFacts;
  /** By `observationKey` of the ref. */
  readonly nodes: ReadonlyMap<string, Observed>;
}

/** Who is whom in a scorer's wiring. */
export type Sides = { readonly run: SeenRun } | { readonly first: SeenRun; readonly second: SeenRun };

/** Why the scorer has no input; not applicable when the example itself lacks it. */
export interface Lacking {
  readonly missing: string;
  readonly isInapplicable?: true;
}

export type ScorerInput = { readonly value: Json } | Lacking;

const GIVEN: ReadonlySet<string> = new Set(['input', 'output', 'run', 'expected', 'relevant']);

export const observationKey = (ref: From): string => ref.join('\0');

/** The refs to nodes in the scorers' wirings, as the walker is to observe them. */
export function observedRefs(scorers: readonly Pick<ScorerSpec, 'input' | 'kind'>[]): readonly From[] {
  const refs = scorers.flatMap(({ input, kind }) => references(input).flatMap((ref) => nodeRefOf(ref, kind)));
  return [...new Map(refs.map((ref) => [observationKey(ref), ref])).values()];
}

function nodeRefOf(ref: From, kind: ScorerSpec['kind']): readonly From[] {
  const own = kind === 'pair' && (ref[0] === 'first' || ref[0] === 'second') ? ref.slice(1) : ref;
  return own.length === 0 || GIVEN.has(own[0]!) ? [] : [own as unknown as From];
}

/** What the wiring comes to; or the first thing of it that is not there, of the example before the run. */
export function scorerInput(wiring: Wiring, example: Example, sides: Sides): ScorerInput {
  const values = new Map<string, Json | undefined>();
  const refs = references(wiring);
  for (const ref of [...refs.filter(isOfExample), ...refs.filter((each) => !isOfExample(each))]) {
    const read = readRef(ref, example, sides);
    if ('missing' in read) return read;
    values.set(observationKey(ref), read.value);
  }
  const resolved = evaluate(wiring, (ref) => values.get(observationKey(ref)));
  if ('fault' in resolved) return { missing: resolved.fault.message };
  return resolved.value === undefined ? { missing: 'it has no input' } : { value: resolved.value };
}

const isOfExample = ([head]: From): boolean => head === 'expected' || head === 'relevant';

type Read = { readonly value: Json | undefined } | Lacking;

function readRef(ref: From, example: Example, sides: Sides): Read {
  if ('run' in sides) return readFrom(sides.run, ref, example);
  const [head, ...rest] = ref;
  if (head !== 'first' && head !== 'second') return readExample(ref, example);
  return readFrom(sides[head], rest as unknown as From, example);
}

function readFrom(run: SeenRun, ref: From, example: Example): Read {
  const [head, ...fields] = ref;
  switch (head) {
    case 'output':
      return run.output === undefined ? { missing: 'the run has no output' } : within(run.output, fields, 'output');
    case 'run':
      return readFact(run.facts, fields[0] ?? '');
    case 'input':
    case 'expected':
    case 'relevant':
      return readExample(ref, example);
    default: {
      const observed = run.nodes.get(observationKey(ref));
      if (observed === undefined) return { missing: `'${ref.join('.')}' was not observed` };
      return 'missing' in observed ? { missing: `'${observed.node}' is ${observed.missing}` } : observed;
    }
  }
}

function readExample([head, ...fields]: From, { input, expected, relevant }: Example): Read {
  switch (head) {
    case 'input':
      return within(input, fields, head);
    case 'expected':
      return expected === undefined ? inapplicable('expects nothing') : expectedOf(expected, fields);
    case 'relevant':
      return relevant === undefined ? inapplicable('names nothing relevant') : { value: relevant };
    default:
      return { missing: `there is no '${head}'` };
  }
}

/** A field that is not there may be left out of what the scorer takes: what it needs it says itself. */
function expectedOf(expected: Json, fields: readonly string[]): Read {
  const read = within(expected, fields, 'expected');
  return 'value' in read ? read : inapplicable(`expects no '${fields.join('.')}'`);
}

const inapplicable = (words: string): Lacking => ({ missing: `the example ${words}`, isInapplicable: true });

function readFact(facts: RunFacts, field: string): Read {
  const value = new Map<string, number | boolean | null>(Object.entries(facts)).get(field);
  return value === null || value === undefined ? { missing: `the run's ${field} is not known` } : { value };
}

function within(value: Json, fields: readonly string[], name: string): Read {
  const entered = enter(value, fields, name);
  return 'fault' in entered ? { missing: entered.fault.message } : entered;
}
