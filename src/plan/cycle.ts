/**
 * The way a cycle takes through a plan. Refs can only point back, so this is asked only of a plan that is wrong already:
 * to show its author the whole circle rather than one of its edges.
 */
import { bodiesOf, nodesOf, sourcesOf } from './nodes.ts';
import type { Plan, PlanNode, Wiring } from './plan.ts';

/** The way from a node by its refs back to itself, if its reading `owner` would close one. */
export function findCycle(node: string, owner: string, plan: Plan): readonly string[] | undefined {
  const reads = new Map([...nodesOf(plan)].map((each) => [each.id, readsOf(each)]));
  const visited = new Set<string>();
  const open: (readonly string[])[] = [[node, owner]];
  for (let way = open.shift(); way !== undefined; way = open.shift()) {
    const last = way.at(-1)!;
    if (last === node) return way;
    if (visited.has(last)) continue;
    visited.add(last);
    for (const next of reads.get(last) ?? []) open.push([...way, next]);
  }
  return undefined;
}

/** What must be known before a node is: what it reads, and for a container also the nodes it holds. */
function readsOf(node: PlanNode): readonly string[] {
  const heads = (wirings: readonly (Wiring | undefined)[]) =>
    wirings.flatMap((wiring) => (wiring ? [...sourcesOf(wiring)].map(([head]) => head.split(':')[0]!) : []));
  const inside = bodiesOf(node).flatMap((inner) => inner.nodes.map((each) => each.id));
  switch (node.kind) {
    case 'step':
      return heads([node.input, node.when]);
    case 'repeat':
    case 'map':
      return [...inside, ...heads(node.kind === 'map' ? [node.over] : [])];
    case 'branch':
      return [...inside, ...heads([node.when])];
    default:
      return node satisfies never;
  }
}
