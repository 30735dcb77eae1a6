/** What scorers see of a finished run: values that some step gave, and never one that stands in for them. */
import { describe, expect, it } from 'vitest';
import type { Json, Plan, Wiring } from '../../src/plan/plan.ts';
import { LIMITS } from '../../src/plan/plan-limits.ts';
import { type Execute, type WalkOptions, type WalkResult, walk } from '../../src/plan/walk.ts';
import { begin, branch, from, map, plan, repeat, step, wire } from './by-hand.ts';

/** Values by key; what is not among them fails. */
const giving =
  (values: { readonly [key: string]: Json }): Execute =>
  async ({ key, call }) => {
    const value = values[call === 'step' ? key : `${key} ${call}`];
    if (value === undefined) throw new Error(`${key} broke`);
    return value;
  };

async function observed(of: Plan, values: { readonly [key: string]: Json }, refs: readonly string[], input: Json = {}) {
  const result = await walk(of, input, giving(values), { observe: refs.map(from) }).finished;
  return Object.fromEntries(refs.map((ref, index) => [ref, short(result, index)]));
}

/** `['value']`, or `or-else a`. */
function short({ observed }: WalkResult, index: number): readonly Json[] | string {
  const seen = observed![index]!;
  return 'value' in seen ? [seen.value] : `${seen.missing} ${seen.node}`;
}

const orElse = { x: 'made up' };
const unwanted = { when: { $value: false }, orElse };

describe('observing a node', () => {
  it('gives its value, or how it ended without one of its own', async () => {
    const nodes = [
      step('good'),
      step('spare', {}, { fallback: { step: 'other@1', config: {} }, orElse }),
      step('bad', {}, { orElse }),
      step('off', {}, unwanted),
      step('broken'),
      step('behind', { x: 'broken.x' }),
      step('made', { x: 'bad.x', y: 'off.x' }),
    ];
    const values = { good: { x: 1 }, 'spare fallback': { x: 2 }, made: { x: 3 } };
    const refs = ['good.x', 'spare.x', 'bad.x', 'off', 'broken.x', 'behind', 'made.x', 'input.q'];
    expect(await observed(plan(nodes, { x: 'good.x' }), values, refs, { q: 'why?' })).toEqual({
      'good.x': [1],
      'spare.x': [2],
      'bad.x': 'or-else bad',
      off: 'skipped off',
      'broken.x': 'failed broken',
      behind: 'blocked behind',
      'made.x': [3],
      'input.q': ['why?'],
    });
  });

  it('tells an optional value that is absent from a mistake in the wiring', async () => {
    const refs = ['a', 'a.note', 'a.x.y', 'nowhere.x', 'constructor'];
    expect(await observed(plan([step('a')], { x: 'a.x' }), { a: { x: 1 } }, refs)).toEqual({
      a: [{ x: 1 }],
      'a.note': 'absent a',
      'a.x.y': 'WiringAbsent a',
      'nowhere.x': 'WiringUnknown nowhere',
      constructor: 'WiringUnknown constructor',
    });
  });

  it('reads literals, objects and lists: absent keys are left out, one missing part makes all of it missing', async () => {
    const of = plan([step('a'), step('bad', {}, { orElse })], { x: 'a.x' });
    const observe: Wiring[] = [
      { $value: [0.5] },
      wire({ x: 'a.x', note: 'a.note', of: { $list: [from('a.x'), { $value: null }] } }),
      { $list: [from('a.x'), from('a.note')] },
      wire({ x: 'a.x', y: { $list: [from('bad.x')] } }),
      wire({}),
    ];
    const result = await walk(of, {}, giving({ a: { x: 1 } }), { observe }).finished;
    expect(observe.map((_, index) => short(result, index))).toEqual([
      [[0.5]],
      [{ x: 1, of: [1, null] }],
      'absent a',
      'or-else bad',
      [{}],
    ]);
  });
});

