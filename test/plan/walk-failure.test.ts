/** The semantics of failure, number by number (docs/semantics.md). */
import { describe, expect, it } from 'vitest';
import { BUDGET_EXCEEDED, EVALUATION_BUDGET, STEP_INPUT_INVALID } from '../../src/plan/walk.ts';
import { begin, branch, from, map, plan, repeat, step } from './by-hand.ts';

const spare = { fallback: { step: 'spare@1', config: {} } };

describe('failure', () => {
  it('semantics 23: the fallback is called when the call has failed, then orElse is taken', async () => {
    const one = plan([step('search', { q: 'input.q' }, { ...spare, orElse: { hits: [] } })], { hits: 'search.hits' });
    const helped = await begin(one, { q: 'x' });
    await helped.fail('search');
    expect(helped.inputOf('search fallback')).toEqual({ q: 'x' });
    await helped.succeed('search fallback', { hits: [1] });
    expect(helped.output()).toEqual({ hits: [1] });
    expect((await helped.result()).nodes[0]).toMatchObject({
      outcome: 'fallback',
      call: 'fallback',
      error: { message: 'search broke' },
    });
    const hopeless = await begin(one, { q: 'x' });
    await hopeless.fail('search');
    await hopeless.fail('search fallback');
    expect(hopeless.output()).toEqual({ hits: [] });
    expect((await hopeless.result()).nodes[0]).toMatchObject({ outcome: 'or-else', call: 'fallback' });
  });

  it('semantics 24: help and limits degrade a run, skipping does not', async () => {
    const skipped = await begin(plan([step('s', {}, { when: from('input.no'), orElse: { x: 0 } })], { x: 's.x' }), {
      no: false,
    });
    expect((await skipped.result()).outcome).toBe('completed');
    const helped = await begin(plan([step('s', {}, { orElse: { x: 0 } })], { x: 's.x' }));
    await helped.fail('s');
    expect((await helped.result()).outcome).toBe('degraded');
  });

  it('semantics 25: a needed node fails the run; a failed log degrades it and loses no answer', async () => {
    const nodes = [step('answer'), step('log', { answer: 'answer' })];
    const lost = await begin(plan(nodes, { text: 'answer.text' }));
    await lost.fail('answer');
    expect(await lost.result()).toMatchObject({ outcome: 'failed', error: { node: 'answer', code: 'StepFailed' } });
    const logless = await begin(plan(nodes, { text: 'answer.text' }));
    await logless.succeed('answer', { text: 'x' });
    await logless.fail('log');
    expect([logless.output(), (await logless.result()).outcome]).toEqual([{ text: 'x' }, 'degraded']);
  });

  it.each(['before', 'after'])(
    'semantics 25: what the taken way does not read fails nothing, %s the way is known',
    async (when) => {
      const nodes = [
        step('hyde'),
        step('route'),
        step('search', { q: 'hyde.q' }, { when: from('route.useHyde'), orElse: { hits: [] } }),
      ];
      const run = await begin(plan(nodes, { hits: 'search.hits' }));
      if (when === 'before') await run.fail('hyde');
      await run.succeed('route', { useHyde: false });
      if (when === 'after') await run.fail('hyde');
      expect([run.output(), (await run.result()).outcome]).toEqual([{ hits: [] }, 'degraded']);
      expect(await run.outcomes()).toEqual({ hyde: 'failed', route: 'completed', search: 'skipped' });
    },
  );

  it('semantics 26: siblings of a failed needed node are cancelled at once, up to the scope that can still deliver', async () => {
    const loop = repeat('loop', [step('draft'), step('other')], { until: from('draft.done') });
    const run = await begin(plan([loop, step('beside')], { n: 'loop.draft.n', o: 'loop.other.n', b: 'beside.n' }));
    await run.succeed('draft[1]', { n: 1, done: false, note: '' });
    await run.succeed('other[1]', { n: 1 });
    await run.fail('draft[2]');
    expect(run.underWay()).toEqual(['beside']); // other[2] was cancelled with its round, and the run goes on
    await run.fail('beside');
    expect(await run.outcomes()).toMatchObject({
      'draft[2]': 'failed',
      'other[2]': 'cancelled',
      loop: 'exhausted',
      beside: 'failed',
    });
  });

  it('semantics 26: a call that the same failure makes useless is never started', async () => {
    const yes = { nodes: [step('use', { s: 'shared.x' })], yields: from('use.x') };
    const no = { nodes: [], yields: { $value: 0 } };
    const loop = repeat('loop', [step('draft'), branch('b', 'draft.again', yes, no)]);
    const nodes = [step('shared'), loop, step('after', { b: 'loop.b' })];
    const run = await begin(plan(nodes, { after: 'after.x', shared: 'shared.x' }));
    await run.succeed('draft[1]', { done: false, again: false, note: '' });
    await run.succeed('draft[2]', { done: true, again: true });
    await run.fail('shared'); // breaks the second round, so that 'after' could start, and the run, so that it must not
    expect(await run.outcomes()).toMatchObject({ loop: 'exhausted', after: 'cancelled' });
    expect(run.made.map(({ key }) => key)).toEqual(['shared', 'draft[1]', 'draft[2]']);
  });

  it('semantics 27: siblings of a failed unneeded node go on; only its readers are blocked', async () => {
    const nodes = [step('log'), step('logged', { x: 'log' }), step('answer')];
    const run = await begin(plan(nodes, { text: 'answer.text' }));
    await run.fail('log');
    expect(run.underWay()).toEqual(['answer']);
    await run.succeed('answer', { text: 'x' });
    expect(await run.outcomes()).toEqual({ log: 'failed', logged: 'blocked', answer: 'completed' });
  });

  it('semantics 28: one culprit is failed, who waited is blocked, who was under way is cancelled', async () => {
    const each = map('each', 'input.list', [step('one'), step('two', { x: 'one' })], 'two');
    const run = await begin(
      plan([each, step('beside'), step('after', { x: 'each' })], { x: 'after.x', b: 'beside.x' }),
      { list: [0, 1] },
    );
    await run.fail('one[0]');
    expect(await run.outcomes()).toEqual({
      each: 'blocked',
      beside: 'cancelled',
      after: 'blocked',
      'one[0]': 'failed',
      'two[0]': 'blocked',
      'one[1]': 'cancelled',
      'two[1]': 'cancelled',
    });
    const { nodes } = await run.result();
    expect(nodes.every(({ error }) => error?.key === 'one[0]')).toBe(true);
  });

  it('semantics 29: an input that its schema refuses is helped by nothing', async () => {
    const draft = step('draft', {}, { ...spare, orElse: { done: true } });
    const run = await begin(plan([repeat('loop', [draft])], { n: 'loop.draft.n' }));
    await run.succeed('draft[1]', { done: false, note: '' });
    await run.fail('draft[2]', STEP_INPUT_INVALID);
    expect(await run.result()).toMatchObject({
      outcome: 'failed',
      error: { key: 'draft[2]', code: STEP_INPUT_INVALID },
    });
    expect(run.made.map(({ call }) => call)).toEqual(['step', 'step']);
  });

  it.each([BUDGET_EXCEEDED, EVALUATION_BUDGET])('%s is hidden by no fallback, value or earlier round', async (code) => {
    const draft = step('draft', {}, { ...spare, orElse: { done: true } });
    const run = await begin(plan([repeat('loop', [draft])], { n: 'loop.draft.n' }));
    await run.succeed('draft[1]', { done: false, note: '' });
    await run.fail('draft[2]', code);
    expect(await run.result()).toMatchObject({ outcome: 'failed', error: { key: 'draft[2]', code } });
    expect(run.made.map(({ call }) => call)).toEqual(['step', 'step']);
  });

  it.each([
    ['mistake first', ['draft[2]', 'other[2]'], 'failed'],
    ['mistake second, so never met', ['other[2]', 'draft[2]'], 'degraded'],
  ] as const)(
    'semantics 29: a later round that breaks twice is judged by the first failure: %s',
    async (_, order, outcome) => {
      const loop = repeat('loop', [step('draft'), step('other')]);
      const run = await begin(plan([loop], { n: 'loop.draft.n', o: 'loop.other.n' }));
      await run.succeed('draft[1]', { n: 1, done: false, note: '' });
      await run.succeed('other[1]', { n: 1 });
      const first = order[0];
      await run.fail(first, first === 'draft[2]' ? STEP_INPUT_INVALID : undefined);
      expect((await run.result()).outcome).toBe(outcome);
      expect((await run.outcomes())[order[1]]).toBe('cancelled');
    },
  );

  it('semantics 29: nor is a condition that is no boolean', async () => {
    const when = await begin(plan([step('s', {}, { when: from('input.x'), orElse: {} })], { s: 's' }), { x: 'yes' });
    const until = await begin(plan([repeat('loop', [step('draft')])], { n: 'loop.draft.n' }));
    await until.succeed('draft[1]', { done: null });
    const arm = { nodes: [], yields: { $value: 1 } };
    const taken = await begin(plan([branch('b', 'input.x', arm, arm)], { b: 'b' }), {});
    for (const run of [when, until, taken]) {
      expect((await run.result()).error?.code).toBe('ConditionNotBoolean');
    }
  });

  it('semantics 30: cancelled from outside, no help is sought and the run is cancelled', async () => {
    const run = await begin(plan([step('a', {}, { ...spare, orElse: { x: 1 } }), step('b', { x: 'a' })], { x: 'a.x' }));
    const signal = run.made[0]?.signal;
    await run.cancel();
    expect(signal?.aborted).toBe(true);
    expect(await run.result()).toMatchObject({ outcome: 'cancelled' });
    expect(await run.outcomes()).toEqual({ a: 'cancelled', b: 'cancelled' });
    await expect(run.walking.output).rejects.toMatchObject({ outcome: 'cancelled', error: { code: 'Cancelled' } });
    expect(run.made.length).toBe(1);
  });

  it('semantics 31: where `when` is false the node is skipped at once, and its readers get orElse', async () => {
    const nodes = [
      step('slow'),
      step('s', { x: 'slow' }, { when: from('input.no'), orElse: { x: 'spare' } }),
      step('r', { x: 's.x' }),
    ];
    const run = await begin(plan(nodes, { r: 'r.x' }), { no: false });
    expect(run.underWay()).toEqual(['slow', 'r']);
    expect(run.inputOf('r')).toEqual({ x: 'spare' });
  });

  it('semantics 33: help inside a map is per item, and the map itself needs none', async () => {
    const each = map('each', 'input.list', [step('one', {}, { orElse: { x: 'spare' } })], 'one.x');
    const run = await begin(plan([each], { all: 'each' }), { list: [0, 1] });
    await run.fail('one[0]');
    await run.succeed('one[1]', { x: 'real' });
    expect(run.output()).toEqual({ all: ['spare', 'real'] });
    expect(await run.outcomes()).toMatchObject({ each: 'completed', 'one[0]': 'or-else', 'one[1]': 'completed' });
  });
});
