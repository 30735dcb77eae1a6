import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { definePipeline, defineStep } from '../../src/index.ts';
import { findNode } from '../../src/plan/nodes.ts';
import type { StepNode } from '../../src/plan/plan.ts';
import {
  countHits,
  fuse,
  keepOrder,
  keywordSearch,
  Passages,
  Question,
  rerank,
  supportBot,
  understand,
} from './example.ts';

const base = definePipeline('p', Question).step('first', understand, ({ input }) => ({ question: input.question }));

/** The chain for callers without types: what is wrong is for the definition to find. */
interface Loose {
  step(id: string, step: unknown, wire: unknown, config?: unknown, options?: unknown): Loose;
  output(schema: unknown, wire: unknown): { readonly plan: typeof supportBot.plan };
}
const loose = base as unknown as Loose;
type Scope = { first: { answerable: unknown; queries: unknown; standalone: unknown } };
const query = ({ first }: Scope) => ({ query: first.standalone });
const passages = () => ({ passages: [] });
const pure = { attempts: 1, timeout: '1 second' } as const;

/** The node that a step becomes with these options. */
function placed(step: unknown, wire: unknown, options: unknown, config: unknown = {}): StepNode {
  const { plan } = loose.step('node', step, wire, config, options).output(z.object({}), () => ({}));
  return findNode(plan, 'node') as StepNode;
}

describe('config is laid over what .with set, over the defaults', () => {
  test('and is whole in the plan', () => {
    expect(placed(rerank, () => ({ query: '', passages: [] }), {}).call).toEqual({
      step: 'rerank@2',
      config: { topN: 5, model: 'local/lexical' },
    });
    const set = rerank.with({ topN: 7, model: 'local/other' });
    expect(placed(set, () => ({ query: '', passages: [] }), {}, { topN: 9 }).call.config).toEqual({
      topN: 9,
      model: 'local/other',
    });
  });

  test.each<[string, unknown, string]>([
    ['a misspelt key', { topk: 3 }, "node 'node': the config of 'keywordSearch@3' has no 'topk'"],
    ['another kind', { topK: 'many' }, "node 'node': ✖ Invalid input: expected number, received string"],
    ['no object', 3, "node 'node': the config of 'keywordSearch@3' is 3"],
  ])('%s is refused', (_what, config, message) => {
    expect(() => placed(keywordSearch, query, {}, config)).toThrow(message);
  });

  test('a misspelt key is refused at any depth, also in .with', () => {
    const config = z.object({ search: z.object({ topK: z.int().default(3) }).default({ topK: 3 }) });
    const deep = defineStep('deep', {
      version: 1,
      input: z.object({}),
      output: z.object({}),
      config,
      effect: 'read',
      policy: pure,
    });
    expect(() => placed(deep, () => ({}), {}, { search: { topk: 4 } })).toThrow(
      "node 'node': the config of 'deep@1', 'search' has no 'topk'",
    );
    // @ts-expect-error misspelt
    expect(() => deep.with({ search: { topk: 4 } })).toThrow("step 'deep'.with, 'search' has no 'topk'");
    expect(placed(deep.with({ search: { topK: 4 } }), () => ({}), {}).call.config).toEqual({ search: { topK: 4 } });
  });

  test('a required key that nobody gives is refused', () => {
    const config = z.object({ model: z.string() });
    const needs = defineStep('needs', {
      version: 1,
      input: z.object({}),
      output: z.object({}),
      config,
      effect: 'read',
      policy: pure,
    });
    expect(() => placed(needs, () => ({}), {})).toThrow(
      "node 'node': ✖ Invalid input: expected string, received undefined",
    );
    expect(placed(needs.with({ model: 'local/x' }), () => ({}), {}).call.config).toEqual({ model: 'local/x' });
  });
});

