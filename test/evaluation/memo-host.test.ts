/** Which calls an evaluation's walks share, and what is known of each. The attempts are the conformance suite's matter. */
import { describe, expect, it } from 'vitest';
import { type Attempted, type AttemptRequest, createSlots } from '../../src/evaluation/attempts.ts';
import { openMemo } from '../../src/evaluation/memo/memo.ts';
import { createMemoHost, type MemoHostOptions } from '../../src/evaluation/memo-host.ts';
import type { Json, Plan } from '../../src/plan/plan.ts';
import { skeleton } from '../../src/plan/skeleton.ts';
import { walk } from '../../src/plan/walk.ts';
import { map, plan, repeat, step } from '../plan/by-hand.ts';
import { createMemoryTable } from './memo/memory-table.ts';

const NOTHING = { digest: 'd', snapshot: null };

/** Each call gives its number, so that sharing is seen. */
function createScene() {
  const table = createMemoryTable();
  const made: AttemptRequest[] = [];
  const attempt = async (request: AttemptRequest): Promise<Attempted> => {
    made.push(request);
    return { value: { x: `${request.step} ${made.length}`, done: made.length > 1, note: '' } };
  };
  /** A chunk of its own. */
  async function begin(more: Partial<MemoHostOptions> = {}) {
    const memo = await openMemo(table);
    const shared = { memo, slots: createSlots(4), runId: 'eval-1', identify: () => NOTHING, attempt };
    const host = createMemoHost({ ...shared, ...more });
    const run = async (of: Plan, { slot, input = {} }: { slot?: string; input?: Json } = {}) => {
      const { execute, calls, recorded } = host.begin(slot);
      const { output, finished } = walk(of, input, execute);
      const { outcome, error } = await finished;
      return { outcome, error, calls, recorded, output: await output.catch(() => undefined) };
    };
    return { memo, run };
  }
  return { table, made, begin };
}

/** A prefix that variants share, and an end of their own. */
const variant = (topN: number): Plan => {
  const last = step('last', { x: 'first.x' });
  return plan([step('first', { q: 'input.q' }), { ...last, call: { step: 'last@1', config: { topN } } }], {
    first: 'first.x',
    last: 'last.x',
  });
};

describe('walks over one memo', () => {
  it('make what is equal once, and what differs each', async () => {
    const { made, begin } = createScene();
    const { run } = await begin();
    const input = { q: 'why?' };
    const [one, other] = await Promise.all([run(variant(1), { input }), run(variant(2), { input })]);
    expect(made.map(({ step: name }) => name)).toEqual(['first@1', 'last@1', 'last@1']);
    expect(one.output).toMatchObject({ first: 'first@1 1' });
    expect(other.output).toMatchObject({ first: 'first@1 1' });
    expect([one, other].map(({ calls }) => calls.map(({ key, source }) => [key, source]))).toEqual([
      [
        ['first', 'made'],
        ['last', 'made'],
      ],
      [
        ['first', 'joined'],
        ['last', 'made'],
      ],
    ]);
    await run(variant(1), { input: { q: 'how?' } });
    expect(made).toHaveLength(5);
  });

  it('find what earlier chunks have stored, with its cost, time and attempts as they were', async () => {
    const { made, begin } = createScene();
    const earlier = await begin();
    const [before] = (await earlier.run(variant(1), { input: { q: 'why?' } })).calls;
    await earlier.memo.close();
    const later = await begin({ runId: 'eval-2' });
    const [after] = (await later.run(variant(1), { input: { q: 'why?' } })).calls;
    expect(made).toHaveLength(2);
    expect(after).toEqual({ ...before, source: 'stored', runId: 'eval-1' });
  });

  it('keep what each call gave beside what is known of it, also where another has made it', async () => {
    const { begin } = createScene();
    const { run } = await begin();
    await run(variant(1));
    const { calls, recorded, output } = await run(variant(2));
    expect([...recorded].map(([name, { durationMs }]) => [name, durationMs])).toEqual(
      calls.map(({ key, call, durationMs }) => [`${key} ${call}`, durationMs]),
    );
    const outcomeOf = (name: string) => recorded.get(name)?.outcome;
    expect(outcomeOf('first step')).toMatchObject({ value: { x: (output as { first: string }).first } });
    expect(outcomeOf('last step')).toMatchObject({ value: { x: (output as { last: string }).last } });
    expect(JSON.stringify(calls)).not.toContain('"value"');
  });

  it('make calls anew for another slot, implementation or snapshot', async () => {
    const { made, begin } = createScene();
    const { run, memo } = await begin();
    await run(variant(1));
    await run(variant(1), { slot: 'repeat 2' });
    await memo.close();
    for (const identity of [
      { digest: 'e', snapshot: null },
      { digest: 'd', snapshot: 'docs@2' },
    ])
      await (await begin({ identify: () => identity })).run(variant(1));
    expect(made).toHaveLength(8);
  });

  it('make equal calls of one walk each for itself, and share them with those of others by their order', async () => {
    const { made, begin } = createScene();
    const { run } = await begin();
    const twice = plan([map('each', 'input.list', [step('item')], 'item.x'), repeat('loop', [step('draft')])], {
      all: 'each',
      draft: 'loop.draft.x',
    });
    const input = { list: [0, 1] };
    const { output } = await run(twice, { input });
    const of = (name: string) => made.filter(({ step: each }) => each === name).length;
    expect([of('item@1'), new Set((output as { all: string[] }).all).size]).toEqual([2, 2]);
    const total = made.length;
    expect((await run(twice, { input })).output).toEqual(output);
    expect(made).toHaveLength(total);
  });

  it('name their calls so that those to providers are found, and told apart', async () => {
    const { made, begin } = createScene();
    const { run } = await begin();
    const { calls } = await run(variant(1));
    await run(variant(2));
    const names = made.map(({ runId, key }) => [runId, key]);
    expect(new Set(names.map(String)).size).toBe(3);
    expect(names.slice(0, 2)).toEqual(calls.map(({ runId, callKey }) => [runId, callKey]));
    expect(names[0]).toEqual(['eval-1', expect.stringMatching(/^first#[0-9a-f]{16}$/)]);
  });

  it('fail with the step’s own failure, and say whether it might have passed', async () => {
    const { begin } = createScene();
    const { run } = await begin({
      attempt: async () => ({
        failure: { code: 'content_refused', message: 'no', details: { why: 'x' }, retryable: false, lasts: true },
      }),
    });
    const { outcome, error, calls } = await run(variant(1));
    expect(outcome).toBe('failed');
    expect(error).toMatchObject({ key: 'first', code: 'content_refused', message: 'no', details: { why: 'x' } });
    expect(error?.cause).toMatchObject({ retryable: false });
    expect(calls).toMatchObject([{ key: 'first', outcome: 'failed', source: 'made' }]);
  });

  it('refuse a skeleton, whose configs are elsewhere', async () => {
    const { made, begin } = createScene();
    const { error } = await (await begin()).run(skeleton(variant(1)));
    expect([error?.code, made]).toEqual(['config_absent', []]);
  });
});
