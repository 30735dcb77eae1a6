/**
 * The edits of a variant while it is being defined, as one immutable value. Each edit is checked against the node it
 * changes and written down as data.
 */
import { clash } from '../plan/compose.ts';
import { LIMITS } from '../plan/limits.ts';
import { findNode } from '../plan/nodes.ts';
import type { NodeEdit, NodeOptionsEdit } from '../plan/plan.ts';
import { type Draft, type Known, type KnownStep, knownOf, type PlaceOptions, type WiringFunction } from './draft.ts';
import type { Internals } from './internals.ts';
import { callOf, checkStep, OPTION_KEYS, standInValue, statedPolicy } from './place-step.ts';
import { readPolicyChanges } from './policy.ts';
import { checkCount, checkKeys, refuse } from './refuse.ts';
import type { AnyStep } from './step.ts';

export interface Edits {
  readonly base: Internals;
  /** Whose edits new ones are; compared by identity, since two variants may have one name. */
  readonly owner: Owner;
  readonly list: readonly NodeEdit[];
  /** Of each edited node, the variant that edits it. */
  readonly owners: ReadonlyMap<string, Owner>;
  /** What is known of each edited node now. */
  readonly known: Draft['known'];
}

interface Owner {
  readonly name: string;
}

/** No edits yet. */
export function noEdits(base: Internals, variant: string): Edits {
  return { base, owner: { name: variant }, list: [], owners: new Map(), known: new Map() };
}

/** Another step on the old wiring. */
export function swap(edits: Edits, id: string, step: AnyStep, config: object = {}): Edits {
  const { at, known } = stepAt(edits, id);
  checkStep(step, at);
  const edit: NodeEdit = {
    node: id,
    facet: 'step',
    call: callOf(step, config, at),
    policy: statedPolicy(step, known.options, at),
  };
  return record(edits, [edit], { step });
}

/** Another step on new wiring. */
export function replace(edits: Edits, id: string, step: AnyStep, wire: WiringFunction, config: object = {}): Edits {
  const { at, known } = stepAt(edits, id);
  const swapped = swap(edits, id, step, config);
  return record(swapped, [{ node: id, facet: 'input', input: known.lower(wire, step.input, at) }], {});
}

/** Some of the config changed. */
export function configure(edits: Edits, id: string, config: object): Edits {
  const { at, known, node } = stepAt(edits, id);
  const whole = callOf(known.step, config, at, node.call.config as object);
  return record(edits, [{ node: id, facet: 'config', config: whole.config }], {});
}

/** New wiring of the same step. */
export function rewire(edits: Edits, id: string, wire: WiringFunction): Edits {
  const { at, known } = stepAt(edits, id);
  return record(edits, [{ node: id, facet: 'input', input: known.lower(wire, known.step.input, at) }], {});
}

/** Other options of a step's place, or other limits of a container. */
export function adjust(edits: Edits, id: string, options: object): Edits {
  const known = knownOf(edits.base.known, id, edits.base.id);
  const at = `node '${id}'`;
  switch (known.kind) {
    case 'step': {
      checkKeys(options, [...OPTION_KEYS, 'orElse', 'fallback'], at);
      const { orElse, fallback, ...place } = options as PlaceOptions & { orElse?: unknown; fallback?: unknown };
      if (fallback !== undefined && fallback !== null)
        refuse(
          'edit_fallback',
          `${at}: an edit can only take its fallback away`,
          'write fallback: null, and give the baseline the fallback that it should have',
        );
      const { lane, ...policy } = place;
      const changes: NodeOptionsEdit = {
        policy: { ...readPolicyChanges(policy, at), ...(lane !== undefined && { lane }) },
        ...(orElse !== undefined && { orElse: standInValue(known.step, orElse, at) }),
        ...(fallback === null && { fallback }),
      };
      return record(edits, [{ node: id, facet: 'options', options: changes }], {
        options: { ...known.options, ...place },
      });
    }
    case 'repeat':
      return record(edits, [{ node: id, facet: 'options', options: limits(options, { max: LIMITS.rounds }, at) }], {});
    case 'map': {
      const most = { max: LIMITS.items, concurrency: LIMITS.concurrency };
      return record(edits, [{ node: id, facet: 'options', options: limits(options, most, at) }], {});
    }
    case 'branch':
    case 'use':
      return refuse(
        'edit_no_options',
        `${at} is a ${known.kind}: it has no options of its own`,
        'edit the nodes inside',
      );
    default:
      return known satisfies never;
  }
}

/** All edits of another variant. */
export function include(
  edits: Edits,
  variant: { readonly name: string; readonly edits: readonly NodeEdit[] },
  its: Internals,
): Edits {
  if (its.id !== edits.base.id)
    refuse(
      'variant_of_other',
      `'${variant.name}' is a variant of '${its.id}', not of '${edits.base.id}'`,
      'include variants of the same pipeline',
    );
  let all: Edits = { ...edits, owner: variant };
  for (const edit of variant.edits) all = record(all, [edit], changeOf(its.known.get(edit.node)));
  return { ...all, owner: edits.owner };
}

function changeOf(known: Known | undefined): Partial<KnownStep> {
  return known?.kind === 'step' ? { step: known.step, options: known.options } : {};
}

function record(edits: Edits, list: readonly NodeEdit[], change: Partial<KnownStep>): Edits {
  const { node } = list[0]!;
  const owner = edits.owners.get(node) ?? edits.owner;
  if (owner !== edits.owner)
    refuse(
      'edits_overlap',
      `'${node}' is edited by '${owner.name}' and by '${edits.owner.name}'`,
      'let one variant make all edits of a node',
      { node, variants: [owner.name, edits.owner.name] },
    );
  for (const { facet } of list) {
    for (const other of edits.list) {
      const both = other.node === node ? clash(other.facet, facet) : undefined;
      if (both)
        refuse(
          'edit_twice',
          `'${node}' has its ${both} edited twice`,
          'write one edit for it: a swap sets the config too',
          {
            node,
            facet: both,
          },
        );
    }
  }
  const now = edits.known.get(node) ?? knownOf(edits.base.known, node, edits.base.id);
  return {
    ...edits,
    list: [...edits.list, ...list],
    owners: new Map(edits.owners).set(node, owner),
    known: new Map(edits.known).set(node, { ...now, ...change } as Known),
  };
}

/** A step's place as it was in the baseline: what edits are written against. */
function stepAt({ base }: Edits, id: string) {
  const known = knownOf(base.known, id, base.id);
  const at = `node '${id}'`;
  const node = findNode(base.plan, id);
  if (known.kind !== 'step' || node?.kind !== 'step')
    return refuse(
      'edit_of_container',
      `'${id}' is a ${known.kind}: it holds nodes and is no step itself`,
      'edit the nodes inside, or its options',
    );
  return { at, known, node };
}

function limits(options: object, most: { readonly [key: string]: number }, at: string): NodeOptionsEdit {
  checkKeys(options, Object.keys(most), at);
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  for (const [key, value] of given) checkCount(value, 1, most[key]!, `${at}: ${key}`);
  return Object.fromEntries(given);
}
