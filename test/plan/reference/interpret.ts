/**
 * What a plan means, as a naive sequential interpreter that shares no code with the walker: it goes through the nodes
 * in plan order, and knows no promises, no cancellation and no order of completion. Asked about a moment in a run, it
 * is given the calls that have ended by then, and says which must have been started.
 */
import type { Json, NodeOutcome, Plan, PlanNode, RunOutcome, StepNode } from '../../../src/plan/plan.ts';
import type { Answer } from '../behave.ts';
import { runBranch, runMap, runRepeat } from './containers.ts';
import { type NeededPaths, neededPaths } from './needed.ts';
import { brokenBy, known, type Named, PENDING, resolve, type Scope } from './values.ts';

/** How a call ended, if it has. */
export type Oracle = (node: StepNode, key: string, call: 'step' | 'fallback', input: Json) => Answer | 'pending';

export interface Expected {
  readonly outcome: RunOutcome | 'pending';
  readonly output: Json | undefined;
  /** The nodes that may be named as the reason for a failed run. */
  readonly culprits: ReadonlySet<string>;
  readonly nodes: ReadonlyMap<string, ExpectedNode>;
  /** Calls that are due, by `key call`. */
  readonly calls: ReadonlyMap<string, ExpectedCall>;
  /** An ordinary failure and a mistake both break one round under `keep-last`: the first one decides. */
  readonly racy: boolean;
}
interface ExpectedNode {
  /** More than one where several failures race to be named. */
  readonly outcomes: ReadonlySet<NodeOutcome | 'pending'>;
  /** In a scope that can no longer deliver: the walker may have cancelled it, or never come to it. */
  readonly doomed: boolean;
}
interface ExpectedCall {
  readonly input: Json;
  readonly doomed: boolean;
}

/** One interpretation of a plan. */
export interface World {
  readonly oracle: Oracle;
  readonly needed: NeededPaths;
  readonly open: (
    nodes: readonly PlanNode[],
    parent: Scope,
    index: string,
    local?: [string, Json | undefined],
  ) => Scope;
  readonly nodes: { readonly key: string; readonly outcomes: Set<NodeOutcome | 'pending'>; readonly scope: Scope }[];
  readonly calls: { readonly name: string; readonly input: Json; readonly scope: Scope }[];
  racy: boolean;
}

/** What became of a node, and in which word where it has a value. */
export type Ran = readonly [Named, NodeOutcome?];

export function interpret(plan: Plan, input: Json, oracle: Oracle): Expected {
  const world: World = {
    oracle,
    needed: neededPaths(plan),
    open: (nodes, parent, index, local) => enterScope(world, nodes, parent, index, local),
    nodes: [],
    calls: [],
    racy: false,
  };
  const root = enterScope(world, plan.nodes, undefined, '', ['input', input]);
  const output = resolve(plan.output, root, 'output');
  if (output.is === 'broken') root.dead = true;
  return {
    outcome: output.is === 'known' ? (asIntended(world) ? 'completed' : 'degraded') : OUTCOMES[output.is],
    output: output.is === 'known' ? output.value : undefined,
    culprits: output.is === 'broken' ? output.culprits : new Set(),
    nodes: new Map(world.nodes.map(({ key, outcomes, scope }) => [key, { outcomes, doomed: isDoomed(scope) }])),
    calls: new Map(world.calls.map(({ name, input, scope }) => [name, { input, doomed: isDoomed(scope) }])),
    racy: world.racy,
  };
}

const OUTCOMES = { broken: 'failed', pending: 'pending' } as const;

function asIntended({ nodes }: World): boolean {
  return nodes.every(({ outcomes }) => outcomes.has('completed') || outcomes.has('skipped'));
}

function isDoomed(scope: Scope | undefined): boolean {
  return scope !== undefined && (scope.dead || isDoomed(scope.parent));
}

function enterScope(
  world: World,
  nodes: readonly PlanNode[],
  parent: Scope | undefined,
  index: string,
  local?: [string, Json | undefined],
): Scope {
  const scope: Scope = { parent, index, names: new Map(), dead: false };
  if (local) scope.names.set(local[0], known(local[1]));
  for (const node of nodes) scope.names.set(node.id, runNode(world, node, scope));
  return scope;
}

function runNode(world: World, node: PlanNode, scope: Scope): Named {
  const key = node.id + scope.index;
  const outcomes = new Set<NodeOutcome | 'pending'>();
  world.nodes.push({ key, outcomes, scope });
  const [result, outcome = 'completed'] = runKind(world, node, scope, key);
  if (result.is === 'pending') outcomes.add('pending');
  else if (result.is !== 'broken') outcomes.add(outcome);
  else {
    if (result.culprits.has(key)) outcomes.add('failed');
    if (result.culprits.size > 1 || !result.culprits.has(key)) outcomes.add('blocked');
  }
  return result;
}

function runKind(world: World, node: PlanNode, scope: Scope, key: string): Ran {
  switch (node.kind) {
    case 'step':
      return runStep(world, node, scope, key);
    case 'repeat':
      return runRepeat(world, node, scope, key);
    case 'branch':
      return runBranch(world, node, scope, key);
    case 'map':
      return runMap(world, node, scope, key);
  }
}

function runStep(world: World, node: StepNode, scope: Scope, key: string): Ran {
  if (node.when) {
    const when = resolve(node.when, scope, key);
    if (when.is !== 'known') return [when];
    if (typeof when.value !== 'boolean') return [brokenBy(key, 'mistake')];
    if (!when.value) return [known(node.orElse), 'skipped'];
  }
  const input = resolve(node.input, scope, key);
  if (input.is !== 'known') return [input];
  if (input.value === undefined) return [brokenBy(key, 'mistake')];
  for (const call of node.fallback ? (['step', 'fallback'] as const) : (['step'] as const)) {
    world.calls.push({ name: `${key} ${call}`, input: input.value, scope });
    const answer = world.oracle(node, key, call, input.value);
    if (answer === 'pending') return [PENDING];
    if ('value' in answer) return [known(answer.value), call === 'step' ? 'completed' : 'fallback'];
    if (answer.failure === 'mistake') return [brokenBy(key, 'mistake')];
  }
  return node.orElse === undefined ? [brokenBy(key, 'ordinary')] : [known(node.orElse), 'or-else'];
}
