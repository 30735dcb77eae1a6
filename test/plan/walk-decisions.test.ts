/** The semantics of running, decision by decision. */
import { describe, expect, it } from 'vitest';
import { STEP_INPUT_INVALID } from '../../src/plan/walk.ts';
import { begin, branch, from, map, plan, repeat, step, wire } from './by-hand.ts';

const spare = { fallback: { step: 'spare@1', config: {} } };

describe('names', () => {
  it('decision 4: each carry and item is named by its owner, also inside another one', async () => {
    const inner = map('inner', 'outer:item.words', [step('join', { a: 'outer:item.name', b: 'inner:item' })], 'join');
    const run = await begin(plan([map('outer', 'input.list', [inner], 'inner')]), {
      list: [{ name: 'x', words: ['p', 'q'] }],
    });
    expect(run.inputOf('join[0][1]')).toEqual({ a: 'x', b: 'q' });
  });

  it('decision 5: a key holds rounds from 1 and items from 0, outermost first', async () => {
    const loop = repeat('loop', [step('draft'), map('each', 'input.list', [step('part')], 'part')]);
    const run = await begin(plan([loop]), { list: ['a', 'b'] });
    await run.succeed('draft[1]', { done: false, note: 'again' });
    expect(run.underWay()).toEqual(['part[1][0]', 'part[1][1]', 'draft[2]', 'part[2][0]', 'part[2][1]']);
    await run.cancel();
    expect(Object.keys(await run.outcomes())).toContain('each[2]');
  });
});

describe('wiring', () => {
  it('decision 7: an absent value leaves its key out', async () => {
    const run = await begin(
      plan([step('ask', { q: 'input.q', history: 'input.history' })], { note: 'ask.note', at: 'ask.at' }),
      {
        q: 'why?',
      },
    );
    expect(run.inputOf('ask')).toEqual({ q: 'why?' });
    await run.succeed('ask', { at: 1 });
    expect(run.output()).toEqual({ at: 1 });
  });

  it('decision 7: a value that must be there is a typed failure, which no orElse hides', async () => {
    const run = await begin(
      plan([step('ask'), step('use', { x: { $list: [from('ask.gone')] } }, { orElse: {}, ...spare })], { x: 'use.x' }),
    );
    await run.succeed('ask', {});
    const { outcome, error } = await run.result();
    expect(outcome).toBe('failed');
    expect(error).toMatchObject({ node: 'use', key: 'use', code: 'WiringAbsent' });
    expect(run.made.map(({ key }) => key)).toEqual(['ask']);
  });
});

describe('what outside sees of what is inside', () => {
  it('decision 11: a branch is the value that its taken arm yields', async () => {
    const arms = [
      { nodes: [step('yes')], yields: wire({ text: 'yes.text' }) },
      { nodes: [], yields: wire({ text: 'input.text' }) },
    ] as const;
    const run = await begin(plan([branch('which', 'input.flag', ...arms)], { text: 'which.text' }), {
      flag: false,
      text: 'plain',
    });
    expect(run.output()).toEqual({ text: 'plain' });
    expect(await run.outcomes()).toEqual({ which: 'completed' });
  });

  it('decision 12: a map is the list of yields in the order of its list, whatever the order they came in', async () => {
    const run = await begin(
      plan([map('each', 'input.list', [step('one', { x: 'each:item' })], 'one.y')], { all: 'each' }),
      { list: [1, 2, 3] },
    );
    await run.succeed('one[2]', { y: 'c' });
    await run.succeed('one[0]', { y: 'a' });
    await run.succeed('one[1]', { y: 'b' });
    expect(run.output()).toEqual({ all: ['a', 'b', 'c'] });
  });

  it('decision 13: a loop shows the nodes of its last complete round', async () => {
    const run = await begin(plan([repeat('answer', [step('draft')])], { text: 'answer.draft.text' }));
    await run.succeed('draft[1]', { text: 'first', done: false, note: '' });
    expect(run.output()).toBeUndefined();
    await run.succeed('draft[2]', { text: 'second', done: true });
    expect(run.output()).toEqual({ text: 'second' });
  });

  it('decision 14: and how many rounds there were, as `rounds`', async () => {
    const run = await begin(plan([repeat('answer', [step('draft')])], { rounds: 'answer.rounds', whole: 'answer' }));
    await run.succeed('draft[1]', { done: false, note: '' });
    await run.succeed('draft[2]', { done: true });
    expect(run.output()).toEqual({ rounds: 2, whole: { draft: { done: true }, rounds: 2 } });
  });

  it('decision 15: the carry of the first round is `start`, then what the round before hands on', async () => {
    const run = await begin(plan([repeat('answer', [step('draft', { note: 'answer:carry.note' })])]));
    expect(run.inputOf('draft[1]')).toEqual({ note: 'start' });
    await run.succeed('draft[1]', { done: false, note: 'shorter' });
    expect(run.inputOf('draft[2]')).toEqual({ note: 'shorter' });
  });
});

