import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkPlan, requirePlan } from '../../src/plan/check.ts';
import { stepsOf } from '../../src/plan/nodes.ts';
import type { Plan, PlanNode } from '../../src/plan/plan.ts';
import { LIMITS } from '../../src/plan/plan-limits.ts';
import { skeleton } from '../../src/plan/skeleton.ts';
import { changed, docsBot, from, step } from './example.ts';

const only = (value: unknown, catalogue?: ReadonlySet<string>) => {
  const check = checkPlan(value, catalogue ? { catalogue } : {});
  if (check.ok) throw new Error('the plan passed');
  expect(check.problems.map(({ message }) => message)).toHaveLength(1);
  return check.problems[0]!;
};

describe('a plan that can run', () => {
  it('passes, as a frozen copy', () => {
    const check = checkPlan(structuredClone(docsBot));
    expect(check).toEqual({ ok: true, plan: docsBot });
    expect(check.ok && Object.isFrozen(check.plan.nodes[0])).toBe(true);
  });

  it('passes with a catalogue that holds its steps', () => {
    expect(checkPlan(docsBot, { catalogue: new Set(stepsOf(docsBot)) }).ok).toBe(true);
  });
});

describe('what is not JSON within bounds', () => {
  const circular: unknown[] = [];
  circular.push(circular);
  it.each([
    ['nothing', undefined, 'the plan is undefined, which JSON cannot hold'],
    ['a function', changed('nodes.0.call.config', () => 1), 'nodes[0].call.config is function'],
    ['NaN', changed('nodes.0.call.config', { k: Number.NaN }), 'nodes[0].call.config.k is NaN'],
    ['a lone surrogate', changed('nodes.0.call.config', { k: '\ud800' }), 'has a lone surrogate'],
    ['a date', changed('nodes.0.call.config', new Date(0)), 'is an object of a class'],
    ['a cycle of objects', changed('nodes.0.call.config', circular), `deeper than ${LIMITS.planDepth} levels`],
  ])('%s', (_name, plan, words) => {
    const found = only(plan);
    expect(found.code).toBe('not_json');
    expect(found.message).toContain(words);
  });

  it("a key '__proto__', wherever it is, and without touching any prototype", () => {
    const text = JSON.stringify(docsBot).replace('"model":"local/extractive"', '"__proto__":{"polluted":true}');
    const found = only(JSON.parse(text));
    expect(found).toMatchObject({ code: 'not_json', node: 'enhance' });
    expect(found.message).toContain("'__proto__'");
    expect('polluted' in {}).toBe(false);
  });

  it('too many bytes', () => {
    const found = only(changed('nodes.0.call.config', { prompt: 'x'.repeat(LIMITS.planBytes) }));
    expect(found.code).toBe('plan_too_big');
  });

  it('a format of the future asks for an upgrade', () => {
    expect(only(changed('format', 2))).toMatchObject({ code: 'format_unknown', remedy: 'upgrade sluice' });
  });

  it('never throws, whatever it is given', () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true }), (value) => {
        expect(checkPlan(value).ok).toBe(false);
      }),
      { seed: 1, numRuns: 300 },
    );
  });
});

describe('what has not the shape of a plan names the node and the place', () => {
  it.each([
    ['no number', 'nodes.4.policy.attempts', 'many', 'ranked', 'nodes[4].policy.attempts'],
    ['too many attempts', 'nodes.4.policy.attempts', 101, 'ranked', 'nodes[4].policy.attempts'],
    ['a timeout of zero', 'nodes.4.policy.timeoutMs', 0, 'ranked', 'nodes[4].policy.timeoutMs'],
    ['an extra key', 'nodes.4.retries', 3, 'ranked', 'nodes[4]'],
    ['an unknown kind', 'nodes.4.kind', 'loop', 'ranked', "kind is 'step', 'repeat', 'branch' or 'map'"],
    ['a step without version', 'nodes.4.call.step', 'rerank', 'ranked', "as in 'rerank@2'"],
    ['too many rounds', 'nodes.5.then.nodes.0.max', LIMITS.rounds + 1, 'answer', 'nodes[5].then.nodes[0].max'],
    ['too many items', 'nodes.1.max', LIMITS.items + 1, 'vector', 'nodes[1].max'],
    ['too many at once', 'nodes.1.concurrency', LIMITS.concurrency + 1, 'vector', 'nodes[1].concurrency'],
    ['no wiring', 'nodes.4.input', { query: 1 }, 'ranked', 'exactly one of $from, $value, $list and $object'],
    ['two wirings at once', 'nodes.4.input.$value', 1, 'ranked', 'exactly one of $from, $value, $list and $object'],
    ['a wiring that is a name', 'nodes.4.input', 'enhance', 'ranked', 'exactly one of $from'],
    ['a broken ref deep inside', 'nodes.3.input.$object.lists.$list.0.$from', [], 'fused', '$list[0].$from'],
    ['a ref with a strange start', 'nodes.4.input.$object.query.$from.0', 'a b', 'ranked', 'a ref starts with'],
    ['an id with a space', 'nodes.4.id', 'ranked well', 'ranked well', 'an id holds letters'],
    ['no nodes at all', 'nodes', undefined, undefined, 'nodes'],
  ])('%s', (_name, path, value, node, words) => {
    const found = only(changed(path, value));
    expect(found.code).toBe('shape');
    expect(found.node).toBe(node);
    expect(found.message).toContain(words);
  });
});

