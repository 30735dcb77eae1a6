/**
 * What a change of what is served means for the experiments that are live. Within a stage everything but the arm is
 * constant, so a change of anything begins a new one; a change of a node that an experiment edits ends it, because what
 * its arms were compared with is no longer there.
 */
import { SluiceError } from '../base/errors.ts';
import type { ExperimentSpec } from '../model/experiment-spec.ts';
import { checkPlan } from '../plan/check.ts';
import { applyEdits } from '../plan/compose.ts';
import { diffPlans } from '../plan/diff.ts';
import { planId } from '../plan/id.ts';
import type { NodeEdit, Plan } from '../plan/plan.ts';
import type { Restaging, StageFacts } from '../store/deployments.ts';
import type { ExperimentRow, Serving } from '../store/experiments.ts';

/**
 * Ids of the nodes that are not the same in both plans, containers by their own wiring and limits. What belongs to no
 * node (schemas, the output's wiring) is not among them.
 */
export function changedNodes(before: Plan, after: Plan): ReadonlySet<string> {
  return new Set(diffPlans(before, after).flatMap(({ node }) => (node === undefined ? [] : [node])));
}

/** Ids of the nodes that any arm edits. */
export function editedNodes(spec: Pick<ExperimentSpec, 'arms'>): ReadonlySet<string> {
  return new Set(spec.arms.flatMap(({ edits }) => edits.map(({ node }) => node)));
}

export interface Redeployment {
  /** What is served now. */
  readonly before: Plan;
  readonly after: Plan;
  /** Of what `after` reads. */
  readonly facts: StageFacts;
  /** Of a promotion: the experiment that ends with it, which is therefore left out. */
  readonly promotes?: string;
}

/** What becomes of each live experiment, in their order; nothing where both plans are the same. */
export function restagingsOf(
  serving: Pick<Serving, 'experiments'>,
  { before, after, facts, promotes }: Redeployment,
): readonly Restaging[] {
  if (planId(before) === planId(after)) return [];
  const changed = changedNodes(before, after);
  return serving.experiments
    .filter(({ experimentId }) => experimentId !== promotes)
    .map((experiment) => {
      const { experimentId, stage } = experiment;
      const end = whyEnded(experiment, changed, after);
      const why = end ?? `${named(changed)} changed, which it does not edit`;
      return Object.freeze({ experimentId, stage, to: end === undefined ? 'stage' : 'superseded', why, facts });
    });
}

/** A plan and every arm of the live experiments on it, as far as they fit: all that may be served with it. */
export function servedPlans(serving: Pick<Serving, 'experiments'>, plan: Plan): readonly Plan[] {
  const arms = serving.experiments.flatMap(({ spec }) => spec.arms).filter(({ edits }) => edits.length > 0);
  return [plan, ...arms.flatMap(({ edits }) => composed(plan, edits) ?? [])];
}

/** Why the experiment cannot go on beside the change; undefined where it can. */
function whyEnded(
  { spec, settings }: Pick<ExperimentRow, 'spec' | 'settings'>,
  changed: ReadonlySet<string>,
  after: Plan,
): string | undefined {
  const edited = editedNodes(spec);
  const both = [...changed].filter((node) => edited.has(node));
  if (both.length > 0) return `${named(both)} changed, which it edits`;
  for (const { name, edits } of spec.arms) {
    const problem = edits.length === 0 ? undefined : problemOf(after, edits);
    if (problem !== undefined) return `'${name}' no longer fits the pipeline: ${problem}`;
  }
  if (settings.method === 'asymp_cs')
    return `${named(changed)} changed, and its method (asymp_cs) holds for one stage only`;
  return undefined;
}

/** What is wrong with the plan that the edits would make; undefined where it can run. */
function problemOf(plan: Plan, edits: readonly NodeEdit[]): string | undefined {
  const edited = composed(plan, edits);
  if (edited === undefined) return 'what it edits is not there';
  const check = checkPlan(edited);
  return check.ok ? undefined : check.problems[0]!.message;
}

/** Undefined where a node is gone, or of another kind. */
function composed(plan: Plan, edits: readonly NodeEdit[]): Plan | undefined {
  try {
    return applyEdits(plan, edits);
  } catch (error) {
    if (error instanceof SluiceError) return undefined;
    throw error;
  }
}

/** `'vector' and 'keyword'`: what changed, in a sentence. */
function named(nodes: Iterable<string>): string {
  const names = [...nodes].map((node) => `'${node}'`);
  if (names.length === 0) return "the pipeline's schemas or output";
  if (names.length === 1) return names[0]!;
  const shown = names.slice(0, NAMED_NODES);
  const rest = names.length - shown.length;
  const last = rest > 0 ? `${rest} more nodes` : shown.pop()!;
  return `${shown.join(', ')} and ${last}`;
}

/** A sentence names so many; the plans' difference has all. */
const NAMED_NODES = 5;