describe('semantics 32: observing what is inside', () => {
  it('a loop: the nodes of the round that readers see, each by how it ended', async () => {
    const nodes = [step('draft'), step('check', { x: 'draft.x' }, { orElse: { ...orElse, done: false } }), step('log')];
    const loop = repeat('answer', nodes, { max: 2 });
    const values = { 'draft[1]': { x: 1, done: false, note: '' }, 'draft[2]': { x: 2, done: true } };
    const refs = ['answer.rounds', 'answer.draft.x', 'answer.check.x', 'answer.log.x', 'answer'];
    const seen = { 'check[1]': { x: 'first' }, 'log[1]': {} };
    expect(await observed(plan([loop], { x: 'answer.draft.x' }), { ...values, ...seen }, refs)).toEqual({
      'answer.rounds': [2],
      'answer.draft.x': [2],
      'answer.check.x': 'or-else check',
      'answer.log.x': 'failed log',
      answer: 'or-else check',
    });
  });

  it('a loop whose last round broke: the round before; one that failed: nothing', async () => {
    const values = { 'draft[1]': { x: 1, done: false, note: '' } };
    const of = (whenExhausted: 'keep-last' | 'fail') =>
      plan([repeat('answer', [step('draft')], { whenExhausted })], { x: 'answer.draft.x' });
    const refs = ['answer.draft.x', 'answer.rounds'];
    expect(await observed(of('keep-last'), values, refs)).toEqual({ 'answer.draft.x': [1], 'answer.rounds': [1] });
    expect(await observed(of('fail'), values, refs)).toEqual({
      'answer.draft.x': 'blocked answer',
      'answer.rounds': 'blocked answer',
    });
  });

  it('a branch: each field by the node that its taken arm took it from', async () => {
    const taken = { nodes: [step('good'), step('bad', {}, { orElse })], yields: wire({ x: 'good.x', y: 'bad.x' }) };
    const other = { nodes: [], yields: wire({ x: 'input.q', y: 'input.q' }) };
    const of = plan([branch('b', 'input.yes', taken, other)], { x: 'b.x' });
    const refs = ['b.x', 'b.y', 'b'];
    expect(await observed(of, { good: { x: 1 } }, refs, { yes: true })).toEqual({
      'b.x': [1],
      'b.y': 'or-else bad',
      b: 'or-else bad',
    });
    const untaken = await observed(of, {}, refs, { yes: false, q: 'why?' });
    expect(untaken).toEqual({ 'b.x': ['why?'], 'b.y': ['why?'], b: [{ x: 'why?', y: 'why?' }] });
  });

  it('a map: its list, unless one of its items was made up', async () => {
    const each = map('each', 'input.list', [step('one', {}, { orElse })], 'one.x', { max: 2 });
    const of = plan([each], { all: 'each' });
    const input = { list: ['a', 'b', 'c'] };
    const both = { 'one[0]': { x: 1 }, 'one[1]': { x: 2 } };
    expect(await observed(of, both, ['each'], input)).toEqual({ each: [[1, 2]] });
    expect(await observed(of, { 'one[1]': { x: 2 } }, ['each'], input)).toEqual({ each: 'or-else one' });
    expect(await observed(of, {}, ['each'], { list: [] })).toEqual({ each: [[]] });
  });

  it('a map that hands its items on: as real as the list it went over', async () => {
    const nodes = [step('search', {}, { orElse: { hits: ['made up'] } }), map('each', 'search.hits', [], 'each:item')];
    const of = plan(nodes, { all: 'each' });
    expect(await observed(of, { search: { hits: [1] } }, ['each'])).toEqual({ each: [[1]] });
    expect(await observed(of, {}, ['each'])).toEqual({ each: 'or-else search' });
  });

  it('a carry that is shown: as real as what the round before took it from', async () => {
    const draft = step('draft', {}, { orElse: { x: 'made up', done: false } });
    const loop = repeat('answer', [draft], {
      carry: wire({ x: 'draft.x', done: 'draft.done' }),
      start: { x: 'start' },
      yields: { before: from('answer:carry.x') },
      max: 2,
    });
    const of = plan([loop], { x: 'answer.before' });
    const done = { x: 2, done: true };
    const refs = ['answer.before'];
    expect(await observed(of, { 'draft[1]': done }, refs)).toEqual({ 'answer.before': ['start'] });
    expect(await observed(of, { 'draft[1]': { x: 1, done: false }, 'draft[2]': done }, refs)).toEqual({
      'answer.before': [1],
    });
    expect(await observed(of, { 'draft[2]': done }, refs)).toEqual({ 'answer.before': 'or-else draft' });
  });
});

