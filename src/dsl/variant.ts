/**
 * Finished pipelines and their variants. A variant is a pipeline too: its plan is the baseline's with the edits
 * applied, and it can be run, used and varied like any other.
 */
import { applyEdits, clash, overridesOf } from '../plan/compose.ts';
import { freezeJson } from '../plan/json.ts';
import { findNode } from '../plan/nodes.ts';
import type { NodeEdit, NodeOptionsEdit, Plan, StepNode } from '../plan/plan.ts';
import { LIMITS } from '../plan/plan-limits.ts';
import {
  type Draft,
  type Internals,
  internalsOf,
  type Known,
  type KnownStep,
  knownOf,
  type PlaceOptions,
  remember,
  type WiringFunction,
} from './draft.ts';
import type { AnyPipeline, AnyVariant } from './edit.ts';
import {
  callOf,
  checkFallbackDiffers,
  checkLane,
  checkStandsIn,
  checkStep,
  OPTION_KEYS,
  standInValue,
  statedPolicy,
} from './place-step.ts';
import { checkCount, checkKeys, checkName, refuse, show } from './refuse.ts';
import { type AnyStep, readPolicyChanges, stepsIn } from './step.ts';

type WrittenEdit = (edit: object) => unknown;

/** The pipeline as authors hold it. */
export function toPipeline(internals: Internals): AnyPipeline {
  const { id, input, output, plan, steps, chat } = internals;
  const variant = (name: string, edit: WrittenEdit) => toVariant(internals, name, edit);
  return remember(Object.freeze({ id, input, output, plan, steps, ...(chat && { chat }), variant }), internals);
}

function toVariant(base: Internals, name: string, written: WrittenEdit, before?: AnyVariant): AnyVariant {
  checkName(name, 'a variant named');
  if (name === 'baseline')
    refuse(
      'name_reserved',
      "a variant is named 'baseline'",
      'the pipeline itself is the baseline: choose another name',
    );
  const start: Written = { definition: {}, base, variant: name, included: before ? [before] : [], own: [] };
  const returned = written(recorder(start));
  const recorded = typeof returned === 'object' && returned !== null ? RECORDED.get(returned) : undefined;
  if (recorded?.definition !== start.definition)
    return refuse(
      'edit_not_returned',
      `variant '${name}': its function returned ${show(returned)}`,
      'return the edits: (edit) => edit.configure(...)',
    );
  const { included } = recorded;
  const { plan, known, list } = finish(recorded);
  const { id, input, output, outputs, aliases, chat } = base;
  const steps = stepsIn(known);
  const talk = chat && { chat };
  const internals: Internals = { id, input, output, plan, known, outputs, aliases, steps, ...talk };
  const variant: AnyVariant & { variant: unknown } = Object.freeze({
    ...{ id, input, output, plan, steps, ...talk },
    name,
    variantOf: id,
    edits: freezeJson(list),
    overrides: included.length === 0 ? NO_OVERRIDES : overridesOf(base.plan, included, plan),
    // A variant of a variant is one of the baseline that includes it.
    variant: (next: string, edit: WrittenEdit): AnyVariant => toVariant(base, next, edit, variant),
  });
  return remember(variant, internals);
}

const NO_OVERRIDES: AnyVariant['overrides'] = Object.freeze([]);

/** What was written on each recorder. */
const RECORDED = new WeakMap<object, Written>();

function recorder(written: Written): object {
  const add = (edit: OwnEdit) => recorder({ ...written, own: [...written.own, edit] });
  const recorded = Object.freeze({
    swap: (id: string, step: AnyStep, config?: object) => add((edits) => swap(edits, id, step, config)),
    replace: (id: string, step: AnyStep, wire: WiringFunction, config?: object) =>
      add((edits) => replace(edits, id, step, wire, config)),
    configure: (id: string, config: object) => add((edits) => configure(edits, id, config)),
    rewire: (id: string, wire: WiringFunction) => add((edits) => rewire(edits, id, wire)),
    options: (id: string, options: object) => add((edits) => adjust(edits, id, options)),
    include: (variant: AnyVariant) => recorder(include(written, variant)),
  });
  RECORDED.set(recorded, written);
  return recorded;
}

/**
 * The edited plan and what is known of its nodes. What only a node as a whole can show is checked again: a lane that a new
 * step may not have, a fallback that a new wiring does not feed.
 */
function finish(written: Written): Pick<Edits, 'list' | 'known'> & { readonly plan: Plan } {
  const { base } = written;
  const { list, known } = resolveEdits(written);
  const plan = applyEdits(base.plan, list);
  for (const [id, edited] of known) {
    const node = findNode(plan, id);
    const old = base.known.get(id);
    if (node?.kind === 'step' && edited.kind === 'step' && old?.kind === 'step') checkPlace(node, edited, old.step);
  }
  return { plan, list, known: new Map([...base.known].map(([id, old]) => [id, known.get(id) ?? old])) };
}

function checkPlace(node: StepNode, { step, fallback, options }: KnownStep, old: AnyStep): void {
  const at = `node '${node.id}'`;
  checkStandsIn(step, old, node.input, at);
  checkLane([step, ...(fallback && node.fallback ? [fallback] : [])], options, at);
  if (!fallback || !node.fallback) return;
  checkStandsIn(fallback, old, node.input, `${at}: its fallback`);
  checkFallbackDiffers(node.call, node.fallback, at);
}

// The edits of a variant while it is being defined, as one immutable value. Each edit is checked against the node it
// changes and written down as data.
// A variant's own edits apply on top of the variants it includes, in any order of the calls: they override what an
// included variant says of the same facet, config and options key by key. Two included variants may not edit one node.

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
function resolveEdits({ base, included, own }: Written): Pick<Edits, 'list' | 'known'> {
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
function swap(edits: Edits, id: string, step: AnyStep, config: object = {}): Edits {
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
function replace(edits: Edits, id: string, step: AnyStep, wire: WiringFunction, config: object = {}): Edits {
  const { at, known } = stepAt(edits, id);
  const swapped = swap(edits, id, step, config);
  return record(swapped, [{ node: id, facet: 'input', input: known.lower(wire, step.input, at) }], {});
}

/** Some of the config changed. */
function configure(edits: Edits, id: string, config: object): Edits {
  const { at, known, node } = stepAt(edits, id);
  const whole = callOf(known.step, config, at, node.call.config as object);
  return record(edits, [{ node: id, facet: 'config', config: whole.config }], {});
}

/** New wiring of the same step. */
function rewire(edits: Edits, id: string, wire: WiringFunction): Edits {
  const { at, known } = stepAt(edits, id);
  return record(edits, [{ node: id, facet: 'input', input: known.lower(wire, known.step.input, at) }], {});
}

/** Other options of a step's place, or other limits of a container. */
function adjust(edits: Edits, id: string, options: object): Edits {
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
function include(written: Written, variant: AnyVariant): Written {
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
