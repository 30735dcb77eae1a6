/**
 * The edits of a variant while it is being defined, as one immutable value. Each edit is checked against the node it
 * changes and written down as data.
 *
 * A variant's own edits apply on top of the variants it includes, whatever the order of the calls: they override what an
 * included variant says of the same facet, config and options key by key. Two included variants may not edit one node.
 */
import { applyEdits, clash } from '../plan/compose.ts';
import { findNode } from '../plan/nodes.ts';
import type { NodeEdit, NodeOptionsEdit } from '../plan/plan.ts';
import { LIMITS } from '../plan/plan-limits.ts';
import { type Draft, type Known, type KnownStep, knownOf, type PlaceOptions, type WiringFunction } from './draft.ts';
import type { AnyVariant } from './edit.ts';
import { type Internals, internalsOf } from './internals.ts';
import { callOf, checkStep, OPTION_KEYS, standInValue, statedPolicy } from './place-step.ts';
import { readPolicyChanges } from './policy.ts';
import { checkCount, checkKeys, refuse } from './refuse.ts';
import type { AnyStep } from './step.ts';

/** What an author has written of a variant. */
export interface Written {
  /** The same object for all that is written in one definition. */
  readonly definition: object;
  readonly base: Internals;
  readonly variant: string;
  readonly included: readonly AnyVariant[];
  readonly own: readonly OwnEdit[];
}

/** An edit that is checked when all included variants are known. */
export type OwnEdit = (edits: Edits) => Edits;

export interface Edits {
  /** What own edits are written against: the baseline with what is included. */
  readonly base: Pick<Internals, 'id' | 'plan' | 'known'>;
  readonly list: readonly NodeEdit[];
  /** What is known of each edited node now. */
  readonly known: Draft['known'];
}

/** All edits of a variant, against the baseline, with what is known of the edited nodes. */
export function resolveEdits({ base, included, own }: Written): Pick<Edits, 'list' | 'known'> {
  const under = included.flatMap(({ edits }) => edits);
  const ground = groundOf(base, included, under);
  const written = own.reduce<Edits>((edits, edit) => edit(edits), { base: ground, list: [], known: new Map() });
  const known = new Map(under.map(({ node }) => [node, ground.known.get(node)!]));
  return { list: overriddenBy(under, written.list), known: new Map([...known, ...written.known]) };
}

function groundOf(base: Internals, included: readonly AnyVariant[], under: readonly NodeEdit[]): Edits['base'] {
  if (under.length === 0) return base;
  const known = new Map(base.known);
  for (const variant of included) {
    const its = internalsOf(variant, 'include').known;
    for (const { node } of variant.edits) known.set(node, its.get(node)!);
  }
  return { id: base.id, plan: applyEdits(base.plan, under), known };
}

/** The edits of both, where those `over` stand: each was written against what the edits `under` make. */
function overriddenBy(under: readonly NodeEdit[], over: readonly NodeEdit[]): readonly NodeEdit[] {
  const clashing = (edit: NodeEdit) => (other: NodeEdit) =>
    other.node === edit.node && clash(other.facet, edit.facet) !== undefined;
  return [
    ...under.filter((edit) => !over.some(clashing(edit))),
    ...over.map((edit) => under.filter(clashing(edit)).reduce(joined, edit)),
  ];
}

/** One edit for both: the facet of `edit` is whole already, except for options, and for the config of an included swap. */
function joined(edit: NodeEdit, under: NodeEdit): NodeEdit {
  if (edit.facet === 'config' && under.facet === 'step')
    return { ...under, call: { ...under.call, config: edit.config } };
  if (edit.facet !== 'options' || under.facet !== 'options') return edit;
  const policy = { ...under.options.policy, ...edit.options.policy };
  const isPolicy = under.options.policy !== undefined || edit.options.policy !== undefined;
  return { ...edit, options: { ...under.options, ...edit.options, ...(isPolicy && { policy }) } };
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

/** All edits of another variant; the same one again adds nothing. */
export function include(written: Written, variant: AnyVariant): Written {
  const { id } = internalsOf(variant, 'include');
  if (id !== written.base.id)
    refuse(
      'variant_of_other',
      `'${variant.name}' is a variant of '${id}', not of '${written.base.id}'`,
      'include variants of the same pipeline',
    );
  if (written.included.includes(variant)) return written;
  for (const sibling of written.included) {
    const both = variant.edits.find(({ node }) => sibling.edits.some((edit) => edit.node === node));
    if (both !== undefined)
      refuse(
        'edits_overlap',
        `'${both.node}' is edited by '${sibling.name}' and by '${variant.name}', and '${written.variant}' includes both`,
        `include one of them, and write the edits of the other in '${written.variant}': own edits override included ones`,
        { node: both.node, variants: [sibling.name, variant.name] },
      );
  }
  return { ...written, included: [...written.included, variant] };
}

function record(edits: Edits, list: readonly NodeEdit[], change: Partial<KnownStep>): Edits {
  const { node } = list[0]!;
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
    known: new Map(edits.known).set(node, { ...now, ...change } as Known),
  };
}

/** A step's place as it was before own edits: what they are written against. */
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
