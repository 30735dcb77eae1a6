/** What the output needs of each loop, found by going round until nothing new is found. */
import type { Plan, PlanNode, Wiring } from '../../../src/plan/plan.ts';

/** By loop id, the needed paths into it; an empty path is the whole loop. */
export type NeededPaths = ReadonlyMap<string, readonly (readonly string[])[]>;

/** Plans are frozen, and asked about at many moments. */
const found = new WeakMap<Plan, NeededPaths>();

export function neededPaths(plan: Plan): NeededPaths {
  const needed = found.get(plan) ?? findNeeded(plan);
  found.set(plan, needed);
  return needed;
}

function findNeeded(plan: Plan): NeededPaths {
  const nodes = everyNode(plan.nodes);
  const reached = new Set(pathsIn(plan.output).map((path) => JSON.stringify(path)));
  const nodeOf = (path: string) => nodes.find(({ id }) => id === (JSON.parse(path) as string[])[0]);
  const fieldsOf = (path: string) => (JSON.parse(path) as string[]).slice(1);
  for (let before = -1; before !== reached.size; ) {
    before = reached.size;
    for (const path of [...reached]) {
      const node = nodeOf(path);
      if (node) for (const next of readBy(node, fieldsOf(path))) reached.add(JSON.stringify(next));
    }
  }
  const needed = new Map<string, string[][]>();
  for (const path of reached) {
    const node = nodeOf(path);
    const fields = fieldsOf(path);
    if (node?.kind !== 'repeat' || fields[0] === 'rounds') continue;
    needed.set(node.id, [...(needed.get(node.id) ?? []), fields]);
  }
  return needed;
}

function readBy(node: PlanNode, fields: readonly string[]): string[][] {
  switch (node.kind) {
    case 'step':
      return [...pathsIn(node.input), ...(node.when ? pathsIn(node.when) : [])];
    case 'branch':
      return [node.when, node.then.yields, node.otherwise.yields].flatMap((wiring) => pathsIn(wiring));
    case 'map':
      return [node.over, node.yields].flatMap((wiring) => pathsIn(wiring));
    case 'repeat': {
      const [name, ...rest] = fields;
      const yields = name === undefined ? Object.values(node.yields) : [node.yields[name] ?? { $value: null }];
      return [...pathsIn(node.until), ...pathsIn(node.carry), ...yields.flatMap((wiring) => pathsIn(wiring, rest))];
    }
  }
}

function pathsIn(wiring: Wiring, fields: readonly string[] = []): string[][] {
  if ('$value' in wiring) return [];
  if ('$from' in wiring) return [[...wiring.$from, ...fields]];
  if ('$list' in wiring) return wiring.$list.flatMap((part) => pathsIn(part));
  const [field, ...rest] = fields;
  const entered = field === undefined ? undefined : wiring.$object[field];
  return entered ? pathsIn(entered, rest) : Object.values(wiring.$object).flatMap((part) => pathsIn(part));
}

function everyNode(nodes: readonly PlanNode[]): PlanNode[] {
  return nodes.flatMap((node) => {
    if (node.kind === 'step') return [node];
    if (node.kind === 'branch') return [node, ...everyNode(node.then.nodes), ...everyNode(node.otherwise.nodes)];
    return [node, ...everyNode(node.nodes)];
  });
}