describe('observing a run', () => {
  const observe = [from('a.x'), from('b.x'), from('c.x')];
  const shorts = (result: WalkResult) => observe.map((_, index) => short(result, index));

  it('that failed, or was cancelled, gives what it has', async () => {
    const of = plan([step('a'), step('b'), step('c')], { a: 'a.x', b: 'b.x', c: 'c.x' });
    const failing = await begin(of, {}, { observe });
    await failing.succeed('a', { x: 1 });
    await failing.fail('b');
    expect(shorts(await failing.result())).toEqual([[1], 'failed b', 'cancelled c']);
    const cancelled = await begin(of, {}, { observe });
    await cancelled.fail('a', 'CallCancelled');
    expect(shorts(await cancelled.result())).toEqual(['cancelled a', 'cancelled b', 'cancelled c']);
    const before = await walk(of, {}, giving({}), { observe, cancel: AbortSignal.abort() }).finished;
    expect(shorts(before)).toEqual(['cancelled a', 'cancelled b', 'cancelled c']);
  });

  it('waits for nodes that the output does not need, and needs none of them for it', async () => {
    const run = await begin(plan([step('a'), step('b'), step('c')], { x: 'a.x' }), {}, { observe });
    await run.succeed('a', { x: 1 });
    expect(run.output()).toEqual({ x: 1 });
    await run.fail('b');
    await run.succeed('c', { x: 3 });
    const result = await run.result();
    expect([result.outcome, ...shorts(result)]).toEqual(['degraded', [1], 'failed b', [3]]);
  });

  it('is not done where nobody asks', async () => {
    const finish = (options: WalkOptions) => walk(plan([step('a')]), {}, giving({ a: {} }), options).finished;
    expect(await finish({})).not.toHaveProperty('observed');
    expect((await finish({ observe: [] })).observed).toEqual([]);
  });

  it('that could not be walked at all is missing, and so is what is nested beyond reason', async () => {
    const broken = { ...plan([]), nodes: undefined } as unknown as Plan;
    expect((await walk(broken, {}, giving({}), { observe: [from('a')] }).finished).observed).toEqual([
      { missing: 'WiringUnknown', node: 'a' },
    ]);
    const deep = await walk(chainOf(8_000), { x: 1, yes: true }, giving({}), { observe: [from('b7999.x')] }).finished;
    expect(deep.observed).toEqual([{ missing: 'WalkerFault', node: 'output' }]);
  });

  it('follows as many yields as a plan may have, and each of them once', async () => {
    const last = `b${LIMITS.nodes - 1}`;
    const of = chainOf(LIMITS.nodes, (before) => ({ $object: { x: from(`${before}.x`), again: from(`${before}.x`) } }));
    const result = await walk(of, { x: 1, yes: true }, giving({}), { observe: [from(`${last}.x`), from(last)] })
      .finished;
    expect(result.observed).toEqual([{ value: 1 }, { value: { x: 1, again: 1 } }]);
    // Wired whole and twice at each level, its JSON would have 2^199 leaves: followed once, it is a few hundred objects.
    const whole = chainOf(LIMITS.nodes, (before) => ({ $object: { x: from(before), again: from(before) } }));
    const { observed } = await walk(whole, { x: 1, yes: true }, giving({}), { observe: [from(last)] }).finished;
    expect(observed).toMatchObject([{ value: { x: expect.anything() } }]);
  });
});

/** Branches, each of which yields what the one before did. */
function chainOf(length: number, yielding: (before: string) => Wiring = (before) => wire({ x: `${before}.x` })): Plan {
  const nodes = Array.from({ length }, (_, index) => {
    const arm = { nodes: [], yields: yielding(index === 0 ? 'input' : `b${index - 1}`) };
    return branch(`b${index}`, 'input.yes', arm, arm);
  });
  return plan(nodes, { x: 'input.x' });
}
