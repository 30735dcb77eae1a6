/** Calls before they are made: loops and maps in full, what variants have in common once. */
import { describe, expect, test } from 'vitest';
import { answers, beforeRelease } from '../../pipelines/docs-bot.evaluations.ts';
import { retrieval } from '../../pipelines/docs-search.evaluations.ts';
import type { AnyEvaluation } from '../../src/dsl/evaluation.ts';
import { callsAtMost, specOf } from '../../src/evaluation/spec-of.ts';
import { isPaid } from '../../src/models/plan-keys.ts';
import type { Plan, StepNode } from '../../src/plan/plan.ts';
import { specOf as madeSpec } from './compare/make.ts';

const step = (id: string, from: string, parts: Partial<StepNode> = {}): StepNode => ({
  ...{ kind: 'step', id, call: { step: `${id}@1`, config: {} }, input: { $from: [from] } },
  policy: { attempts: 1, timeoutMs: 1, backoff: { firstMs: 1, factor: 1, maxMs: 1 }, lane: 'activity' },
  ...parts,
});
const planOf = (nodes: Plan['nodes']): Plan => ({
  ...{ format: 1, pipeline: 'p', schemas: { input: {}, output: {} }, nodes, output: { $value: null } },
});
const made = madeSpec({ metrics: [], scorers: [], change: { repeats: 1 } });
const one = { ...made, dataset: { ...made.dataset, examples: 1 } };
const all = () => true;
const count = (...plans: readonly Plan[]) => callsAtMost(one, plans, all);

describe('of plans', () => {
  const search = step('search', 'input');
  const rank = step('rank', 'search');
  test('each step, and its fallback', () => {
    expect(count(planOf([search, rank]))).toBe(2);
    expect(count(planOf([search, { ...rank, fallback: { step: 'keep@1', config: {} } }]))).toBe(3);
  });
  test('containers in full, of a branch the longer arm', () => {
    const yields = { $value: null };
    const body = [step('a', 'input'), step('b', 'a')];
    const rest = { start: null, whenExhausted: 'keep-last', until: yields, carry: yields, yields: {} } as const;
    expect(count(planOf([{ kind: 'repeat', id: 'r', max: 3, nodes: body, ...rest }]))).toBe(6);
    const map = {
      kind: 'map',
      id: 'm',
      over: yields,
      max: 5,
      concurrency: 2,
      whenOver: 'fail',
      nodes: body,
      yields,
    } as const;
    expect(count(planOf([map]))).toBe(10);
    const branch = {
      kind: 'branch',
      id: 'x',
      when: yields,
      // biome-ignore lint/suspicious/noThenProperty: `then` is the arm's name in the plan format.
      then: { nodes: [map], yields },
      otherwise: { nodes: body, yields },
    } as const;
    expect(count(planOf([branch]))).toBe(10);
  });
  test('what is the same back to the input is made once, and what only looks so is not', () => {
    const other = { ...search, call: { step: 'search@1', config: { topK: 5 } } };
    expect(count(planOf([search, rank]), planOf([search, rank]))).toBe(2);
    expect(count(planOf([search, rank]), planOf([search, { ...rank, call: { step: 'rank@2', config: {} } }]))).toBe(3);
    expect(count(planOf([search, rank]), planOf([other, rank]))).toBe(4);
  });
  test('the sides of an A/A share nothing', () => {
    const plan = planOf([search, rank]);
    expect(callsAtMost({ ...one, mode: 'aa' }, [plan, plan], all)).toBe(4);
  });
});

describe('of the shipped evaluations', () => {
  const calls = async (definition: AnyEvaluation, counts: Parameters<typeof callsAtMost>[2]) => {
    const { spec, plans } = await specOf({ definition, version: 'f'.repeat(64), count: async () => 10 });
    return callsAtMost(spec, plans, counts) / 10;
  };
  test('search: two retrievers, two fusions, two rankings; each scored', async () => {
    expect(await calls(retrieval, all)).toBe(6 + 2);
  });
  test('only those of paid models', async () => {
    expect(await calls(retrieval, isPaid)).toBe(0);
    expect(await calls(answers, isPaid)).toBe(0);
    const paid = await calls(beforeRelease, isPaid);
    expect(paid).toBeGreaterThan(0);
    expect(paid).toBeLessThan(await calls(beforeRelease, all));
  });
});