describe('when things run', () => {
  it('decision 16: a node starts when its refs are known, also inside a loop whose other inputs are not', async () => {
    const loop = repeat('loop', [step('early'), step('draft', { slow: 'slow.x', early: 'early.x' })]);
    const run = await begin(plan([step('slow'), loop, step('after', { early: 'loop.early.x' })]));
    expect(run.underWay()).toEqual(['slow', 'early[1]']);
    await run.succeed('slow', { x: 1 });
    expect(run.underWay()).toEqual(['early[1]']);
    await run.succeed('early[1]', { x: 2 });
    expect(run.underWay()).toEqual(['draft[1]']);
  });

  it('decision 16: a reader of a loop waits for what it reads of it, not for all of it', async () => {
    const nodes = [step('draft'), step('log')];
    const run = await begin(
      plan([repeat('loop', nodes), step('after', { draft: 'loop.draft' })], { text: 'loop.draft.text' }),
    );
    await run.succeed('draft[1]', { done: true, text: 'x' });
    expect(run.underWay()).toEqual(['log[1]', 'after']);
    expect(run.output()).toEqual({ text: 'x' });
  });

  it('decision 17: a node that nobody reads runs, in every scope that is entered', async () => {
    const arm = { nodes: [step('inArm')], yields: { $value: null } };
    const nodes = [
      step('alone'),
      branch('b', 'input.yes', arm, arm),
      map('m', 'input.list', [step('inItem')], 'm:item'),
    ];
    const run = await begin(plan(nodes), { yes: true, list: [0] });
    expect(run.underWay()).toEqual(['alone', 'inArm', 'inItem[0]']);
  });

  it('decision 18: a branch waits for its condition alone; of the other arm there is no node run', async () => {
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

  it('decision 19: the output is known as soon as its refs are; the run ends when every node has', async () => {
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

  it('decision 20: a map has `concurrency` items under way, started in order', async () => {
    const each = map('each', 'input.list', [step('one')], 'one', { concurrency: 2 });
    const run = await begin(plan([each]), { list: [0, 1, 2, 3] });
    expect(run.underWay()).toEqual(['one[0]', 'one[1]']);
    await run.succeed('one[1]');
    expect(run.underWay()).toEqual(['one[0]', 'one[2]']);
    await run.succeed('one[2]');
    expect(run.underWay()).toEqual(['one[0]', 'one[3]']);
  });

  it('decision 20: over `max`, truncate keeps the first and flags it', async () => {
    const each = map('each', 'input.list', [step('one', { x: 'each:item' })], 'one.x', { max: 2 });
    const run = await begin(plan([each], { all: 'each' }), { list: ['a', 'b', 'c'] });
    await run.succeed('one[0]', { x: 'a' });
    await run.succeed('one[1]', { x: 'b' });
    expect(run.output()).toEqual({ all: ['a', 'b'] });
    expect(await run.outcomes()).toEqual({ each: 'truncated', 'one[0]': 'completed', 'one[1]': 'completed' });
    expect((await run.result()).outcome).toBe('degraded');
  });

  it('decision 20: over `max`, fail fails, and an empty list is an empty result', async () => {
    const each = map('each', 'input.list', [step('one')], 'one', { max: 2, whenOver: 'fail' });
    const over = await begin(plan([each], { all: 'each' }), { list: ['a', 'b', 'c'] });
    expect((await over.result()).error).toMatchObject({ key: 'each', code: 'MapTooLong' });
    const empty = await begin(plan([each], { all: 'each' }), { list: [] });
    expect(empty.output()).toEqual({ all: [] });
  });

  it('decision 21: after `max` rounds, keep-last gives the last one, flagged; fail fails', async () => {
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

  it('decision 22: a later round that breaks leaves the one before standing', async () => {
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

  it('decision 22: the first round breaking fails the loop, and so does any under fail', async () => {
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

  it('decision 22: where only the carry breaks, the round itself is complete and stands', async () => {
    const loop = repeat('loop', [step('draft'), step('advice', { x: 'draft' })], {
      carry: wire({ note: 'advice.note' }),
    });
    const run = await begin(plan([loop], { n: 'loop.draft.n' }));
    await run.succeed('draft[1]', { n: 1, done: false });
    await run.fail('advice[1]');
    expect([run.output(), (await run.result()).outcome]).toEqual([{ n: 1 }, 'degraded']);
  });
});

describe('failure', () => {
  it('decision 23: the fallback is called when the call has failed, then orElse is taken', async () => {
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

  it('decision 24: help and limits degrade a run, skipping does not', async () => {
    const skipped = await begin(plan([step('s', {}, { when: from('input.no'), orElse: { x: 0 } })], { x: 's.x' }), {
      no: false,
    });
    expect((await skipped.result()).outcome).toBe('completed');
    const helped = await begin(plan([step('s', {}, { orElse: { x: 0 } })], { x: 's.x' }));
    await helped.fail('s');
    expect((await helped.result()).outcome).toBe('degraded');
  });

  it('decision 25: a needed node fails the run; a failed log degrades it and loses no answer', async () => {
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
    'decision 25: what the taken way does not read fails nothing, %s the way is known',
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

  it('decision 26: siblings of a failed needed node are cancelled at once, up to the scope that can still deliver', async () => {
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

  it('decision 26: a call that the same failure makes useless is never started', async () => {
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

  it('decision 27: siblings of a failed unneeded node go on; only its readers are blocked', async () => {
    const nodes = [step('log'), step('logged', { x: 'log' }), step('answer')];
    const run = await begin(plan(nodes, { text: 'answer.text' }));
    await run.fail('log');
    expect(run.underWay()).toEqual(['answer']);
    await run.succeed('answer', { text: 'x' });
    expect(await run.outcomes()).toEqual({ log: 'failed', logged: 'blocked', answer: 'completed' });
  });

  it('decision 28: one culprit is failed, who waited is blocked, who was under way is cancelled', async () => {
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

  it('decision 29: an input that its schema refuses is helped by nothing', async () => {
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

  it.each([
    ['mistake first', ['draft[2]', 'other[2]'], 'failed'],
    ['mistake second, so never met', ['other[2]', 'draft[2]'], 'degraded'],
  ] as const)(
    'decision 29: a later round that breaks twice is judged by the first failure: %s',
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

  it('decision 29: nor is a condition that is no boolean', async () => {
    const when = await begin(plan([step('s', {}, { when: from('input.x'), orElse: {} })], { s: 's' }), { x: 'yes' });
    const until = await begin(plan([repeat('loop', [step('draft')])], { n: 'loop.draft.n' }));
    await until.succeed('draft[1]', { done: null });
    const arm = { nodes: [], yields: { $value: 1 } };
    const taken = await begin(plan([branch('b', 'input.x', arm, arm)], { b: 'b' }), {});
    for (const run of [when, until, taken]) {
      expect((await run.result()).error?.code).toBe('ConditionNotBoolean');
    }
  });

  it('decision 30: cancelled from outside, no help is sought and the run is cancelled', async () => {
    const run = await begin(plan([step('a', {}, { ...spare, orElse: { x: 1 } }), step('b', { x: 'a' })], { x: 'a.x' }));
    const signal = run.made[0]?.signal;
    await run.cancel();
    expect(signal?.aborted).toBe(true);
    expect(await run.result()).toMatchObject({ outcome: 'cancelled' });
    expect(await run.outcomes()).toEqual({ a: 'cancelled', b: 'cancelled' });
    await expect(run.walking.output).rejects.toMatchObject({ outcome: 'cancelled', error: { code: 'Cancelled' } });
    expect(run.made.length).toBe(1);
  });

  it('decision 31: where `when` is false the node is skipped at once, and its readers get orElse', async () => {
    const nodes = [
      step('slow'),
      step('s', { x: 'slow' }, { when: from('input.no'), orElse: { x: 'spare' } }),
      step('r', { x: 's.x' }),
    ];
    const run = await begin(plan(nodes, { r: 'r.x' }), { no: false });
    expect(run.underWay()).toEqual(['slow', 'r']);
    expect(run.inputOf('r')).toEqual({ x: 'spare' });
  });

  it('decision 33: help inside a map is per item, and the map itself needs none', async () => {
    const each = map('each', 'input.list', [step('one', {}, { orElse: { x: 'spare' } })], 'one.x');
    const run = await begin(plan([each], { all: 'each' }), { list: [0, 1] });
    await run.fail('one[0]');
    await run.succeed('one[1]', { x: 'real' });
    expect(run.output()).toEqual({ all: ['spare', 'real'] });
    expect(await run.outcomes()).toMatchObject({ each: 'completed', 'one[0]': 'or-else', 'one[1]': 'completed' });
  });
});
