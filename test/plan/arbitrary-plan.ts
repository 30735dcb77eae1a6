/**
 * Random well-formed plans that nest every node kind to depth 3, with a scripted behaviour per step. A plan is built
 * from a list of numbers, each one decision: fast-check shrinks the list, and with it the plan, to the few nodes that
 * matter.
 */
import fc from 'fast-check';
import type {
  Arm,
  BranchNode,
  Json,
  MapNode,
  Plan,
  PlanNode,
  RepeatNode,
  StepNode,
  Wiring,
} from '../../src/plan/plan.ts';
import {
  createDice,
  type Dice,
  flagRef,
  type Place,
  placesOf,
  ref,
  type Scope,
  wireObject,
} from './arbitrary-wiring.ts';
import { randomCall } from './behave.ts';

const MAX_DEPTH = 3;
const MAX_NODES = 30;

/** How far the building of a plan has come. */
interface Build {
  readonly dice: Dice;
  nodeCount: number;
}
/** A node, and what its readers may read of it. */
type Made<Node extends PlanNode> = readonly [Node, readonly Place[]];

/** The input of every random plan: it has what a step's output has. */
export const planInput: Json = {
  text: 'input',
  flag: true,
  items: [
    { name: 'a', flag: false },
    { name: 'b', flag: true },
  ],
};

export const arbitraryPlan: fc.Arbitrary<Plan> = fc
  .array(fc.nat({ max: 9_999 }), { minLength: 50, maxLength: 500, size: 'max' })
  .map(buildPlan);

function buildPlan(decisions: readonly number[]): Plan {
  const dice = createDice(decisions);
  const input = placesOf('input');
  const { nodes, places } = body({ dice, nodeCount: 0 }, input, 0);
  const main = ref(dice, [...input, ...places.slice(-30)], 'text');
  return {
    format: 1,
    pipeline: 'random',
    schemas: { input: {}, output: {} },
    nodes,
    output: { $object: { main, more: wireObject(dice, [...input, ...places, ...places], 6) } },
  };
}

function body(build: Build, scope: Scope, depth: number): { nodes: PlanNode[]; places: Place[] } {
  const count = depth === 0 ? 3 + build.dice.number(6) : 1 + build.dice.number(3);
  const nodes: PlanNode[] = [];
  const places: Place[] = [];
  for (let index = 0; index < count; index++) {
    // What was made last is offered twice, so that chains grow longer than chance would make them.
    const [node, made] = makeNode(build, [...scope, ...places, ...places], depth);
    nodes.push(node);
    places.push(...made);
  }
  return { nodes, places };
}

function makeNode(build: Build, scope: Scope, depth: number): Made<PlanNode> {
  const mayNest = depth < MAX_DEPTH && build.nodeCount < MAX_NODES;
  const kind = mayNest ? build.dice.number(10) : 0;
  const id = `n${build.nodeCount++}`;
  if (kind < 5) return [makeStep(build.dice, id, scope), placesOf(id)];
  if (kind < 7) return makeRepeat(build, id, scope, depth + 1);
  if (kind < 9) return [makeMap(build, id, scope, depth + 1), [{ kind: 'items', path: [id] }]];
  return [makeBranch(build, id, scope, depth + 1), placesOf(id)];
}

function makeStep(dice: Dice, id: string, scope: Scope): StepNode {
  const orElse = { text: `instead of ${id}`, flag: dice.chance(50), items: [{ name: 'spare', flag: true }] };
  const conditional = dice.chance(20);
  return {
    kind: 'step',
    id,
    call: randomCall(dice),
    input: dice.chance(10) ? ref(dice, scope, 'record') : wireObject(dice, scope, 3),
    policy: { attempts: 1, timeoutMs: 1_000, backoff: { firstMs: 1, factor: 1, maxMs: 1 }, lane: 'activity' },
    ...(conditional && { when: flagRef(dice, scope) }),
    ...((conditional || dice.chance(20)) && { orElse }),
    ...(dice.chance(20) && { fallback: randomCall(dice) }),
  };
}

function makeRepeat(build: Build, id: string, scope: Scope, depth: number): Made<RepeatNode> {
  const { dice } = build;
  const carry: Place[] = [
    { kind: 'text', path: [`${id}:carry`, 'text'] },
    { kind: 'flag', path: [`${id}:carry`, 'flag'] },
    { kind: 'record', path: [`${id}:carry`] },
  ];
  const { nodes, places } = body(build, [...scope, ...carry], depth);
  const inside = [...scope, ...carry, ...places];
  const alias = `u${id}`;
  const node: RepeatNode = {
    kind: 'repeat',
    id,
    max: 1 + dice.number(3),
    start: { text: 'start', flag: false },
    whenExhausted: dice.pick(['keep-last', 'keep-last', 'fail']),
    nodes,
    until: flagRef(dice, [...places, ...inside]),
    carry: { $object: { text: ref(dice, inside, 'text'), flag: ref(dice, inside, 'flag') } },
    yields: {
      ...Object.fromEntries(nodes.map((inner): [string, Wiring] => [inner.id, { $from: [inner.id] }])),
      // What a used pipeline's name stands for: an object that is wired field by field.
      [alias]: { $object: { text: ref(dice, inside, 'text'), same: { $from: dice.pick(places).path } } },
    },
  };
  const outside: Place[] = [...places, { kind: 'text', path: [alias, 'text'] }];
  return [
    node,
    [
      ...outside.map(({ kind, path }): Place => ({ kind, path: [id, ...path] })),
      { kind: 'text', path: [id, 'rounds'] },
      { kind: 'record', path: [id] },
    ],
  ];
}

function makeMap(build: Build, id: string, scope: Scope, depth: number): MapNode {
  const { dice } = build;
  const item: Place[] = [
    { kind: 'text', path: [`${id}:item`, 'name'] },
    { kind: 'flag', path: [`${id}:item`, 'flag'] },
    { kind: 'record', path: [`${id}:item`] },
  ];
  const { nodes, places } = body(build, [...scope, ...item], depth);
  const inside = [...scope, ...item, ...places, ...places];
  return {
    kind: 'map',
    id,
    over: dice.chance(2) ? ref(dice, scope, 'text') : ref(dice, scope, 'items'),
    max: 1 + dice.number(3),
    concurrency: 1 + dice.number(3),
    whenOver: dice.pick(['truncate', 'truncate', 'fail']),
    nodes,
    yields: { $object: { name: ref(dice, inside, 'text'), flag: ref(dice, inside, 'flag') } },
  };
}

function makeBranch(build: Build, id: string, scope: Scope, depth: number): BranchNode {
  return {
    kind: 'branch',
    id,
    when: flagRef(build.dice, scope),
    // biome-ignore lint/suspicious/noThenProperty: the arm's name in the plan, and no function
    then: makeArm(build, scope, depth),
    otherwise: makeArm(build, scope, depth),
  };
}

function makeArm(build: Build, scope: Scope, depth: number): Arm {
  const { nodes, places } = body(build, scope, depth);
  const inside = [...scope, ...places, ...places];
  const yielded = (kind: Place['kind']) => ref(build.dice, inside, kind);
  return {
    nodes,
    yields: {
      $object: { text: yielded('text'), flag: yielded('flag'), items: yielded('items'), note: yielded('note') },
    },
  };
}