describe('ids and counts', () => {
  it('an id twice, also across containers', () => {
    expect(
      only(changed('nodes.5.otherwise.nodes.0.id', 'keyword', changed('nodes.5.otherwise.yields', from('keyword')))),
    ).toMatchObject({ code: 'id_twice', node: 'keyword' });
  });

  it('a word of the language', () => {
    const plan = changed('nodes.1.nodes.0.id', 'item', changed('nodes.1.yields', from('item')));
    expect(only(plan)).toMatchObject({ code: 'id_reserved', node: 'item' });
  });

  it('an id that is too long', () => {
    const id = 'x'.repeat(LIMITS.idLength + 1);
    const plan = changed('nodes.1.nodes.0.id', id, changed('nodes.1.yields', from(id)));
    expect(only(plan)).toMatchObject({ code: 'id_too_long', node: id });
  });

  it(`more than ${LIMITS.nodes} nodes`, () => {
    const nodes = Array.from({ length: LIMITS.nodes + 1 }, (_, index) => step(`n${index}`, 'a@1', {}));
    expect(only({ ...docsBot, nodes, output: from('n0') }).code).toBe('too_many_nodes');
    expect(checkPlan({ ...docsBot, nodes: nodes.slice(1), output: from('n1') }).ok).toBe(true);
  });

  it('containers nested too deep', () => {
    const nest = (depth: number): PlanNode =>
      depth === 0
        ? step('inner', 'a@1', {})
        : {
            kind: 'map',
            id: `m${depth}`,
            over: { $value: [1] },
            max: 1,
            concurrency: 1,
            whenOver: 'fail',
            nodes: [nest(depth - 1)],
            yields: { $value: 1 },
          };
    const plan = (depth: number): Plan => ({ ...docsBot, nodes: [nest(depth)], output: { $value: {} } });
    expect(checkPlan(plan(LIMITS.depth)).ok).toBe(true);
    expect(only(plan(LIMITS.depth + 1))).toMatchObject({ code: 'too_deep', node: 'm1' });
  });

  it('no nodes', () => {
    expect(only({ ...docsBot, nodes: [], output: { $value: {} } }).code).toBe('no_nodes');
  });
});

describe('options that do not go together', () => {
  const local = { ...step('x', 'a@1', {}).policy, lane: 'local' } as const;
  const { heartbeatMs: _beat, beats: _who, ...silent } = local;
  it.each([
    ['when without orElse', changed('nodes.2.orElse'), 'when_needs_or_else', 'keyword'],
    ['when that is no condition', changed('nodes.2.when', { $list: [] }), 'condition', 'keyword'],
    ['until that is no condition', changed('nodes.5.then.nodes.0.until', { $value: 'yes' }), 'condition', 'answer'],
    ['a map over no list', changed('nodes.1.over', { $value: 'one' }), 'not_a_list', 'vector'],
    ['local with a task queue', changed('nodes.3.policy', { ...silent, taskQueue: 'q' }), 'local_queue', 'fused'],
    ['local with a heartbeat', changed('nodes.3.policy', local), 'local_heartbeat', 'fused'],
    ['beats without heartbeat', changed('nodes.3.policy.heartbeatMs'), 'beats_without_heartbeat', 'fused'],
    ['backoff the wrong way round', changed('nodes.3.policy.backoff.maxMs', 1), 'backoff_order', 'fused'],
  ])('%s', (_name, plan, code, node) => {
    expect(only(plan)).toMatchObject({ code, node });
  });

  it('a local call with neither is fine', () => {
    expect(checkPlan(changed('nodes.3.policy', silent)).ok).toBe(true);
  });
});

describe('steps that nobody can call', () => {
  const catalogue = new Set(
    stepsOf(docsBot)
      .filter((name) => name !== 'rerank@2')
      .concat('rerank@1'),
  );
  it('are refused with the nearest name', () => {
    const found = only(docsBot, catalogue);
    expect(found).toMatchObject({ code: 'step_unknown', node: 'ranked', remedy: "did you mean 'rerank@1'?" });
    expect(found.message).toBe("'ranked' calls 'rerank@2', which is not registered");
  });

  it('also as a fallback', () => {
    const plan = changed('nodes.4.fallback.step', 'nothingLikeIt@1');
    const found = only(plan, new Set([...stepsOf(docsBot)]));
    expect(found).toMatchObject({ code: 'step_unknown', node: 'ranked' });
    expect(found.remedy).toMatch(/^there is 'enhanceQuery@1'/);
  });

  it('and a skeleton is not a whole plan', () => {
    const check = checkPlan(skeleton(docsBot));
    expect(!check.ok && check.problems.every(({ code }) => code === 'config_absent')).toBe(true);
  });
});

describe('requirePlan', () => {
  it('throws the first problem, with all of them as data', () => {
    const plan = changed('nodes.2.orElse', undefined, changed('nodes.3.policy.backoff.maxMs', 1));
    expect(() => requirePlan(plan)).toThrow(
      expect.objectContaining({
        code: 'plan_invalid',
        message: "the plan cannot run: 'keyword' has 'when' without 'orElse' (and 1 more)",
        remedy: 'say what its readers get when it is skipped',
        data: { problems: expect.arrayContaining([expect.objectContaining({ code: 'backoff_order', node: 'fused' })]) },
      }),
    );
  });
});
