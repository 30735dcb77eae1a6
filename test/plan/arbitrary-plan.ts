/**
 * Random well-formed plans that nest every node kind to depth 3, with a scripted behaviour per step. A plan is built
 * from a list of numbers, each one decision: fast-check shrinks the list, and with it the plan, to the few nodes that
 * matter.
 */
import fc from 'fast-check';
import type { Arm, Json, MapNode, Plan, PlanNode, RepeatNode, StepNode, Wiring } from '../../src/plan/plan.ts';

const MAX_DEPTH = 3;
const MAX_NODES = 30;

/** What a random step does: a pure function of its key, its input, and these percentages. */
export interface Behaviour {
  readonly salt: number;
  readonly failPercent: number;
  readonly mistakePercent: number;
  readonly flagPercent: number;
  readonly claimPercent: number;
}

export type Kind = 'text' | 'flag' | 'items' | 'note' | 'record';
type Path = readonly [string, ...string[]];
interface Place {
  readonly kind: Kind;
  readonly path: Path;
}

export const arbitraryPlan: fc.Arbitrary<Plan> = fc
  .array(fc.nat({ max: 9_999 }), { minLength: 50, maxLength: 500, size: 'max' })
  .map(buildPlan);

/** The input of every random plan: it has what a step's output has. */
export const planInput: Json = {
  text: 'input',
  flag: true,
  items: [
    { name: 'a', flag: false },
    { name: 'b', flag: true },
  ],
};

