import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { applyEdits, type ComposedArm, composePlan } from '../../src/plan/compose.ts';
import { nodesOf } from '../../src/plan/nodes.ts';
import type { CallPolicy, Json, NodeEdit, Plan, PlanNode } from '../../src/plan/plan.ts';

const policy: CallPolicy = {
  attempts: 2,
  timeoutMs: 1_000,
  backoff: { firstMs: 1_000, factor: 2, maxMs: 30_000 },
  lane: 'activity',
};

function step(id: string): PlanNode {
  return {
    kind: 'step',
    id,
    call: { step: 'search@1', config: { topK: 10 } },
    input: { $object: { query: { $from: ['input', 'question'] } } },
    policy,
    fallback: { step: 'search@1', config: { topK: 1 } },
  };
}

function planOf(nodes: readonly PlanNode[]): Plan {
  const schemas = { input: { type: 'object' }, output: { type: 'object' } };
  return { format: 1, pipeline: 'p', schemas, nodes, output: { $value: {} } };
}

const plan = planOf([
  step('first'),
  {
    kind: 'map',
    id: 'each',
    over: { $from: ['first', 'list'] },
    max: 5,
    concurrency: 2,
    whenOver: 'fail',
    nodes: [step('inEach')],
    yields: { $from: ['inEach'] },
  },
  {
    kind: 'branch',
    id: 'fork',
    when: { $from: ['first', 'sure'] },
    // biome-ignore lint/suspicious/noThenProperty: `then` is the arm's name in the plan format.
    then: {
      nodes: [
        {
          kind: 'repeat',
          id: 'loop',
          max: 3,
          start: {},
          whenExhausted: 'fail',
          nodes: [step('inLoop')],
          until: { $from: ['inLoop', 'done'] },
          carry: { $value: {} },
          yields: { inLoop: { $from: ['inLoop'] } },
        },
      ],
      yields: { $from: ['loop', 'inLoop'] },
    },
    otherwise: { nodes: [step('inOther')], yields: { $from: ['inOther'] } },
  },
]);

const find = (edited: Plan, id: string) => [...nodesOf(edited)].find((node) => node.id === id);

