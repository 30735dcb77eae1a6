/** What an A/A tells of what can be seen. */
import { describe, expect, test } from 'vitest';
import { noiseFloor } from '../../../src/evaluation/compare/noise-floor.ts';
import { clusterPaired, pairedT } from '../../../src/stats/t-test.ts';
import { type Given, type Made, madeSheet, scored, times } from './made.ts';

const Z = 1.959963984540054 + 0.8416212335729143;
const spread = Array.from({ length: 50 }, (_, place) => 0.5 + 0.2 * Math.sin(place));
const noisy = spread.map((value, place) => value + 0.03 * Math.sin(place * 7));
const floorOf = (made: Made) =>
  noiseFloor(madeSheet({ variants: ['baseline', 'baseline'], ...made, change: { mode: 'aa', ...made.change } }));
const deviationOf = (values: readonly number[]): number => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
};

test('noise: its mean with an interval, its spread, and what is seen through it', () => {
  const quality = scored('quality', { minimumEffect: 0.05 });
  const [found] = floorOf({ metrics: [quality], scores: { quality: [spread, noisy] } }).metrics;
  const engine = pairedT(spread, noisy, 0.05);
  expect(found).toMatchObject({
    diff: engine.diff,
    lo: engine.ciLo,
    hi: engine.ciHi,
    pairs: 50,
    units: 50,
    method: 'paired_t',
  });
  expect(found).toMatchObject({ isDeterministic: false, isBiased: false });
  expect(found!.differing).toBe(0.98);
  const sd = deviationOf(noisy.map((value, place) => value - spread[place]!));
  expect(found!.sd).toBeCloseTo(sd, 12);
  const [noise, half, none, most] = found!.seen;
  expect(noise).toEqual({
    correlation: null,
    mde: expect.closeTo((Z * sd) / Math.sqrt(50), 9),
    nNeeded: Math.max(2, Math.ceil(((Z * sd) / 0.05) ** 2)),
    clusters: null,
  });
  const own = deviationOf(spread);
  for (const [one, correlation] of [
    [half, 0.5],
    [none, 0],
    [most, 0.8],
  ] as const) {
    const ofDifference = own * Math.sqrt(2 * (1 - correlation));
    expect(one).toEqual({
      correlation,
      mde: expect.closeTo((Z * ofDifference) / Math.sqrt(50), 9),
      nNeeded: Math.ceil(((Z * ofDifference) / 0.05) ** 2),
      clusters: null,
    });
  }
  expect(found!.sentences).toHaveLength(5);
});

test('no noise at all: what can be seen comes from the spread between examples alone', () => {
  const [found] = floorOf({ metrics: [scored('quality')], scores: { quality: [spread, spread] } }).metrics;
  expect(found).toMatchObject({
    diff: 0,
    lo: null,
    hi: null,
    sd: 0,
    differing: 0,
    isDeterministic: true,
    isBiased: false,
  });
  expect(found!.seen.map(({ mde, nNeeded }) => [mde === null, nNeeded])).toEqual([
    [true, null],
    [false, null],
    [false, null],
    [false, null],
  ]);
  expect(found!.sentences[0]).toBe(
    'quality is the same both times in all 50 examples: any difference between variants is theirs.',
  );
});

test('two equal sides that differ are suspicious', () => {
  const [found] = floorOf({
    metrics: [scored('quality')],
    scores: { quality: [spread, noisy.map((value) => value + 0.1)] },
  }).metrics;
  expect(found!.isBiased).toBe(true);
  expect(found!.sentences[1]).toMatch(/^Two equal sides differ/);
});

test('rates: discordant pairs are the noise', () => {
  const passes = [...times(30, 1), ...times(20, 0)];
  const again = passes.with(0, 0).with(1, 0).with(49, 1);
  const [found] = floorOf({
    metrics: [scored('passed', { kind: 'rate' })],
    scores: { passed: [passes, again] },
  }).metrics;
  expect(found).toMatchObject({ method: 'mcnemar_exact', differing: 3 / 50, diff: -1 / 50 });
  expect(found!.sd).toBeCloseTo(deviationOf([-1, -1, 1, ...new Array<number>(47).fill(0)]), 12);
  const [same] = floorOf({
    metrics: [scored('passed', { kind: 'rate' })],
    scores: { passed: [passes, passes] },
  }).metrics;
  expect(same).toMatchObject({ sd: 0, isDeterministic: true });
});

test('a guardrail is planned for its margin, one-sided', () => {
  const guard = scored('quality', { role: 'guardrail', margin: 0.02 });
  const [found] = floorOf({ metrics: [guard], scores: { quality: [spread, noisy] } }).metrics;
  const oneSided = 1.6448536269514722 + 0.8416212335729143;
  expect(found!.seen[0]!.nNeeded).toBe(Math.ceil(((oneSided * found!.sd!) / 0.02) ** 2));
});

test('clusters are the units', () => {
  const cluster = spread.map((_, place) => `c${place % 10}`);
  const examples = (place: number) => ({ cluster: cluster[place]! });
  const [found] = floorOf({ metrics: [scored('quality')], scores: { quality: [spread, noisy] }, examples }).metrics;
  const d = noisy.map((value, place) => value - spread[place]!);
  expect(found).toMatchObject({ units: 10, pairs: 50, method: 'cluster_paired' });
  expect(found!.seen[0]!.mde).toBeCloseTo(Z * clusterPaired(d, cluster, 0.05).se!, 9);
});

test('a judge of pairs that prefers one of two equal runs', () => {
  const preferred = scored('preferred', { kind: 'win-rate' });
  const wins = times(20, 0.5).map((value, place): Given => (place < 2 ? 1 : place < 4 ? 0 : value));
  const [found] = floorOf({ metrics: [preferred], scores: { preferred: [times(20, 0.5), wins] } }).metrics;
  expect(found).toMatchObject({ differing: 0.2, diff: 0, method: 'pairwise' });
  // It has no spread of its own between examples: there is nothing that would correlate.
  expect(found!.seen.map(({ mde }) => mde === null)).toEqual([false, true, true, true]);
});

describe('what cannot be told', () => {
  test.each<[string, Given[], string]>([
    ['no pairs', times(8, 'missing'), 'no example has a score on both sides'],
    ['too few', [0.1, ...times(4, 0.3)], 'a verdict needs at least 6 units'],
    ['holes', [...times(4, 'missing'), ...spread.slice(0, 16)], '20% of the scores are missing, more than 5%'],
  ])('%s', (_, again, words) => {
    const first = spread.slice(0, again.length);
    const [found] = floorOf({ metrics: [scored('quality')], scores: { quality: [first, again] } }).metrics;
    expect(found!.sentences).toEqual([`Nothing can be told of quality: ${words}.`]);
  });
  test('different plans', () => {
    const matrix = madeSheet({ metrics: [scored('quality')], scores: { quality: [spread, noisy] } });
    expect(() => noiseFloor(matrix)).toThrow(expect.objectContaining({ code: 'not_aa' }));
  });
});
