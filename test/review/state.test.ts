/** How items stand, what holds of them, and how far reviewers agree. */
import { describe, expect, test } from 'vitest';
import { type LabelField, type Review, winOf } from '../../src/model/review-queue.ts';
import { agreementOf, consensusOf, isSwapped, progressOf, stateOf, winnerOf } from '../../src/review/state.ts';
import { kappa } from '../../src/stats/agreement.ts';

const field = (name: string, more: Partial<LabelField>): LabelField => ({
  ...{ name, description: null, kind: 'number', least: null, most: null, isWhole: false, choices: [] },
  ...more,
});
const fields = {
  ok: field('ok', { kind: 'boolean', least: 0, most: 1 }),
  grade: field('grade', { least: 1, most: 5 }),
  seconds: field('seconds', { least: 0 }),
  tone: field('tone', { kind: 'choice', choices: ['warm', 'cold', 'none'] }),
  score: field('score', { kind: 'score', least: 0, most: 1 }),
};
type Values = readonly (Review['value'][string] | null)[];

/** One review per value, by a, b, c …; null: none. */
const itemOf = (name: string, values: Values, more: object = {}) => ({
  reviews: values.flatMap((value, place): Review[] =>
    value === null ? [] : [{ reviewer: 'abcde'[place]!, value: { [name]: value }, note: null, at: 1 }],
  ),
  passes: [],
  decision: null,
  ...more,
});
const queueOf = (name: keyof typeof fields | 'win', reviewers = 2) =>
  name === 'win'
    ? { kind: 'pair' as const, fields: [], reviewers }
    : { kind: 'fields' as const, fields: [fields[name]], reviewers };

describe('how an item stands', () => {
  const pass = (reviewer: string) => ({ reviewer, why: 'no', at: 1 });
  const decision = { reviewer: 'mo', value: { ok: true }, note: 'n', at: 2 };

  test.each([
    ['ok', [], {}, 'open'],
    ['ok', [], { passes: [pass('z')] }, 'begun'],
    ['ok', [true], {}, 'begun'],
    ['ok', [true], { passes: [pass('z'), pass('y')] }, 'disputed'],
    ['ok', [true, true], {}, 'agreed'],
    // Who cannot judge it says nothing against those who can.
    ['ok', [true, true], { passes: [pass('z'), pass('y')] }, 'agreed'],
    ['ok', [true, false], {}, 'disputed'],
    ['ok', [true, false], { decision }, 'settled'],
    ['ok', [], { decision }, 'settled'],
    // Files say 1 for yes.
    ['ok', [true, 1], {}, 'agreed'],
    ['tone', ['warm', 'warm'], {}, 'agreed'],
    ['tone', ['warm', 'cold'], {}, 'disputed'],
    // A quarter of 1 to 5.
    ['grade', [3, 4], {}, 'agreed'],
    ['grade', [3, 4.01], {}, 'disputed'],
    ['score', [0.5, 0.75], {}, 'agreed'],
    ['score', [true, false], {}, 'disputed'],
    ['seconds', [3, 3], {}, 'agreed'],
    ['seconds', [3, 3.01], {}, 'disputed'],
    ['win', [1, 1], {}, 'agreed'],
    ['win', [1, 0.5], {}, 'disputed'],
  ] as const)('%s of %j %j is %s', (name, values, more, state) => {
    expect(stateOf(queueOf(name), itemOf(name, values, more))).toBe(state);
  });

  test('one more review than was asked for can make it disputed, and counts for none that is missing', () => {
    const items = [itemOf('ok', [true, true, false]), itemOf('ok', [true]), itemOf('ok', [], { passes: [pass('a')] })];
    expect(progressOf(queueOf('ok'), items)).toEqual({
      ...{ items: 3, reviews: 3, asked: 6 },
      states: { open: 0, begun: 2, agreed: 0, disputed: 1, settled: 0 },
      byReviewer: [
        { reviewer: 'a', reviews: 2, passes: 1 },
        { reviewer: 'b', reviews: 1, passes: 0 },
        { reviewer: 'c', reviews: 1, passes: 0 },
      ],
    });
  });

  test('what holds is what was decided, else what most say, else nothing', () => {
    expect(consensusOf(itemOf('ok', [true, true, false]), 'ok')).toBe(1);
    expect(consensusOf(itemOf('ok', [true, false]), 'ok')).toBeNull();
    expect(consensusOf(itemOf('ok', []), 'ok')).toBeNull();
    expect(consensusOf(itemOf('tone', ['cold', 'warm', 'cold']), 'tone')).toBe('cold');
    const decided = { ...decision, value: { ok: false } };
    expect(consensusOf(itemOf('ok', [true, true], { decision: decided }), 'ok')).toBe(0);
  });
});

