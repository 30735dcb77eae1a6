/**
 * What the output needs of each loop. A round is complete when what is needed of it is known: a log that the loop also
 * yields, but that the output does not read, may fail in a round without breaking it. This is static, reached backwards
 * from the output, so that no order of completion can change which rounds are complete.
 */
import type { Plan, PlanNode, RepeatNode, Wiring } from '../plan.ts';
import { type From, narrow, references } from '../resolve.ts';

/** For each needed loop's id, the needed parts of its yields. Loops that the output does not need are missing. */
export type NeededYields = ReadonlyMap<string, readonly Wiring[]>;

export function neededYields(plan: Plan): NeededYields {
  const nodes = nodesById(plan.nodes);
  const visitedNodes = new Set<string>();
  const visitedPaths = new Set<string>();
  const needed = new Map<string, Wiring[]>();
  const unread: Wiring[] = [plan.output];

  function visit(ref: From): void {
    const [id, ...fields] = ref;
    const node = nodes.get(id);
    if (!node) return;
    if (!visitedNodes.has(id)) {
      visitedNodes.add(id);
      unread.push(...wiringsOf(node));
      if (node.kind === 'repeat') needed.set(id, []);
    }
    const path = ref.join('.');
    if (node.kind === 'repeat' && !visitedPaths.has(path)) {
      visitedPaths.add(path);
      const parts = yieldsRead(node, fields);
      needed.get(id)?.push(...parts);
      unread.push(...parts);
    }
  }
  for (let wiring = unread.pop(); wiring; wiring = unread.pop()) references(wiring).forEach(visit);
  return needed;
}

/** All that the value of a node depends on, but for a loop's yields: those depend on who reads. */
function wiringsOf(node: PlanNode): Wiring[] {
  switch (node.kind) {
    case 'step':
      return node.when ? [node.when, node.input] : [node.input];
    case 'repeat':
      return [node.until, node.carry];
    case 'branch':
      return [node.when, node.then.yields, node.otherwise.yields];
    case 'map':
      return [node.over, node.yields];
  }
}

function yieldsRead(loop: RepeatNode, fields: readonly string[]): Wiring[] {
  const [name, ...rest] = fields;
  if (name === undefined) return Object.values(loop.yields);
  const wiring = Object.hasOwn(loop.yields, name) ? loop.yields[name] : undefined;
  return wiring ? [narrow(wiring, rest).wiring] : [];
}

function nodesById(nodes: readonly PlanNode[], found = new Map<string, PlanNode>()): Map<string, PlanNode> {
  for (const node of nodes) {
    found.set(node.id, node);
    if (node.kind === 'branch') {
      nodesById(node.then.nodes, found);
      nodesById(node.otherwise.nodes, found);
    } else if (node.kind !== 'step') nodesById(node.nodes, found);
  }
  return found;
}
