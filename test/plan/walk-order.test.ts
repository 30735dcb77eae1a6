/** When things run, decision by decision. */
import { describe, expect, it } from 'vitest';
import { begin, branch, map, plan, repeat, step, wire } from './by-hand.ts';

describe('when things run', () => {
  it('semantics 16: a node starts when its refs are known, also inside a loop whose other inputs are not', async () => {
    const loop = repeat('loop', [step('early'), step('draft', { slow: 'slow.x', early: 'early.x' })]);
    const run = await begin(plan([step('slow'), loop, step('after', { early: 'loop.early.x' })]));
    expect(run.underWay()).toEqual(['slow', 'early[1]']);
    await run.succeed('slow', { x: 1 });
    expect(run.underWay()).toEqual(['early[1]']);
    await run.succeed('early[1]', { x: 2 });
    expect(run.underWay()).toEqual(['draft[1]']);
  });

  it('semantics 16: a reader of a loop waits for what it reads of it, not for all of it', async () => {
    const nodes = [step('draft'), step('log')];
    const run = await begin(
      plan([repeat('loop', nodes), step('after', { draft: 'loop.draft' })], { text: 'loop.draft.text' }),
    );
    await run.succeed('draft[1]', { done: true, text: 'x' });
    expect(run.underWay()).toEqual(['log[1]', 'after']);
    expect(run.output()).toEqual({ text: 'x' });
  });

  it('semantics 17: a node that nobody reads runs, in every scope that is entered', async () => {
    const arm = { nodes: [step('inArm')], yields: { $value: null } };
    const nodes = [
      step('alone'),
      branch('b', 'input.yes', arm, arm),
      map('m', 'input.list', [step('inItem')], 'm:item'),
    ];
    const run = await begin(plan(nodes), { yes: true, list: [0] });
    expect(run.underWay()).toEqual(['alone', 'inArm', 'inItem[0]']);
  });

  it('semantics 18: a branch waits for its condition alone; of the other arm there is no node run', async () => {
    const taken = { nodes: [step('quick'), step('late', { x: 'slow.x' })], yields: wire({ x: 'quick.x' }) };
    const other = { nodes: [step('never')], yields: wire({ x: 'never.x' }) };
    const run = await begin(plan([step('slow'), branch('b', 'input.yes', taken, other)], { x: 'b.x' }), { yes: true });
    expect(run.underWay()).toEqual(['slow', 'quick']);
    await run.succeed('quick', { x: 1 });
    expect(run.output()).toEqual({ x: 1 });
    await run.succeed('slow', { x: 2 });
    await run.succeed('late');
    expect(await run.outcomes()).toEqual({ slow: 'completed', b: 'completed', quick: 'completed', late: 'completed' });
  });

  it('semantics 19: the output is known as soon as its refs are; the run ends when every node has', async () => {
    const run = await begin(plan([step('answer'), step('log', { answer: 'answer' })], { text: 'answer.text' }));
    let finished = false;
    void run.result().then(() => {
      finished = true;
    });
    await run.succeed('answer', { text: 'x' });
    expect(run.output()).toEqual({ text: 'x' });
    expect(finished).toBe(false);
    await run.succeed('log');
    expect(finished).toBe(true);
  });

  it('semantics 20: a map has `concurrency` items under way, started in order', async () => {
    const each = map('each', 'input.list', [step('one')], 'one', { concurrency: 2 });
    const run = await begin(plan([each]), { list: [0, 1, 2, 3] });
    expect(run.underWay()).toEqual(['one[0]', 'one[1]']);
    await run.succeed('one[1]');
    expect(run.underWay()).toEqual(['one[0]', 'one[2]']);
    await run.succeed('one[2]');
    expect(run.underWay()).toEqual(['one[0]', 'one[3]']);
  });

  it('semantics 20: over `max`, truncate keeps the first and flags it', async () => {
    const each = map('each', 'input.list', [step('one', { x: 'each:item' })], 'one.x', { max: 2 });
    const run = await begin(plan([each], { all: 'each' }), { list: ['a', 'b', 'c'] });
    await run.succeed('one[0]', { x: 'a' });
    await run.succeed('one[1]', { x: 'b' });
    expect(run.output()).toEqual({ all: ['a', 'b'] });
    expect(await run.outcomes()).toEqual({ each: 'truncated', 'one[0]': 'completed', 'one[1]': 'completed' });
    expect((await run.result()).outcome).toBe('degraded');
  });

  it('semantics 20: over `max`, fail fails, and an empty list is an empty result', async () => {
    const each = map('each', 'input.list', [step('one')], 'one', { max: 2, whenOver: 'fail' });
    const over = await begin(plan([each], { all: 'each' }), { list: ['a', 'b', 'c'] });
    expect((await over.result()).error).toMatchObject({ key: 'each', code: 'MapTooLong' });
    const empty = await begin(plan([each], { all: 'each' }), { list: [] });
    expect(empty.output()).toEqual({ all: [] });
  });

  it('semantics 21: after `max` rounds, keep-last gives the last one, flagged; fail fails', async () => {
    for (const whenExhausted of ['keep-last', 'fail'] as const) {
      const run = await begin(
        plan([repeat('loop', [step('draft')], { max: 2, whenExhausted })], { n: 'loop.draft.n' }),
      );
      await run.succeed('draft[1]', { n: 1, done: false, note: '' });
      await run.succeed('draft[2]', { n: 2, done: false, note: '' });
      const { outcome, error } = await run.result();
      if (whenExhausted === 'keep-last') expect([outcome, run.output()]).toEqual(['degraded', { n: 2 }]);
      else expect([outcome, error?.code, error?.key]).toEqual(['failed', 'LoopExhausted', 'loop']);
      expect((await run.outcomes()).loop).toBe(whenExhausted === 'keep-last' ? 'exhausted' : 'failed');
    }
  });

  it('semantics 22: a later round that breaks leaves the one before standing', async () => {
    const run = await begin(
      plan([repeat('loop', [step('draft'), step('check', { x: 'draft' })])], { n: 'loop.draft.n', c: 'loop.check.c' }),
    );
    await run.succeed('draft[1]', { n: 1, done: false, note: '' });
    await run.succeed('check[1]', { c: 1 });
    await run.succeed('draft[2]', { n: 2, done: true });
    await run.fail('check[2]');
    expect(run.output()).toEqual({ n: 1, c: 1 });
    expect(await run.outcomes()).toMatchObject({ loop: 'exhausted', 'draft[2]': 'completed', 'check[2]': 'failed' });
  });

  it('semantics 22: the first round breaking fails the loop, and so does any under fail', async () => {
    const first = await begin(plan([repeat('loop', [step('draft')])], { n: 'loop.draft.n' }));
    await first.fail('draft[1]');
    expect((await first.result()).outcome).toBe('failed');
    expect(await first.outcomes()).toEqual({ loop: 'blocked', 'draft[1]': 'failed' });
    const strict = await begin(
      plan([repeat('loop', [step('draft')], { whenExhausted: 'fail' })], { n: 'loop.draft.n' }),
    );
    await strict.succeed('draft[1]', { n: 1, done: false, note: '' });
    await strict.fail('draft[2]');
    expect((await strict.result()).outcome).toBe('failed');
  });

  it('semantics 22: where only the carry breaks, the round itself is complete and stands', async () => {
    const loop = repeat('loop', [step('draft'), step('advice', { x: 'draft' })], {
      carry: wire({ note: 'advice.note' }),
    });
    const run = await begin(plan([loop], { n: 'loop.draft.n' }));
    await run.succeed('draft[1]', { n: 1, done: false });
    await run.fail('advice[1]');
    expect([run.output(), (await run.result()).outcome]).toEqual([{ n: 1 }, 'degraded']);
  });
});