describe('how far reviewers agree', () => {
  const of = (name: keyof typeof fields | 'win', ...rows: Values[]) =>
    agreementOf(
      queueOf(name),
      rows.map((values) => itemOf(name, values)),
    )[0]!;

  test('two who share items have kappa; gaps, and a third, leave alpha alone', () => {
    const [one, other] = [
      [true, true, false, false, true],
      [true, false, false, false, true],
    ];
    const rows = one!.map((value, place) => [value, other![place]!]);
    const two = of('ok', ...rows, [true, null]);
    expect(two).toMatchObject({ reviewers: ['a', 'b'], shared: 5, same: 4, words: 'substantial' });
    expect(two.kappa).toBeCloseTo(kappa(one!, other!).kappa!, 12);
    expect(of('ok', ...rows, [null, true, true])).toMatchObject({ kappa: null, shared: 6, reviewers: ['a', 'b', 'c'] });
  });

  test('choices are names; grades and winners have distances', () => {
    const tones = [
      ['warm', 'cold'],
      ['warm', 'warm'],
      ['none', 'none'],
    ];
    expect(of('tone', ...tones).kappa).toBeCloseTo(
      kappa(
        tones.map(([one]) => one!),
        tones.map(([, two]) => two!),
      ).kappa!,
      12,
    );
    const near = of('grade', [1, 2], [3, 3], [5, 5]);
    const far = of('grade', [1, 5], [3, 3], [5, 5]);
    expect(near.kappa!).toBeGreaterThan(0.8);
    expect(near.kappa!).toBeGreaterThan(far.kappa!);
    expect(near.alpha!).toBeGreaterThan(far.alpha!);
    expect(of('win', [1, 0.5], [1, 1], [0, 0]).alpha!).toBeGreaterThan(of('win', [1, 0], [1, 1], [0, 0]).alpha!);
  });

  test('where there is none, it says why', () => {
    expect(of('ok', [true, null]).words).toBe('not known: no item has two reviews yet');
    expect(of('ok', [true, true], [true, true]).words).toBe('not known: everybody always says the same');
    const many = Array.from({ length: 501 }, (_, place) => [2 * place, 2 * place + 1, null]);
    expect(of('seconds', ...many, [null, 0, 1]).words).toBe('not known: more than 1,000 different values were given');
    expect(of('ok', [true, false], [false, true])).toMatchObject({ words: 'none beyond chance', same: 0 });
    expect(of('ok', [true, true], [false, false]).words).toBe('almost perfect');
  });
});

describe('the order of a pair', () => {
  test('is a reviewer’s own, the same each time, and as often either way', () => {
    const places = Array.from({ length: 400 }, (_, place) => place + 1);
    const [ada, bo] = ['ada', 'bo'].map((reviewer) => places.map((place) => isSwapped(1, place, reviewer)));
    expect(places.map((place) => isSwapped(1, place, 'ada'))).toEqual(ada);
    const share = (swapped: readonly boolean[]) => swapped.filter(Boolean).length / places.length;
    // Six standard errors of a fair coin.
    expect(Math.abs(share(ada!) - 0.5)).toBeLessThan(0.15);
    expect(Math.abs(share(ada!.map((swapped, at) => swapped === bo![at])) - 0.5)).toBeLessThan(0.15);
  });

  test.each([true, false])('who wins is read back as it was said (swapped: %s)', (swapped) => {
    for (const winner of ['first', 'second', 'tie'] as const)
      expect(winnerOf(winOf(winner, swapped), swapped)).toBe(winner);
  });
});
