/** Primaries by tag: explored, adjusted together, and cut where there are too many. */
import { expect, test } from 'vitest';
import { adjustP } from '../../../src/stats/multiplicity.ts';
import { compareMade, type Given, type Made, scored } from './made.ts';

const wave = (shift: (place: number) => number, count = 80): number[] =>
  Array.from({ length: count }, (_, place) => 0.5 + shift(place) + 0.02 * Math.sin(place * 3));
const even = Array.from({ length: 80 }, () => 0.5);
const quality = scored('quality');
const tagsOf = (place: number): string[] => [
  place < 40 ? 'long' : 'short',
  ...(place % 2 === 0 ? ['even'] : []),
  'dev',
  'all',
];

test('a variant that is better here and worse there', () => {
  const made: Made = {
    metrics: [quality, scored('more', { role: 'secondary' })],
    scores: { quality: [even, wave((place) => (place < 40 ? 0.1 : -0.1))], more: [even, even] },
    examples: (place) => ({ tags: tagsOf(place) }),
  };
  const { slices, slicesLeftOut, multiplicity, metrics } = compareMade(made);
  expect(metrics[0]!.sides[0]!.verdict).toBe('inconclusive');
  expect(
    slices.map(({ tag, metric, verdict, pairs, wins, losses }) => [tag, metric, verdict, pairs, wins, losses]),
  ).toEqual([
    ['even', 'quality', 'inconclusive', 40, 20, 20],
    ['long', 'quality', 'better', 40, 40, 0],
    ['short', 'quality', 'worse', 40, 0, 40],
  ]);
  const adjusted = adjustP(
    slices.map(({ p }) => p!),
    'bh',
  );
  expect(slices.map(({ pAdjusted }) => pAdjusted)).toEqual(adjusted.p);
  expect(slices[1]!.variant! - slices[1]!.baseline!).toBeCloseTo(slices[1]!.effect.diff!, 12);
  expect({ slicesLeftOut, inFamily: multiplicity.slices }).toEqual({ slicesLeftOut: 0, inFamily: 3 });
});

test('what a tag has nothing to score of is no hole of it', () => {
  const some = (of: readonly number[]) => of.map((value, place): Given => (place < 10 ? 'inapplicable' : value));
  const scores = { quality: [some(even), some(wave(() => 0.1))] };
  const { slices, metrics } = compareMade({
    metrics: [quality],
    scores,
    examples: (place) => ({ tags: place < 40 ? ['long'] : [] }),
  });
  expect(slices).toMatchObject([{ tag: 'long', verdict: 'better', pairs: 30, missing: 0 }]);
  expect(metrics[0]!.sides[0]!.sentences).toContain('10 examples beside them with nothing to score.');
});

test('of each side and primary; where there is no primary, of the first metric', () => {
  const better = wave(() => 0.1);
  const examples = (place: number) => ({ tags: place < 40 ? ['long'] : [] });
  const scores = { a: [even, better, even], b: [even, better, even] };
  const both = compareMade({ metrics: [scored('a'), scored('b')], scores, examples });
  expect(both.slices.map(({ metric, side }) => [metric, side])).toEqual([
    ['a', 1],
    ['a', 2],
    ['b', 1],
    ['b', 2],
  ]);
  expect(both.slices[1]).toMatchObject({ verdict: null, why: { code: 'no_variation' }, pAdjusted: null });
  const secondary = [scored('a', { role: 'secondary' }), scored('b', { role: 'secondary' })];
  expect(compareMade({ metrics: secondary, scores, examples }).slices.map(({ metric }) => metric)).toEqual(['a', 'a']);
});

test('tags of too few, the rarest beyond twenty, and what has holes', () => {
  const tags = (place: number) => Array.from({ length: 25 }, (_, tag) => `t${tag}`).filter((_, tag) => place < 6 + tag);
  const holes = wave(() => 0.1).map((value, place): Given => (place < 5 ? 'missing' : value));
  const made: Made = {
    metrics: [quality],
    scores: { quality: [even, holes] },
    examples: (place) => ({ tags: [...tags(place), ...(place < 5 ? ['few'] : [])] }),
  };
  const { slices, slicesLeftOut, metrics } = compareMade(made);
  expect(slices).toHaveLength(20);
  expect(slicesLeftOut).toBe(5);
  expect(slices.map(({ tag }) => tag)).not.toContain('few');
  expect(slices.at(-1)).toMatchObject({ tag: 't5', pairs: 6, missing: 5 });
  expect(metrics[0]!.sides[0]!.missing.blocksVerdict).toBe(true);
  expect(new Set(slices.map(({ why }) => why?.code))).toEqual(new Set(['missing']));
});
