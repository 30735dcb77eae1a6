/** Two traces of one example beside each other: what belongs together, and what differs. */
import { describe, expect, test } from 'vitest';
import { pairCalls, pairLists } from '../../dashboard/screens/compare/trace-pairs.ts';
import type { TracedCall, TracedRun } from '../../src/evaluation/report/traces.ts';

const passage = (id: string, score: number | null = 0.5) => ({
  ...{ id, score, text: `text of ${id}`, title: null, url: null, heading: [] },
});

function call(key: string, found: readonly string[] = [], more: Partial<TracedCall> = {}): TracedCall {
  return {
    ...{ key, call: 'step', step: `${key}@1`, isScorers: false, outcome: 'done', source: 'made', attempts: 1 },
    ...{ durationMs: 10, memoKey: `${key} ${found}`, spent: null, failure: null },
    lists: found.length === 0 ? [] : [{ field: 'passages', passages: found.map((id) => passage(id)) }],
    ...more,
  };
}

const run = (calls: readonly TracedCall[], cited: TracedRun['cited'] = null) => ({ calls, cited });

describe('calls', () => {
  test('stand in the order of the first; what the second alone made, after what it came after there', () => {
    const first = run([call('embed'), call('vector'), call('draft'), call('score:judge', [], { isScorers: true })]);
    const second = run([call('rewrite'), call('embed'), call('keyword'), call('fuse'), call('draft')]);
    const pairs = pairCalls(first, second);
    expect(pairs.map(({ name }) => name)).toEqual([
      ...['rewrite', 'embed', 'keyword', 'fuse', 'vector', 'draft', 'score:judge'],
    ]);
    const sides = Object.fromEntries(pairs.map((pair) => [pair.name, [pair.first !== null, pair.second !== null]]));
    expect(sides).toMatchObject({ rewrite: [false, true], embed: [true, true], vector: [true, false] });
    expect(pairs.at(-1)).toMatchObject({ isScorers: true, second: null });
  });

  test('of one key in the memo are one call; a fallback is another than its step', () => {
    const first = run([call('embed'), call('draft', [], { memoKey: 'a' }), call('draft', [], { call: 'fallback' })]);
    const second = run([call('embed'), call('draft', [], { memoKey: 'b' })]);
    expect(pairCalls(first, second).map(({ name, isOne }) => [name, isOne])).toEqual([
      ['embed', true],
      ['draft', false],
      ['draft fallback', false],
    ]);
  });

  test('of a side that has no run are none', () => {
    expect(pairCalls(run([call('embed')]), undefined)).toMatchObject([{ second: null, isOne: false }]);
    expect(pairCalls(undefined, undefined)).toEqual([]);
  });
});

describe('passages', () => {
  const first = run([call('search', ['a', 'b', 'c'])], [{ id: 'a', mark: '[1]' }]);
  const second = run([call('search', ['a', 'c', 'd'])], [{ id: 'a', mark: '[2]' }]);

  test('stand by the better place of the two, and differ by place or by being cited', () => {
    const [list] = pairLists(first, second);
    const rows = list!.rows.map((row) => [row.passage.id, row.first?.place, row.second?.place, row.differs]);
    expect(rows).toEqual([
      ['a', 1, 1, false],
      ['b', 2, undefined, true],
      ['c', 3, 2, true],
      ['d', undefined, 3, true],
    ]);
    expect(list).toMatchObject({ name: 'search: passages', differing: 3, lacks: [false, false], isCited: true });
    expect(list!.rows[0]!.cited).toEqual(['[1]', '[2]']);
    const [uncited] = pairLists(first, { ...second, cited: [] });
    expect(uncited!.rows[0]).toMatchObject({ differs: true, cited: ['[1]', null] });
  });

  test('of a call that one side alone made are that side’s', () => {
    const [, keyword] = pairLists(first, run([...second.calls, call('keyword', ['x'])]));
    expect(keyword).toMatchObject({ name: 'keyword: passages', lacks: [true, false], isCited: false });
  });

  test('that come twice in a list stand at their first place; a score that is none stays none', () => {
    const twice = call('search', [], { lists: [{ field: 'passages', passages: [passage('a', null), passage('a')] }] });
    const [list] = pairLists(run([twice]), undefined);
    expect(list!.rows).toMatchObject([{ first: { place: 1, score: null }, second: null }]);
  });
});