describe("a node's policy is its step's, under its own options", () => {
  test('in milliseconds, each option on its own', () => {
    const backoff = { firstMs: 1_000, factor: 2, maxMs: 30_000 };
    expect(placed(keywordSearch, query, {}).policy).toEqual({
      attempts: 4,
      timeoutMs: 2_000,
      backoff,
      lane: 'activity',
    });
    expect(placed(keywordSearch, query, { attempts: 1 }).policy).toMatchObject({ attempts: 1, timeoutMs: 2_000 });
    expect(placed(keywordSearch, query, { timeout: '3 seconds', taskQueue: 'gpu' }).policy).toEqual({
      ...{ attempts: 4, timeoutMs: 3_000, backoff, lane: 'activity' },
      ...{ heartbeatMs: 3_000, beats: 'timer', taskQueue: 'gpu' },
    });
    expect(placed(keywordSearch, query, { heartbeat: '1 second', beats: 'progress' }).policy).toMatchObject({
      heartbeatMs: 1_000,
      beats: 'progress',
    });
  });

  test.each<[object, string]>([
    [{ retries: 3 }, "node 'node' has no 'retries'"],
    [{ attempts: 0 }, "node 'node': attempts is 0"],
    [{ attempts: 101 }, "node 'node': attempts is 101"],
    [{ timeout: '30s' }, "node 'node': timeout is '30s', which is no duration"],
    [{ timeout: '25 hours' }, "node 'node': timeout is '25 hours'"],
    [{ taskQueue: ' ' }, "node 'node': taskQueue is ' '"],
    [{ lane: 'fast' }, "node 'node': lane is 'fast'"],
  ])('%j is refused', (options, message) => {
    expect(() => placed(keywordSearch, query, options)).toThrow(message);
  });

  test('only a step can be placed', () => {
    expect(() => placed('rerank', query, {})).toThrow("node 'node' is given 'rerank' as its step");
    expect(() => placed(keywordSearch, query, { fallback: {} })).toThrow(
      "node 'node': fallback is given an object as its step",
    );
  });
});

describe('semantics 23: the order of help is attempts, fallback, orElse', () => {
  test('the fallback has the same policy and its own config, by .with', () => {
    const ranked = findNode(supportBot.plan, 'ranked') as StepNode;
    expect(ranked.fallback).toEqual({ step: 'keepOrder@1', config: { topN: 8 } });
    expect(Object.keys(ranked.fallback!)).toEqual(['step', 'config']);
  });

  test('a fallback is another step, or the same one configured differently', () => {
    const same = "node 'node': its fallback is the same step with the same config";
    expect(() => placed(keywordSearch, query, { fallback: keywordSearch })).toThrow(same);
    expect(() => placed(keywordSearch, query, { fallback: keywordSearch.with({ topK: 3 }) }, { topK: 3 })).toThrow(
      same,
    );
    expect(placed(keywordSearch, query, { fallback: keywordSearch.with({ topK: 3 }) }).fallback).toMatchObject({
      config: { topK: 3 },
    });
  });

  test('a fallback takes what is wired and produces what others read', () => {
    // @ts-expect-error nothing supplies 'passages'
    expect(() => base.step('node', keywordSearch, query as never, {}, { fallback: rerank })).toThrow(
      "node 'node' is not wired to supply 'passages'",
    );
    const nothing = defineStep('nothing', {
      version: 1,
      input: z.object({}),
      output: z.object({}),
      effect: 'read',
      policy: pure,
    });
    // @ts-expect-error it produces no 'passages'
    expect(() => base.step('node', keywordSearch, query as never, {}, { fallback: nothing })).toThrow(
      "node 'node' must still produce 'passages' at its old type",
    );
    // @ts-expect-error its 'passages' are a number
    base.step('node', keywordSearch, query as never, {}, { fallback: countHits });
    const strict = defineStep('strict', {
      version: 1,
      input: z.strictObject({ passages: keepOrder.input.shape.passages as never }),
      output: Passages,
      effect: 'read',
      policy: pure,
    });
    expect(() => placed(rerank, () => ({ query: '', passages: [] }), { fallback: strict })).toThrow(
      "node 'node' is wired to supply 'query', which 'strict@1' refuses",
    );
  });

  test('orElse is a value that the output schema accepts', () => {
    expect(placed(keywordSearch, query, { orElse: { passages: [] } }).orElse).toEqual({ passages: [] });
    for (const [orElse, message] of [
      [{ passages: 'none' }, 'orElse: ✖ Invalid input: expected array, received string'],
      [{}, "orElse is not wired to supply 'passages'"],
      [{ passages: [], more: 1 }, "orElse has no input 'more'"],
      [null, 'orElse: ✖ Invalid input: expected object, received null'],
    ] as const)
      expect(() => placed(keywordSearch, query, { orElse })).toThrow(`node 'node': ${message}`);
    base.step('leak', keywordSearch, ({ first }) => {
      expect(() => placed(keepOrder, passages, { orElse: { passages: first.queries } })).toThrow('orElse holds a ref');
      return { query: first.standalone };
    });
  });
});

