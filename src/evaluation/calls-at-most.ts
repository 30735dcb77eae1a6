/**
 * How many calls an evaluation may make, known before it makes any: every loop goes to its end, every map is full, every
 * fallback is needed, and of a branch the longer arm is taken. What variants have in common is made once: nodes that do the
 * same with the same, and so on back to the input.
 */

import type { EvaluationSpec, ScorerSpec } from '../model/evaluation-spec.ts';
import { canonicalJson } from '../plan/id.ts';
import { callsOfNode } from '../plan/nodes.ts';
import type { Json, Plan, PlanNode, StepNode } from '../plan/plan.ts';

/** Which steps are counted: all, or those that ask paid models. */
export type Counts = (node: Pick<StepNode, 'call' | 'fallback'>) => boolean;

/** @param plans of the spec's variants, in their order */
export function callsAtMost(spec: EvaluationSpec, plans: readonly Plan[], counts: Counts): number {
  const { dataset, repeats, scorers, mode } = spec;
  const runs = mode === 'aa' ? plans.map((plan) => [plan]) : [plans];
  const ofRuns = runs.map((sharing) => distinctCalls(sharing, counts)).reduce((sum, calls) => sum + calls, 0);
  const ofScorers = scorers.reduce((sum, scorer) => sum + scoringCalls(scorer, plans.length, counts), 0);
  return dataset.examples * repeats * (ofRuns + ofScorers);
}

/** A pair is judged in both orders, and the baseline is no pair. */
function scoringCalls({ kind, call }: ScorerSpec, variants: number, counts: Counts): number {
  if (call === null || !counts({ call })) return 0;
  return kind === 'pair' ? 2 * (variants - 1) : variants;
}

function distinctCalls(plans: readonly Plan[], counts: Counts): number {
  const calls = new Map<string, number>();
  for (const plan of plans) {
    const identities = new Map<string, string>();
    for (const node of plan.nodes) {
      const identity = identityOf(node, identities);
      identities.set(node.id, identity);
      calls.set(identity, callsOf(node, counts));
    }
  }
  return [...calls.values()].reduce((sum, number) => sum + number, 0);
}

/** A node by what it does and what it reads, which are nodes before it. */
function identityOf(node: PlanNode, known: ReadonlyMap<string, string>): string {
  const heads = [...new Set(headsIn(node as unknown as Json))].sort();
  const read = heads.flatMap((head) => (known.has(head) ? [[head, known.get(head)!]] : []));
  return canonicalJson([node, read] as unknown as Json);
}

/** The sources of all refs anywhere in a node. */
function headsIn(json: Json): readonly string[] {
  if (json === null || typeof json !== 'object') return [];
  if (Array.isArray(json)) return (json as readonly Json[]).flatMap(headsIn);
  const object = json as { readonly [key: string]: Json };
  const ref = object.$from;
  return Array.isArray(ref) ? [String(ref[0])] : Object.values(object).flatMap(headsIn);
}

function callsOf(node: PlanNode, counts: Counts): number {
  const within = (nodes: readonly PlanNode[]): number => nodes.reduce((sum, each) => sum + callsOf(each, counts), 0);
  switch (node.kind) {
    case 'step':
      return callsOfNode(node).filter((call) => counts({ call })).length;
    case 'repeat':
    case 'map':
      return node.max * within(node.nodes);
    case 'branch':
      return Math.max(within(node.then.nodes), within(node.otherwise.nodes));
  }
}
