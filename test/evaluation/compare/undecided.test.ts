/** What a comparison cannot decide: edges have their words, holes block, and labels have the last say. Never a win, never a crash. */
import { describe, expect, test } from 'vitest';
import { compareMade, type Given, scored, times } from './made.ts';

const quality = scored('quality');

describe('edges: words, and never a win', () => {
  const sideOf = (
    control: readonly Given[],
    treatment: readonly Given[],
    kind: 'mean' | 'rate' | 'win-rate' = 'mean',
  ) =>
    compareMade({ metrics: [scored('quality', { kind })], scores: { quality: [control, treatment] } }).metrics[0]!
      .sides[0]!;
  test.each([
    ['all equal', sideOf(times(20, 0.5), times(20, 0.5)), 'no_variation', 'all differences are equal'],
    ['all better by the same', sideOf(times(20, 0), times(20, 1)), 'no_variation', 'all differences are equal'],
    ['one example', sideOf([0.1], [0.9]), 'too_few_units', 'at least two pairs are needed'],
    ['five', sideOf(times(5, 0), [0.9, 0.8, 0.9, 0.7, 0.8]), 'too_few_units', 'a verdict needs at least 6 units'],
    ['five passes', sideOf(times(5, 0), times(5, 1), 'rate'), 'too_few_units', 'a verdict needs at least 6 units'],
    ['all won', sideOf(times(9, 0.5), times(9, 1), 'win-rate'), 'no_variation', 'all comparisons ended alike'],
    ['no pairs', sideOf(times(9, 'missing'), times(9, 1)), 'no_pairs', 'no example has a score on both sides'],
    [
      'no pairs of passes',
      sideOf(times(9, 1), times(9, 'missing'), 'rate'),
      'no_pairs',
      'no example has a score on both sides',
    ],
  ])('%s', (_, side, code, words) => {
    expect(side.verdict).toBeNull();
    expect(side.why).toEqual({ code, words });
    expect(side.sentences[0]).toBe(`No verdict on quality: ${words}.`);
  });
  test('no examples at all', () => {
    const side = sideOf([], []);
    expect(side).toMatchObject({ verdict: null, why: { code: 'no_pairs' }, pairs: 0, missing: { cells: 0, p: null } });
  });
  test('passes that are all alike are equivalent where the interval is narrow enough', () => {
    const passed = scored('passed', { kind: 'rate', minimumEffect: 0.05 });
    const made = { metrics: [passed], scores: { passed: [times(100, 1), times(100, 1)] } };
    expect(compareMade(made).metrics[0]!.sides[0]).toMatchObject({ verdict: 'equivalent', p: 1, ties: 100 });
  });
});

