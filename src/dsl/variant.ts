/**
 * Finished pipelines and their variants. A variant is a pipeline too: its plan is the baseline's with the edits
 * applied, and it can be run, used and varied like any other.
 */
import { applyEdits, overridesOf } from '../plan/compose.ts';
import { freezeJson } from '../plan/json.ts';
import { findNode } from '../plan/nodes.ts';
import type { Plan, StepNode } from '../plan/plan.ts';
import type { KnownStep, WiringFunction } from './draft.ts';
import type { AnyPipeline, AnyVariant } from './edit.ts';
import {
  adjust,
  configure,
  type Edits,
  include,
  type OwnEdit,
  replace,
  resolveEdits,
  rewire,
  swap,
  type Written,
} from './edits.ts';
import { type Internals, remember } from './internals.ts';
import { checkFallbackDiffers, checkLane, checkStandsIn } from './place-step.ts';
import { checkName, refuse, show } from './refuse.ts';
import type { AnyStep } from './step.ts';
import { stepsIn } from './steps.ts';

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
