/**
 * Traversal of a plan: every node in any container, and every wiring of a node. What checks, draws or
 * compares plans shares this, so that a new node kind is taught to them in one place. Pure, and free of imports with
 * code, so that the workflow may use it.
 */
import type { Plan, PlanNode, StepCall, StepNode, Wiring } from './plan.ts';

/** A list of nodes that a container holds; `name` tells a branch's arms apart. */
export interface Body {
  readonly name: 'body' | 'then' | 'otherwise';
  readonly nodes: readonly PlanNode[];
}

/** What a node contains: nothing, one body, or a branch's two arms. */
export function bodiesOf(node: PlanNode): readonly Body[] {
  switch (node.kind) {
    case 'step':
      return [];
    case 'repeat':
    case 'map':
      return [{ name: 'body', nodes: node.nodes }];
    case 'branch':
      return [
        { name: 'then', nodes: node.then.nodes },
        { name: 'otherwise', nodes: node.otherwise.nodes },
      ];
    default:
      return unknownKind(node);
  }
}

/** Every node of a plan, a container before what it contains, in the order of definition. */
export function* nodesOf(plan: Pick<Plan, 'nodes'>): Generator<PlanNode> {
  yield* within(plan.nodes);
}

function* within(nodes: readonly PlanNode[]): Generator<PlanNode> {
  for (const node of nodes) {
    yield node;
    for (const body of bodiesOf(node)) yield* within(body.nodes);
  }
}

/** The calls of a step node: its step's, and its fallback's where it has one. */
export const callsOfNode = ({ call, fallback }: Pick<StepNode, 'call' | 'fallback'>): readonly StepCall[] =>
  fallback ? [call, fallback] : [call];

/** Every call of a plan, those of fallbacks included, in the order of definition. */
export const stepCallsOf = (plan: Pick<Plan, 'nodes'>): readonly StepCall[] =>
  [...nodesOf(plan)].flatMap((node) => (node.kind === 'step' ? callsOfNode(node) : []));

/** The node with this id, at any depth. */
export function findNode(plan: Pick<Plan, 'nodes'>, id: string): PlanNode | undefined {
  for (const node of nodesOf(plan)) if (node.id === id) return node;
  return undefined;
}

/** Every `step@version` that a plan can call, fallbacks included, sorted; or only those of the nodes that are meant. */
export function stepsOf(
  plan: Pick<Plan, 'nodes'>,
  isMeant: (node: StepNode) => boolean = () => true,
): readonly string[] {
  const steps = new Set<string>();
  for (const node of nodesOf(plan)) {
    if (node.kind !== 'step' || !isMeant(node)) continue;
    for (const { step } of callsOfNode(node)) steps.add(step);
  }
  return [...steps].sort();
}

/** A copy in which each step node is replaced; containers are rebuilt around them. */
export function mapSteps(
  nodes: readonly PlanNode[],
  change: (node: PlanNode & { kind: 'step' }) => PlanNode,
): PlanNode[] {
  return nodes.map((node): PlanNode => {
    switch (node.kind) {
      case 'step':
        return change(node);
      case 'repeat':
      case 'map':
        return { ...node, nodes: mapSteps(node.nodes, change) };
      case 'branch':
        return {
          ...node,
          // biome-ignore lint/suspicious/noThenProperty: `then` is the arm's name in the plan format.
          then: { ...node.then, nodes: mapSteps(node.then.nodes, change) },
          otherwise: { ...node.otherwise, nodes: mapSteps(node.otherwise.nodes, change) },
        };
      default:
        return unknownKind(node);
    }
  });
}

export type Source = readonly [string, ...string[]];

/** Every ref in a wiring, in order of appearance. */
export function* sourcesOf(wiring: Wiring): Generator<Source> {
  if ('$from' in wiring) yield wiring.$from;
  else if ('$list' in wiring) for (const part of wiring.$list) yield* sourcesOf(part);
  else if ('$object' in wiring) for (const part of Object.values(wiring.$object)) yield* sourcesOf(part);
}

/** A wiring as its author would say it: `enhance.standalone`, `[vector, keyword.passages]`, `{ query: input.question }`. */
export function showWiring(wiring: Wiring): string {
  if ('$from' in wiring) return wiring.$from.join('.');
  if ('$list' in wiring) return `[${wiring.$list.map(showWiring).join(', ')}]`;
  if ('$object' in wiring) {
    const parts = Object.entries(wiring.$object).map(([key, part]) => `${key}: ${showWiring(part)}`);
    return parts.length === 0 ? '{}' : `{ ${parts.join(', ')} }`;
  }
  return JSON.stringify(wiring.$value);
}

function unknownKind(node: never): never {
  throw new TypeError(`unknown node kind: ${JSON.stringify(node)}`);
}