describe('applyEdits', () => {
  test('changes the facet it names, in any container, and nothing else', () => {
    const call = { step: 'other@2', config: { words: 3 } };
    const edited = applyEdits(plan, [
      { node: 'first', facet: 'config', config: { topK: 20 } },
      { node: 'inEach', facet: 'step', call },
      { node: 'inLoop', facet: 'input', input: { $value: { query: 'x' } } },
      { node: 'inOther', facet: 'options', options: { policy: { attempts: 7 }, orElse: { list: [] } } },
      { node: 'loop', facet: 'options', options: { max: 2 } },
      { node: 'each', facet: 'options', options: { max: 9, concurrency: 4 } },
    ]);
    expect(find(edited, 'first')).toEqual({ ...step('first'), call: { step: 'search@1', config: { topK: 20 } } });
    expect(find(edited, 'inEach')).toEqual({ ...step('inEach'), call });
    expect(find(edited, 'inLoop')).toEqual({ ...step('inLoop'), input: { $value: { query: 'x' } } });
    expect(find(edited, 'inOther')).toEqual({
      ...step('inOther'),
      policy: { ...policy, attempts: 7 },
      orElse: { list: [] },
    });
    expect(find(edited, 'loop')).toMatchObject({ max: 2, whenExhausted: 'fail' });
    expect(find(edited, 'each')).toMatchObject({ max: 9, concurrency: 4, whenOver: 'fail' });
    expect({ ...edited, nodes: [] }).toEqual({ ...plan, nodes: [] });
  });

  test('no edits give an equal plan; the given plan is never changed, and the result is frozen to its leaves', () => {
    const before = JSON.stringify(plan);
    const edited = applyEdits(plan, []);
    expect(JSON.stringify(edited)).toBe(before);
    applyEdits(plan, [{ node: 'inLoop', facet: 'config', config: { deep: { list: [1] } } }]);
    expect(JSON.stringify(plan)).toBe(before);
    const isFrozen = (value: unknown): boolean =>
      typeof value !== 'object' || value === null || (Object.isFrozen(value) && Object.values(value).every(isFrozen));
    expect(isFrozen(edited)).toBe(true);
  });

  test('an edited timeout or lane brings what follows from it', () => {
    const slow = applyEdits(plan, [{ node: 'first', facet: 'options', options: { policy: { timeoutMs: 60_000 } } }]);
    expect(find(slow, 'first')).toMatchObject({ policy: { timeoutMs: 60_000, heartbeatMs: 5_000, beats: 'timer' } });
    const local = applyEdits(slow, [{ node: 'first', facet: 'options', options: { policy: { lane: 'local' } } }]);
    expect(find(local, 'first')).toMatchObject({ policy: { ...policy, timeoutMs: 60_000, lane: 'local' } });
    expect(JSON.stringify(find(local, 'first'))).not.toContain('heartbeatMs');
  });

  test('a new step brings its policy, and options are laid over it, in either order of the edits', () => {
    const edits: NodeEdit[] = [
      { node: 'first', facet: 'options', options: { policy: { attempts: 9 } } },
      {
        node: 'first',
        facet: 'step',
        call: { step: 'slow@1', config: {} },
        policy: { ...policy, attempts: 1, timeoutMs: 2_000 },
      },
    ];
    const expected = { ...policy, attempts: 9, timeoutMs: 2_000 };
    expect(find(applyEdits(plan, edits), 'first')).toMatchObject({ policy: expected });
    expect(find(applyEdits(plan, edits.toReversed()), 'first')).toMatchObject({ policy: expected });
  });

  const refused: readonly [what: string, edits: readonly NodeEdit[], code: string, message: string][] = [
    [
      'an unknown node',
      [{ node: 'frist', facet: 'config', config: {} }],
      'edit_unknown_node',
      "there is no node 'frist' in 'p'",
    ],
    [
      'one facet twice',
      [1, 2].map((topK) => ({ node: 'first', facet: 'config', config: { topK } })),
      'edit_twice',
      "'first' has its config edited twice",
    ],
    [
      'a new step and a new config',
      [
        { node: 'first', facet: 'step', call: { step: 'other@1', config: {} } },
        { node: 'first', facet: 'config', config: {} },
      ],
      'edit_twice',
      "'first' has its config edited twice",
    ],
    [
      'the config of a map',
      [{ node: 'each', facet: 'config', config: {} }],
      'edit_wrong_kind',
      "'each' is a map: it holds nodes and has no config of its own",
    ],
    [
      'the concurrency of a repeat',
      [{ node: 'loop', facet: 'options', options: { concurrency: 2 } }],
      'edit_wrong_kind',
      "'loop' is a repeat: it has no concurrency to set",
    ],
    [
      'the options of a branch',
      [{ node: 'fork', facet: 'options', options: { max: 2 } }],
      'edit_wrong_kind',
      "'fork' is a branch: it has no max to set",
    ],
    [
      'the max of a step',
      [{ node: 'first', facet: 'options', options: { max: 2 } }],
      'edit_wrong_kind',
      "'first' is a step: it has no max or concurrency",
    ],
  ];
  test.each(refused)('refuses %s', (_what, edits, code, message) => {
    expect(() => applyEdits(plan, edits)).toThrow(expect.objectContaining({ code, message }));
  });
});

describe('composePlan', () => {
  const hyde: ComposedArm = { name: 'hyde', edits: [{ node: 'first', facet: 'config', config: { topK: 1 } }] };
  const wide: ComposedArm = { name: 'wide', edits: [{ node: 'inEach', facet: 'config', config: { topK: 2 } }] };

  test('puts all arms onto one plan', () => {
    const composed = composePlan(plan, [hyde, wide]);
    expect(composed).toEqual(applyEdits(plan, [...hyde.edits, ...wide.edits]));
    expect(composePlan(plan, [])).toEqual(plan);
  });

  test('refuses two arms that edit one node, whatever the facets, naming the node and both', () => {
    const rewired: ComposedArm = { name: 'raw', edits: [{ node: 'first', facet: 'input', input: { $value: {} } }] };
    expect(() => composePlan(plan, [hyde, wide, rewired])).toThrow(
      expect.objectContaining({
        code: 'edits_overlap',
        message: "'hyde' and 'raw' both edit 'first'",
        remedy: expect.stringContaining('common layer'),
        data: { node: 'first', arms: ['hyde', 'raw'] },
      }),
    );
  });

  test('two arms of one name are two arms', () => {
    expect(() => composePlan(plan, [hyde, { ...hyde, edits: [...hyde.edits] }])).toThrow("both edit 'first'");
  });
});

// ---------------------------------------------------------------- any plan, any edits