describe("semantics 31: 'when' requires 'orElse'", () => {
  const when = ({ first }: Scope) => first.answerable;

  test('so that readers never meet "no value"', () => {
    const only = { when: ({ first }: never) => (first as { answerable: never }).answerable };
    // @ts-expect-error there is no orElse
    expect(() => base.step('node', keywordSearch, query as never, {}, only)).toThrow(
      "node 'node': 'when' needs 'orElse'",
    );
    expect(placed(keywordSearch, query, { when, orElse: { passages: [] } })).toMatchObject({
      when: { $from: ['first', 'answerable'] },
      orElse: { passages: [] },
    });
  });

  test('and is a ref to a boolean', () => {
    for (const wrong of [({ first }: Scope) => first.queries, () => true])
      expect(() => placed(keywordSearch, query, { when: wrong, orElse: { passages: [] } })).toThrow(
        "node 'node': when is no ref to a boolean",
      );
  });
});

test('semantics 33: containers have no helps of their own', () => {
  const over = ({ first }: Scope) => first.queries;
  const map = (options: object) => () =>
    (loose as unknown as { map(...given: unknown[]): unknown }).map(
      'each',
      z.string(),
      over,
      { max: 2, concurrency: 1, whenOver: 'fail', ...options },
      (each: { yield(wire: unknown): unknown }) => each.yield(() => 'x'),
    );
  expect(map({})).not.toThrow();
  expect(map({ orElse: [] })).toThrow("map 'each' has no 'orElse'");
  expect(map({ fallback: fuse })).toThrow("map 'each' has no 'fallback'");
});

describe('semantics 34: the local lane is for pure steps, without heartbeat and task queue', () => {
  test('a pure step may be there, and then has no heartbeat whatever its timeout', () => {
    expect(placed(keepOrder, passages, { lane: 'local', timeout: '10 seconds' }).policy).toEqual({
      attempts: 1,
      timeoutMs: 10_000,
      backoff: { firstMs: 1_000, factor: 2, maxMs: 30_000 },
      lane: 'local',
    });
  });

  test('a step with effects may not, as a fallback neither', () => {
    const message = "lane 'local' needs a step that declares effect: 'none'";
    // @ts-expect-error it has effects
    expect(() => base.step('node', keywordSearch, query as never, {}, { lane: 'local' })).toThrow(
      `node 'node': ${message}`,
    );
    const external = defineStep('external', {
      version: 1,
      input: keepOrder.input,
      output: Passages,
      effect: 'read',
      policy: pure,
    });
    expect(() => placed(keepOrder, passages, { lane: 'local', fallback: external })).toThrow(
      `node 'node': fallback: ${message}`,
    );
  });

  test.each([{ heartbeat: '1 second' }, { taskQueue: 'gpu' }])(
    'nor with %j, from the place or from the step',
    (asked) => {
      const message = "node 'node': lane 'local' has neither heartbeat nor taskQueue";
      expect(() => placed(keepOrder, passages, { lane: 'local', ...asked })).toThrow(message);
      const asking = defineStep('asking', {
        version: 1,
        input: keepOrder.input,
        output: Passages,
        effect: 'none',
        policy: { ...pure, ...(asked as { taskQueue?: string }) },
      });
      expect(() => placed(asking, passages, { lane: 'local' })).toThrow(message);
    },
  );
});
