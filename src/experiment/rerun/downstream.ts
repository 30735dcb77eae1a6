/** What depends on a node: whatever reads it, or is run because of it, and so on to the output. */
import { SluiceError } from '../../base/errors.ts';
import { suggest } from '../../base/nearest.ts';
import { bodiesOf, findNode, nodesOf, sourcesOf } from '../../plan/nodes.ts';
import type { Plan, PlanNode, Wiring } from '../../plan/plan.ts';

/**
 * The node and all that is downstream of it, by id.
 *
 * @throws SluiceError `node_unknown`
 */
export function downstreamOf(plan: Plan, from: string): ReadonlySet<string> {
  const nodes = [...nodesOf(plan)];
  const ids = nodes.map(({ id }) => id);
  const first = findNode(plan, from);
  if (first === undefined)
    throw new SluiceError('node_unknown', {
      message: `there is no node '${from}' in '${plan.pipeline}'`,
      remedy: suggest(from, ids, 'the plan has no nodes'),
      data: { node: from },
    });
  const found = new Set([...nodesOf({ nodes: [first] })].map(({ id }) => id));
  for (let before = 0; before < found.size; ) {
    before = found.size;
    for (const node of nodes) {
      const inside = bodiesOf(node).flatMap((body) => body.nodes);
      // What is in a container that is entered otherwise is run otherwise; and what reads a container reads what is in it.
      if (wiringsOf(node).some((wiring) => readsAny(wiring, found))) found.add(node.id);
      if (inside.some(({ id }) => found.has(id))) found.add(node.id);
      if (isSteeredBy(node, found)) for (const { id } of inside) found.add(id);
    }
  }
  return found;
}

/** Whether the container itself, and not only something in it, hangs on one of these. */
export function isSteeredBy(node: PlanNode, found: ReadonlySet<string>): boolean {
  if (node.kind === 'branch') return readsAny(node.when, found);
  return node.kind === 'map' && readsAny(node.over, found);
}

/** All that a node reads. */
export function wiringsOf(node: PlanNode): readonly Wiring[] {
  switch (node.kind) {
    case 'step':
      return [node.input, ...(node.when ? [node.when] : [])];
    case 'branch':
      return [node.when, node.then.yields, node.otherwise.yields];
    case 'map':
      return [node.over, node.yields];
    case 'repeat':
      return [node.until, node.carry, ...Object.values(node.yields)];
  }
}

/** `answer:carry` comes of the rounds of `answer`; `vector:item` of what `vector` goes over, which steers it. */
export const readsAny = (wiring: Wiring, found: ReadonlySet<string>): boolean =>
  [...sourcesOf(wiring)].some(([head]) => found.has(head.replace(/:carry$/, '')));