/** Nodes nested up to three deep; ids are given afterwards, so that they are unique. */
const anyNodes: fc.Arbitrary<readonly PlanNode[]> = fc.letrec<{ nodes: PlanNode[]; node: PlanNode }>((tie) => ({
  nodes: fc.array(tie('node'), { minLength: 1, maxLength: 3, depthIdentifier: 'plan' }),
  node: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'plan' },
    fc.constant(step('?')),
    tie('nodes').map((nodes): PlanNode => ({ ...(plan.nodes[1] as PlanNode & { kind: 'map' }), nodes })),
    fc.tuple(tie('nodes'), tie('nodes')).map(
      ([first, second]): PlanNode => ({
        kind: 'branch',
        id: '?',
        when: { $value: true },
        // biome-ignore lint/suspicious/noThenProperty: `then` is the arm's name in the plan format.
        then: { nodes: first, yields: { $value: 1 } },
        otherwise: { nodes: second, yields: { $value: 2 } },
      }),
    ),
    tie('nodes').map(
      (nodes): PlanNode => ({
        kind: 'repeat',
        id: '?',
        max: 3,
        start: {},
        whenExhausted: 'fail',
        nodes,
        until: { $value: true },
        carry: { $value: {} },
        yields: {},
      }),
    ),
  ),
})).nodes;

const anyPlan = anyNodes.map((nodes) => {
  let next = 0;
  const rename = (node: PlanNode): PlanNode => {
    const id = `n${next++}`;
    switch (node.kind) {
      case 'step':
        return { ...node, id };
      case 'branch':
        return {
          ...node,
          id,
          // biome-ignore lint/suspicious/noThenProperty: `then` is the arm's name in the plan format.
          then: { ...node.then, nodes: node.then.nodes.map(rename) },
          otherwise: { ...node.otherwise, nodes: node.otherwise.nodes.map(rename) },
        };
      case 'repeat':
      case 'map':
        return { ...node, id, nodes: node.nodes.map(rename) };
      default:
        return node satisfies never;
    }
  };
  return planOf(nodes.map(rename));
});

const anyJson = fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>;
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const anyPolicy = fc
  .record({ attempts: maybe(fc.integer({ min: 1, max: 9 })), timeoutMs: maybe(fc.integer({ min: 1, max: 90_000 })) })
  .map(({ attempts, timeoutMs }) => ({
    ...(attempts !== undefined && { attempts }),
    ...(timeoutMs !== undefined && { timeoutMs }),
  }));

/** Edits of one node that may stand together. */
function anyEditsOf(node: PlanNode): fc.Arbitrary<readonly NodeEdit[]> {
  const { id, kind } = node;
  if (kind === 'branch') return fc.constant([]);
  if (kind !== 'step')
    return fc
      .integer({ min: 1, max: 20 })
      .chain((max) => fc.constantFrom([], [{ node: id, facet: 'options' as const, options: { max } }]));
  const facets = fc.record({
    config: maybe(anyJson.map((config): NodeEdit => ({ node: id, facet: 'config', config }))),
    input: maybe(anyJson.map((value): NodeEdit => ({ node: id, facet: 'input', input: { $value: value } }))),
    options: maybe(
      fc.tuple(anyPolicy, anyJson).map(([changes, orElse]): NodeEdit => {
        return { node: id, facet: 'options', options: { policy: changes, orElse } };
      }),
    ),
    swapped: maybe(
      fc.tuple(anyJson, anyPolicy).map(([config, changes]): NodeEdit => {
        return { node: id, facet: 'step', call: { step: 'other@1', config }, policy: { ...policy, ...changes } };
      }),
    ),
  });
  return facets.map(({ config, input, options, swapped }) =>
    [swapped ?? config, input, options].filter((edit) => edit !== undefined),
  );
}

const anyCase = anyPlan.chain((any) =>
  fc.tuple(...[...nodesOf(any)].map(anyEditsOf)).chain((byNode) =>
    fc.record({
      plan: fc.constant(any),
      byNode: fc.constant(byNode),
      shuffled: fc.shuffledSubarray(byNode.flat(), { minLength: byNode.flat().length }),
      armOf: fc.array(fc.nat({ max: 3 }), { minLength: byNode.length, maxLength: byNode.length }),
    }),
  ),
);

test('edits commute to byte-identical plans, in any order, split over any arms', () => {
  let edited = 0;
  fc.assert(
    fc.property(anyCase, ({ plan: base, byNode, shuffled, armOf }) => {
      const expected = JSON.stringify(applyEdits(base, byNode.flat()));
      expect(JSON.stringify(applyEdits(base, shuffled))).toBe(expected);
      const arms = [0, 1, 2, 3].map((arm) => ({
        name: `arm-${arm}`,
        edits: shuffled.filter(({ node }) => armOf[[...nodesOf(base)].findIndex(({ id }) => id === node)] === arm),
      }));
      expect(JSON.stringify(composePlan(base, arms))).toBe(expected);
      expect(JSON.stringify(composePlan(base, arms.toReversed()))).toBe(expected);
      if (expected !== JSON.stringify(base)) edited += 1;
    }),
    { seed: 20_260, numRuns: 500 },
  );
  expect(edited).toBeGreaterThan(300);
});
