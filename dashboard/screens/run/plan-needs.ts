/** What a node takes from, of those that stand beside it. */
import { bodiesOf, nodesOf, sourcesOf } from '../../../src/plan/nodes.ts';
import type { PlanNode, Wiring } from '../../../src/plan/plan.ts';

/** Which of these nodes have what the wirings name, in themselves or in what they hold. */
export function ownersIn(wirings: readonly Wiring[], siblings: readonly PlanNode[]): string[] {
  const owners = new Map(siblings.flatMap((each) => [...nodesOf({ nodes: [each] })].map(({ id }) => [id, each.id])));
  return wirings.flatMap((wiring) =>
    [...sourcesOf(wiring)].flatMap(([head]) => owners.get(head.split(':')[0] ?? head) ?? []),
  );
}

/** All of a node, and of what it holds. */
export function wiringsOf(node: PlanNode): readonly Wiring[] {
  const inside = bodiesOf(node).flatMap(({ nodes }) => nodes.flatMap(wiringsOf));
  switch (node.kind) {
    case 'step':
      return [node.input, ...(node.when ? [node.when] : [])];
    case 'repeat':
      return [...inside, node.until, node.carry, ...Object.values(node.yields)];
    case 'map':
      return [...inside, node.over, node.yields];
    case 'branch':
      return [...inside, node.when, node.then.yields, node.otherwise.yields];
    default:
      return node satisfies never;
  }
}
