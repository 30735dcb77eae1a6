/**
 * Where running a recorded run again could come to a `write` whose output is not on record. What a variant's edits do not
 * reach is called as it was then; what they reach still takes its recorded output, as long as it must have been called.
 */

import type { RerunSpec } from '../../model/rerun-spec.ts';
import { bodiesOf, findNode } from '../../plan/nodes.ts';
import type { OpenWrite } from '../../plan/open-writes.ts';
import type { NodeOutcome, Plan, PlanNode } from '../../plan/plan.ts';
import { downstreamOf, isSteeredBy, readsAny } from './downstream.ts';
import type { RecordedRun } from './record.ts';

type Changes = Pick<RerunSpec, 'edits' | 'from'>;

/**
 * Whether a call may be one that no recorded run had to make: whether it is made depends on what the changes reach, or it is
 * of another step now, or it is a fallback whose step may fail where it did not.
 *
 * @param plan with the edits
 */
export function mayBeUnrecorded(plan: Plan, changes: Changes): (call: OpenWrite) => boolean {
  const reached = reachedBy(plan, changes);
  const edited = new Set(changes.edits.map(({ node }) => node));
  const unsure = new Set(changes.edits.flatMap(({ node, facet }) => (facet === 'step' ? [node] : [])));
  const visit = (nodes: readonly PlanNode[], isUnsure: boolean): void => {
    for (const node of nodes) {
      const isSo = isUnsure || isEnteredBy(node, reached) || (node.kind !== 'step' && edited.has(node.id));
      if (isSo) unsure.add(node.id);
      for (const body of bodiesOf(node)) visit(body.nodes, isSo);
    }
  };
  visit(plan.nodes, false);
  return ({ node, call }) => unsure.has(node) || (call === 'fallback' && reached.has(node));
}

/** Whether it depends on these whether, or how often, the node or what is in it is called. */
function isEnteredBy(node: PlanNode, reached: ReadonlySet<string>): boolean {
  if (node.kind === 'step') return node.when !== undefined && readsAny(node.when, reached);
  return isSteeredBy(node, reached) || (node.kind === 'repeat' && readsAny(node.until, reached));
}

function reachedBy(plan: Plan, { edits, from }: Changes): ReadonlySet<string> {
  const begins = [...edits.map(({ node }) => node), ...(from === null ? [] : [from])];
  return new Set(begins.filter((id) => findNode(plan, id)).flatMap((id) => [...downstreamOf(plan, id)]));
}

/** How nodes end of their own accord; those that are not reached by a change end so again. */
const [GIVEN, ENDED]: readonly ReadonlySet<NodeOutcome>[] = [
  new Set(['completed', 'skipped', 'exhausted', 'truncated']),
  new Set(['completed', 'skipped', 'exhausted', 'truncated', 'fallback', 'or-else', 'failed', 'blocked']),
];

/** Of these calls, those that this run has no output of, though running it again may come to them. */
export function unrecordedWrites(
  plan: Plan,
  changes: Changes,
  { nodes }: Pick<RecordedRun, 'nodes'>,
  open: readonly OpenWrite[],
): readonly OpenWrite[] {
  const isUnsure = mayBeUnrecorded(plan, changes);
  const reached = reachedBy(plan, changes);
  const rows = Map.groupBy(nodes, ({ node }) => node);
  return open.filter((call) => {
    const [outermost, ...path] = pathTo(plan.nodes, call.node)!;
    const asExpected = reached.has(call.node) ? GIVEN! : ENDED!;
    const runs = [outermost!, ...path].flatMap((id) => rows.get(id) ?? []);
    return isUnsure(call) || !rows.has(outermost!) || !runs.every(({ outcome }) => asExpected.has(outcome));
  });
}

/** The ids of the containers that a node is in, outermost first, and its own. */
function pathTo(nodes: readonly PlanNode[], id: string): readonly string[] | undefined {
  for (const node of nodes) {
    if (node.id === id) return [id];
    const inside = bodiesOf(node).map((body) => pathTo(body.nodes, id));
    const found = inside.find((path) => path !== undefined);
    if (found) return [node.id, ...found];
  }
  return undefined;
}