describe('missing scores', () => {
  const half = Array.from({ length: 100 }, (_, place) => 0.5 + 0.1 * Math.sin(place));
  const better = half.map((value, place) => value + 0.1 + 0.02 * Math.sin(place * 3));
  const holes = (of: readonly Given[], count: number): Given[] =>
    of.map((score, place) => (place < count ? 'missing' : score));
  test('more than 5 % block the verdict, and the bounds are shown', () => {
    const side = compareMade({ metrics: [quality], scores: { quality: [holes(half, 6), holes(better, 6)] } })
      .metrics[0]!.sides[0]!;
    expect(side).toMatchObject({
      verdict: null,
      pAdjusted: null,
      missing: { cells: 6, share: 0.06, blocksVerdict: true },
    });
    expect(side.why).toEqual({ code: 'missing', words: '6% of the scores are missing, more than 5%' });
    const seen = 0.94 * side.effect.diff!;
    expect(side.missing.bounds!.lo).toBeCloseTo(seen - 0.06, 12);
    expect(side.missing.bounds!.hi).toBeCloseTo(seen + 0.06, 12);
    expect(side.sentences.join(' ')).toContain('Whatever is missing, the effect on these examples is from');
    const fine = compareMade({ metrics: [quality], scores: { quality: [holes(half, 5), holes(better, 5)] } });
    expect(fine.metrics[0]!.sides[0]!.verdict).toBe('better');
  });
  test('examples that have nothing to score are no holes, unless only one side says so', () => {
    const beside = (of: readonly Given[], count: number): Given[] =>
      of.map((score, place) => (place < count ? 'inapplicable' : score));
    const compared = (one: readonly Given[], other: readonly Given[]) =>
      compareMade({ metrics: [quality], scores: { quality: [one, other] } }).metrics[0]!.sides[0]!;
    const side = compared(beside(half, 30), beside(better, 30));
    const alone = compared(half.slice(30), better.slice(30));
    expect(side).toMatchObject({ verdict: 'better', pairs: 70, missing: { cells: 0, share: 0, inapplicable: 30 } });
    expect(side.effect).toEqual(alone.effect);
    expect(side.missing.variant).toEqual({ cells: 0, reasons: [] });
    const oneSided = compared(half, beside(better, 6));
    expect(oneSided).toMatchObject({ verdict: null, missing: { cells: 6, blocksVerdict: true, inapplicable: 0 } });
    expect(compared(times(9, 'inapplicable'), times(9, 'inapplicable'))).toMatchObject({
      why: { code: 'no_pairs' },
      missing: { cells: 0, blocksVerdict: false, inapplicable: 9 },
    });
  });
  test('one side losing more blocks it, too', () => {
    const many = Array.from({ length: 1000 }, (_, place) => 0.5 + 0.1 * Math.sin(place));
    const lost = holes(many, 9);
    const side = compareMade({ metrics: [quality], scores: { quality: [many, lost] } }).metrics[0]!.sides[0]!;
    expect(side.why).toEqual({ code: 'missing', words: 'one side lacks more scores than the other (p 0.004)' });
  });
  test('of a pair only the share counts', () => {
    const win = scored('preferred', { kind: 'win-rate' });
    const wins = half.map((_, place) => (place % 4 === 0 ? 0 : 1));
    const made = { metrics: [win], scores: { preferred: [times(100, 0.5), holes(wins, 5)] } };
    const side = compareMade(made).metrics[0]!.sides[0]!;
    expect(side).toMatchObject({ verdict: 'better', missing: { cells: 5, p: null, blocksVerdict: false } });
  });
  test('scores beyond their scale have no bounds, but holes are counted', () => {
    const side = compareMade({
      metrics: [quality],
      scores: { quality: [holes(half, 6), better.map((score) => score + 5)] },
    }).metrics[0]!.sides[0]!;
    expect(side.missing).toMatchObject({ cells: 6, blocksVerdict: true, bounds: null });
  });
  test('a blocked test makes the others no easier', () => {
    const other = scored('other');
    const scores = { quality: [holes(half, 6), holes(better, 6)], other: [half, better] };
    const [, side] = compareMade({ metrics: [quality, other], scores }).metrics.map(({ sides }) => sides[0]!);
    expect(side!.pAdjusted).toBeCloseTo(2 * side!.p!, 12);
  });
});

describe('labels', () => {
  const control = Array.from({ length: 40 }, (_, place) => 0.5 + 0.1 * Math.sin(place));
  const treatment = control.map((value, place) => value + 0.05 + 0.05 * Math.sin(place * 3));
  const made = { metrics: [scored('quality', { minimumEffect: 0.2 })], scores: { quality: [control, treatment] } };
  const corrected = { side: 1, metric: 'quality', effect: 0.02, labels: 140, method: 'ppi_mean' };
  test('a win has to stand in what they say', () => {
    const stands = compareMade(made, { corrections: [{ ...corrected, lo: 0.001, hi: 0.04 }] }).metrics[0]!.sides[0]!;
    expect(stands).toMatchObject({ verdict: 'better', corrected: { effect: 0.02, labels: 140, method: 'ppi_mean' } });
    expect(stands.sentences).toContain('Judge-corrected with 140 labels.');
    const falls = compareMade(made, { corrections: [{ ...corrected, lo: -0.01, hi: 0.05 }] }).metrics[0]!.sides[0]!;
    expect(falls.verdict).toBe('equivalent');
    const open = compareMade(made, { corrections: [{ ...corrected, lo: -0.3, hi: 0.34 }] }).metrics[0]!.sides[0]!;
    expect(open.verdict).toBe('inconclusive');
  });
  test('without them a judge is told to be uncorrected', () => {
    const judges = { quality: { state: 'calibrated', labels: 140, flaws: [] } } as const;
    const { metrics, warnings } = compareMade(made, { judges });
    expect(metrics[0]).toMatchObject({ judge: judges.quality, scorer: 'quality' });
    expect(metrics[0]!.sides[0]!.sentences).toContain('Uncorrected judge.');
    expect(warnings).toEqual([]);
  });
});

test('the report is frozen JSON: reading it back gives the same', () => {
  const scores = { quality: [times(8, 0.2), [0.3, 'missing', 0.5, 0.4, 'failed', 0.2, 0.9, 0.1] as Given[]] };
  const report = compareMade({ metrics: [quality], scores });
  expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  expect(thawed(report)).toEqual([]);
});

/** Paths of what is not frozen; what sides and metrics say of themselves is the caller's. */
function thawed(value: unknown, path = ''): readonly string[] {
  if (typeof value !== 'object' || value === null || /\.(dataset|snapshots|source)$/.test(path)) return [];
  const parts = Object.entries(value).flatMap(([key, part]) => thawed(part, `${path}.${key}`));
  return Object.isFrozen(value) ? parts : [path, ...parts];
}
