/** Names, wiring, and what outside sees of what is inside, decision by decision. */
import { describe, expect, it } from 'vitest';
import { begin, branch, from, map, plan, repeat, step, wire } from './by-hand.ts';

const spare = { fallback: { step: 'spare@1', config: {} } };

describe('names', () => {
  it('semantics 4: each carry and item is named by its owner, also inside another one', async () => {
    const inner = map('inner', 'outer:item.words', [step('join', { a: 'outer:item.name', b: 'inner:item' })], 'join');
    const run = await begin(plan([map('outer', 'input.list', [inner], 'inner')]), {
      list: [{ name: 'x', words: ['p', 'q'] }],
    });
    expect(run.inputOf('join[0][1]')).toEqual({ a: 'x', b: 'q' });
  });

  it('semantics 5: a key holds rounds from 1 and items from 0, outermost first', async () => {
    const loop = repeat('loop', [step('draft'), map('each', 'input.list', [step('part')], 'part')]);
    const run = await begin(plan([loop]), { list: ['a', 'b'] });
    await run.succeed('draft[1]', { done: false, note: 'again' });
    expect(run.underWay()).toEqual(['part[1][0]', 'part[1][1]', 'draft[2]', 'part[2][0]', 'part[2][1]']);
    await run.cancel();
    expect(Object.keys(await run.outcomes())).toContain('each[2]');
  });
});

describe('wiring', () => {
  it('semantics 7: an absent value leaves its key out', async () => {
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

  it('semantics 7: a value that must be there is a typed failure, which no orElse hides', async () => {
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
  it('semantics 11: a branch is the value that its taken arm yields', async () => {
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

  it('semantics 12: a map is the list of yields in the order of its list, whatever the order they came in', async () => {
    const run = await begin(
      plan([map('each', 'input.list', [step('one', { x: 'each:item' })], 'one.y')], { all: 'each' }),
      { list: [1, 2, 3] },
    );
    await run.succeed('one[2]', { y: 'c' });
    await run.succeed('one[0]', { y: 'a' });
    await run.succeed('one[1]', { y: 'b' });
    expect(run.output()).toEqual({ all: ['a', 'b', 'c'] });
  });

  it('semantics 13: a loop shows the nodes of its last complete round', async () => {
    const run = await begin(plan([repeat('answer', [step('draft')])], { text: 'answer.draft.text' }));
    await run.succeed('draft[1]', { text: 'first', done: false, note: '' });
    expect(run.output()).toBeUndefined();
    await run.succeed('draft[2]', { text: 'second', done: true });
    expect(run.output()).toEqual({ text: 'second' });
  });

  it('semantics 14: and how many rounds there were, as `rounds`', async () => {
    const run = await begin(plan([repeat('answer', [step('draft')])], { rounds: 'answer.rounds', whole: 'answer' }));
    await run.succeed('draft[1]', { done: false, note: '' });
    await run.succeed('draft[2]', { done: true });
    expect(run.output()).toEqual({ rounds: 2, whole: { draft: { done: true }, rounds: 2 } });
  });

  it('semantics 15: the carry of the first round is `start`, then what the round before hands on', async () => {
    const run = await begin(plan([repeat('answer', [step('draft', { note: 'answer:carry.note' })])]));
    expect(run.inputOf('draft[1]')).toEqual({ note: 'start' });
    await run.succeed('draft[1]', { done: false, note: 'shorter' });
    expect(run.inputOf('draft[2]')).toEqual({ note: 'shorter' });
  });
});
