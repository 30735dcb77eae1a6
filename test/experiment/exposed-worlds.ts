/**
 * One run in every arm of a random experiment: the same steps fail, and take as long, wherever they are given the same; so
 * up to the first edited node the same happens in every arm.
 */
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import type { EndedNode } from '../../src/experiment/exposed.ts';
import type { SpecArm } from '../../src/model/experiment-spec.ts';
import { composePlan } from '../../src/plan/compose.ts';
import { bodiesOf, nodesOf } from '../../src/plan/nodes.ts';
import type { Json, NodeEdit, Plan, PlanNode, StepNode, Wiring } from '../../src/plan/plan.ts';
import { type CallRequest, walk } from '../../src/plan/walk.ts';
import { arbitraryPlan, planInput } from '../plan/arbitrary-plan.ts';
import { createDice, type Dice } from '../plan/arbitrary-wiring.ts';
import { behave, randomCall } from '../plan/behave.ts';

export interface World {
  readonly base: Plan;
  readonly arms: readonly SpecArm[];
  /** In virtual time; undefined: the run is not cancelled. */
  readonly cancelAt: number | undefined;
}

const MOST_EDITED = 3;
const LATENCY = 1_000;

export const arbitraryWorld: fc.Arbitrary<World> = fc
  .tuple(arbitraryPlan, fc.array(fc.nat({ max: 9_999 }), { minLength: 40, maxLength: 40 }))
  .map(([base, decisions]) => {
    const dice = createDice(decisions);
    const steps = [...nodesOf(base)].filter((node) => node.kind === 'step');
    const loops = [...nodesOf(base)].filter((node) => node.kind === 'repeat' || node.kind === 'map');
    const edited = new Set(Array.from({ length: 1 + dice.number(MOST_EDITED) }, () => dice.pick(steps)));
    const loop = loops.length > 0 && dice.chance(25) ? dice.pick(loops) : undefined;
    const visible = visibleIn(base);
    const variants = Array.from({ length: 1 + dice.number(2) }, (_, index) => ({
      name: `v${index + 1}`,
      edits: [
        ...[...edited].flatMap((node) => editsOf(dice, node, visible.get(node.id)!)),
        ...(loop ? [{ node: loop.id, facet: 'options', options: { max: 1 + dice.number(3) } } as const] : []),
      ],
    }));
    const arms = [{ name: 'baseline', edits: [] }, ...variants].map((arm, _, all) => ({
      ...arm,
      weight: 1 / all.length,
    }));
    return { base, arms, cancelAt: dice.chance(25) ? dice.number(3 * LATENCY) : undefined };
  });

/** Another config, or other wiring, or both, or (in one of several variants) none. */
function editsOf(dice: Dice, { id }: StepNode, visible: readonly string[]): NodeEdit[] {
  const input: Wiring = {
    $object: Object.fromEntries(
      Array.from({ length: dice.number(4) }, (_, key) => [`k${key}`, { $from: [dice.pick(visible)] }]),
    ),
  };
  return [
    ...(dice.chance(50) ? [{ node: id, facet: 'config', config: randomCall(dice).config as Json } as const] : []),
    ...(dice.chance(70) ? [{ node: id, facet: 'input', input } as const] : []),
  ];
}

/** Of each node, what its wiring may read whole. */
function visibleIn(plan: Plan): ReadonlyMap<string, readonly string[]> {
  const visible = new Map<string, readonly string[]>();
  const enter = (nodes: readonly PlanNode[], scope: readonly string[]): void => {
    let seen = scope;
    for (const node of nodes) {
      visible.set(node.id, seen);
      for (const body of bodiesOf(node)) enter(body.nodes, seen);
      seen = [...seen, node.id];
    }
  };
  enter(plan.nodes, ['input']);
  return visible;
}

export interface ArmRun {
  readonly plan: Plan;
  readonly nodes: readonly EndedNode[];
  /** Ids of nodes whose call was made. */
  readonly called: ReadonlySet<string>;
}

export async function runInArm({ base, cancelAt }: World, arm: SpecArm): Promise<ArmRun> {
  const plan = composePlan(base, [arm]);
  const called = new Set<string>();
  const cancel = new AbortController();
  const waiting: { readonly at: number; readonly end: () => void }[] = [];
  let now = 0;
  const execute = (request: CallRequest): Promise<Json> =>
    new Promise((resolve, reject) => {
      called.add(request.node.id);
      const answer = behave(request.node, request.key, request.call, request.input);
      const end = () => ('value' in answer ? resolve(answer.value) : reject(new Error('it is down')));
      waiting.push({ at: now + latencyOf(request), end });
    });
  const walking = walk(plan, planInput, execute, { cancel: cancel.signal });
  for (await setImmediate(); waiting.length > 0; await setImmediate()) {
    waiting.sort((a, b) => a.at - b.at);
    if (cancelAt !== undefined && waiting[0]!.at > cancelAt) cancel.abort();
    const next = waiting.shift()!;
    now = next.at;
    next.end();
  }
  const { nodes } = await walking.finished;
  return {
    plan,
    called,
    nodes: nodes.map((node) => ({
      ...{ key: node.key, node: node.node, outcome: node.outcome, call: node.call ?? null },
      error: node.error ? { node: node.error.node, code: node.error.code } : null,
    })),
  };
}

/** No two calls end at one moment, in whichever order they began. */
function latencyOf({ key, call, node, input }: CallRequest): number {
  let state = 0x811c9dc5;
  for (const character of JSON.stringify([key, call, node.call, input]))
    state = Math.imul(state ^ character.charCodeAt(0), 0x01000193) >>> 0;
  return LATENCY * (0.01 + (state >>> 4) / 2 ** 28);
}