function buildPlan(decisions: readonly number[]): Plan {
  let next = 0;
  let nodeCount = 0;
  const decide = () => decisions[next++] ?? 0;
  const pick = <Of>(of: readonly Of[]): Of => of[decide() % of.length]!;
  const chance = (percent: number) => decide() % 100 >= 100 - percent;
  const newId = () => `n${nodeCount++}`;

  function ref(scope: readonly Place[], kind: Kind): Wiring {
    const fitting = scope.filter((place) => place.kind === kind);
    return { $from: pick(fitting).path };
  }
  function wire(scope: readonly Place[], deep = true): Wiring {
    const shape = decide() % 10;
    if (shape < 3) return ref(scope, 'text');
    if (shape < 7) return ref(scope, pick(['flag', 'items', 'record', 'note']));
    if (shape === 7) return { $value: pick<Json>(['literal', 1, null, { a: [true] }]) };
    if (!deep) return ref(scope, 'text');
    if (shape === 8) return { $list: [ref(scope, 'text'), { $value: 'x' }, ref(scope, 'record')] };
    return { $object: { inner: wire(scope, false), other: wire(scope, false) } };
  }
  function wireObject(scope: readonly Place[], most: number): Wiring {
    const count = Math.min(most, decide() % (most + 2));
    return { $object: Object.fromEntries(Array.from({ length: count }, (_, key) => [`k${key}`, wire(scope)])) };
  }
  /** Rarely something that is no boolean: a typed failure, which no help applies to. */
  function flag(scope: readonly Place[]): Wiring {
    return chance(2) ? ref(scope, 'text') : ref(scope, 'flag');
  }
  function behaviour(): Behaviour {
    return {
      salt: decide(),
      failPercent: pick([0, 0, 0, 10, 50]),
      mistakePercent: pick([0, 0, 0, 0, 0, 0, 0, 0, 0, 30]),
      flagPercent: pick([50, 20, 80]),
      claimPercent: pick([0, 0, 0, 0, 30]),
    };
  }
  function call(): StepNode['call'] {
    return { step: 'fake@1', config: { ...behaviour() } };
  }
  function step(id: string, scope: readonly Place[]): StepNode {
    const orElse = { text: `instead of ${id}`, flag: decide() % 2 === 0, items: [{ name: 'spare', flag: true }] };
    const conditional = chance(20);
    return {
      kind: 'step',
      id,
      call: call(),
      input: chance(10) ? ref(scope, 'record') : wireObject(scope, 3),
      policy: { attempts: 1, timeoutMs: 1_000, backoff: { firstMs: 1, factor: 1, maxMs: 1 }, lane: 'activity' },
      ...(conditional && { when: flag(scope) }),
      ...((conditional || chance(20)) && { orElse }),
      ...(chance(20) && { fallback: call() }),
    };
  }
  function repeat(id: string, scope: readonly Place[], depth: number): [RepeatNode, Place[]] {
    const carryPlaces: Place[] = [
      { kind: 'text', path: [`${id}:carry`, 'text'] },
      { kind: 'flag', path: [`${id}:carry`, 'flag'] },
      { kind: 'record', path: [`${id}:carry`] },
    ];
    const { nodes, places } = body([...scope, ...carryPlaces], depth);
    const inside = [...scope, ...carryPlaces, ...places];
    const alias = `u${id}`;
    const node: RepeatNode = {
      kind: 'repeat',
      id,
      max: 1 + (decide() % 3),
      start: { text: 'start', flag: false },
      whenExhausted: pick(['keep-last', 'keep-last', 'fail']),
      nodes,
      until: flag(decide() % 4 === 0 ? inside : [...places, ...inside]),
      carry: { $object: { text: ref(inside, 'text'), flag: ref(inside, 'flag') } },
      yields: {
        ...Object.fromEntries(nodes.map((inner): [string, Wiring] => [inner.id, { $from: [inner.id] }])),
        [alias]: { $object: { text: ref(inside, 'text'), same: { $from: pick(places).path } } },
      },
    };
    const outside = [...places, { kind: 'text', path: [alias, 'text'] } as const];
    return [
      node,
      [
        ...outside.map(({ kind, path }): Place => ({ kind, path: [id, ...path] })),
        { kind: 'text', path: [id, 'rounds'] },
        { kind: 'record', path: [id] },
      ],
    ];
  }
  function arm(scope: readonly Place[], depth: number): Arm {
    const { nodes, places } = body(scope, depth);
    const inside = [...scope, ...places, ...places];
    return { nodes, yields: { $object: shapeOf(inside) } };
  }
  function shapeOf(scope: readonly Place[]): { [key: string]: Wiring } {
    return { text: ref(scope, 'text'), flag: ref(scope, 'flag'), items: ref(scope, 'items'), note: ref(scope, 'note') };
  }
  function map(id: string, scope: readonly Place[], depth: number): [MapNode, Place[]] {
    const itemPlaces: Place[] = [
      { kind: 'text', path: [`${id}:item`, 'name'] },
      { kind: 'flag', path: [`${id}:item`, 'flag'] },
      { kind: 'record', path: [`${id}:item`] },
    ];
    const { nodes, places } = body([...scope, ...itemPlaces], depth);
    const inside = [...scope, ...itemPlaces, ...places, ...places];
    const node: MapNode = {
      kind: 'map',
      id,
      over: chance(2) ? ref(scope, 'text') : ref(scope, 'items'),
      max: 1 + (decide() % 3),
      concurrency: 1 + (decide() % 3),
      whenOver: pick(['truncate', 'truncate', 'fail']),
      nodes,
      yields: { $object: { name: ref(inside, 'text'), flag: ref(inside, 'flag') } },
    };
    return [node, [{ kind: 'items', path: [id] }]];
  }
  function place(scope: readonly Place[], depth: number): [PlanNode, Place[]] {
    const kind = depth < MAX_DEPTH && nodeCount < MAX_NODES ? decide() % 10 : 0;
    const id = newId();
    if (kind < 5) return [step(id, scope), placesOf(id)];
    if (kind < 7) return repeat(id, scope, depth + 1);
    if (kind < 9) return map(id, scope, depth + 1);
    const node: PlanNode = {
      kind: 'branch',
      id,
      when: flag(scope),
      // biome-ignore lint/suspicious/noThenProperty: the arm's name in the plan, and no function
      then: arm(scope, depth + 1),
      otherwise: arm(scope, depth + 1),
    };
    return [node, placesOf(id)];
  }
  function body(scope: readonly Place[], depth: number): { nodes: PlanNode[]; places: Place[] } {
    const count = depth === 0 ? 3 + (decide() % 6) : 1 + (decide() % 3);
    const nodes: PlanNode[] = [];
    const places: Place[] = [];
    for (let index = 0; index < count; index++) {
      // What was made last is listed twice, so that chains grow longer than chance would make them.
      const [node, made] = place([...scope, ...places, ...places], depth);
      nodes.push(node);
      places.push(...made);
    }
    return { nodes, places };
  }
  const { nodes, places } = body(placesOf('input'), 0);
  return {
    format: 1,
    pipeline: 'random',
    schemas: { input: {}, output: {} },
    nodes,
    output: {
      $object: {
        main: ref([...placesOf('input'), ...places.slice(-30)], 'text'),
        more: wireObject([...placesOf('input'), ...places, ...places], 6),
      },
    },
  };
}

function placesOf(id: string): Place[] {
  return [
    { kind: 'text', path: [id, 'text'] },
    { kind: 'flag', path: [id, 'flag'] },
    { kind: 'items', path: [id, 'items'] },
    { kind: 'note', path: [id, 'note'] },
    { kind: 'record', path: [id] },
  ];
}
