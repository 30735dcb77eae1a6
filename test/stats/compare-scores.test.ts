/** Offline verdicts: when scores decide, when they do not, and what missing scores could hide. */
import { describe, expect, test } from 'vitest';
import { averageRepeats, compareScores, isDatasetWorn, missingScores } from '../../src/stats/compare-scores.ts';
import { randomFrom } from '../../src/stats/random.ts';

const random = randomFrom(1);
const noise = Array.from({ length: 60 }, () => random.uniform() - 0.5);
const control = noise.map(() => 0.5);
const shifted = (by: number) => noise.map((value) => 0.5 + by + 0.2 * value);
const settings = { alpha: 0.05, better: 'higher', mde: 0.05 } as const;

describe('verdicts', () => {
  test('better and worse, by which direction is good', () => {
    expect(compareScores(control, shifted(0.1), settings)).toMatchObject({ status: 'ok', verdict: 'better' });
    expect(compareScores(control, shifted(-0.1), settings)).toMatchObject({ verdict: 'worse', nNeeded: null });
    const lower = { ...settings, better: 'lower' } as const;
    expect(compareScores(control, shifted(0.1), lower)).toMatchObject({ verdict: 'worse' });
    expect(compareScores(control, shifted(-0.1), lower)).toMatchObject({ verdict: 'better' });
  });

  test('equivalent when the interval lies within the smallest effect', () => {
    expect(compareScores(control, shifted(0), settings)).toMatchObject({ verdict: 'equivalent', nNeeded: null });
  });

  test('inconclusive says how many examples would be needed for the smallest effect', () => {
    const narrow = compareScores(control, shifted(0), { ...settings, mde: 0.001 });
    expect(narrow.verdict).toBe('inconclusive');
    expect(narrow.nNeeded).toBe(Math.ceil(60 * (((1.959963984540054 + 0.8416212335729143) * narrow.se!) / 0.001) ** 2));
  });

  test('without a smallest effect, for the difference seen', () => {
    const open = compareScores(control, shifted(0), { ...settings, mde: null });
    expect(open.verdict).toBe('inconclusive');
    expect(open.nNeeded).toBeGreaterThan(60);
    const balanced = [1, -1, 1, -1, 1, -1];
    expect(
      compareScores(
        balanced.map(() => 0),
        balanced,
        { ...settings, mde: null },
      ),
    ).toMatchObject({
      verdict: 'inconclusive',
      nNeeded: null,
    });
  });

  test('where t and sign-flip disagree, the larger p decides', () => {
    // Six differences of one sign: t is far below alpha, the sign-flip p cannot be below 2/64.
    const treatment = [0.1, 0.11, 0.09, 0.1, 0.12, 0.1];
    const zeros = treatment.map(() => 0);
    const strict = compareScores(zeros, treatment, { ...settings, alpha: 0.01 });
    expect(strict.p).toBeLessThan(0.01);
    expect(strict.pSignFlip).toBe(2 / 64);
    expect(strict.verdict).toBe('inconclusive');
    expect(compareScores(zeros, treatment, settings).verdict).toBe('better');
  });

  test('clusters are the units', () => {
    const cluster = noise.map((_, index) => `document ${index % 5}`);
    const few = compareScores(control, shifted(0.1), { ...settings, cluster });
    expect(few).toMatchObject({ status: 'insufficient_data', units: 5, verdict: null });
    expect(few.diff).toBeCloseTo(0.1, 1);
    expect(few.p).toBeLessThan(0.05);
    const enough = noise.map((_, index) => index % 12);
    expect(compareScores(control, shifted(0.1), { ...settings, cluster: enough })).toMatchObject({
      units: 12,
      df: 11,
      verdict: 'better',
    });
  });

  test('fewer than six units: numbers, but no verdict', () => {
    expect(compareScores([0, 0, 0, 0, 0], [1, 2, 1, 2, 1], settings)).toMatchObject({
      status: 'insufficient_data',
      why: 'a verdict needs at least 6 units',
      diff: 1.4,
      pSignFlip: 2 / 32,
      units: 5,
      verdict: null,
    });
  });

  test('a seed is passed on, and repeats the p', () => {
    const first = compareScores(control, shifted(0.01), { ...settings, seed: 3 });
    expect(compareScores(control, shifted(0.01), { ...settings, seed: 3 })).toEqual(first);
    expect(compareScores(control, shifted(0.01), { ...settings, seed: 4 }).pSignFlip).not.toBe(first.pSignFlip);
  });

  test('what cannot be compared', () => {
    expect(compareScores([1], [1, 2], settings).status).toBe('invalid_input');
    expect(compareScores([1, 2], [1, 2], { ...settings, mde: 0 }).status).toBe('invalid_input');
    expect(compareScores([1, 2], [2, 4], { ...settings, seed: 0.5 }).status).toBe('invalid_input');
    expect(compareScores([0, 0], [1, 1], settings)).toMatchObject({ status: 'no_variation', diff: 1, verdict: null });
    expect(compareScores([0], [1], settings)).toMatchObject({ status: 'insufficient_data', diff: null });
  });
});

describe('missing scores', () => {
  const full = new Array<number>(100).fill(0.5);
  const holes = (count: number) => full.map((score, index) => (index < count ? null : score));

  test('few holes on both sides are only counted', () => {
    expect(missingScores(holes(2), holes(3))).toMatchObject({ missing: 3, share: 0.03, blocksVerdict: false });
  });

  test('more than 5 % block the verdict', () => {
    expect(missingScores(holes(5), holes(5)).blocksVerdict).toBe(false);
    expect(missingScores(holes(6), holes(6)).blocksVerdict).toBe(true);
  });

  test('one side losing more blocks the verdict', () => {
    const many = new Array<number>(1000).fill(0.5);
    const lost = many.map((score, index) => (index < 9 ? null : score));
    const got = missingScores(many, lost);
    expect(got.share).toBeLessThan(0.05);
    expect(got.p).toBeCloseTo(2 / 2 ** 9, 12);
    expect(got.blocksVerdict).toBe(true);
  });

  test('worst and best fill every hole against, or for, the treatment', () => {
    expect(missingScores([0.5, null], [null, 0.5])).toMatchObject({ missing: 2, worstDiff: -0.5, bestDiff: 0.5 });
    expect(missingScores([null], [null])).toMatchObject({ worstDiff: -1, bestDiff: 1, p: 1 });
    expect(missingScores([2, 2], [null, 2], { worst: 5, best: 1 })).toMatchObject({ worstDiff: 1.5, bestDiff: -0.5 });
  });

  test('what cannot be judged', () => {
    expect(missingScores([1], []).status).toBe('invalid_input');
    expect(missingScores([2], [1]).status).toBe('invalid_input');
    expect(missingScores([-1], [1]).status).toBe('invalid_input');
    expect(missingScores([Number.NaN], [1]).status).toBe('invalid_input');
    expect(missingScores([], []).status).toBe('insufficient_data');
  });
});

test('a dataset is worn after ten comparisons', () => {
  expect(isDatasetWorn(9)).toBe(false);
  expect(isDatasetWorn(10)).toBe(true);
  expect(isDatasetWorn(Number.NaN)).toBe(false);
});

describe('repeats', () => {
  test('means, and the two sources of spread apart', () => {
    // Within: ((1)^2 * 2 * 2)/2 = 2; means 1 and 5 vary by 8, of which 2/2 comes from the repeats.
    expect(
      averageRepeats([
        [0, 2],
        [4, 6],
      ]),
    ).toEqual({ status: 'ok', means: [1, 5], within: 2, between: 7 });
  });
  test('one score each: no spread within', () => {
    expect(averageRepeats([[1], [3]])).toEqual({ status: 'ok', means: [1, 3], within: null, between: 2 });
  });
  test('one example: no spread between', () => {
    expect(averageRepeats([[1, 3]])).toEqual({ status: 'ok', means: [2], within: 2, between: null });
  });
  test('a spread between is never negative', () => {
    expect(
      averageRepeats([
        [0, 10],
        [10, 0],
      ]).between,
    ).toBe(0);
  });
  test('what cannot be averaged', () => {
    expect(averageRepeats([]).status).toBe('insufficient_data');
    expect(averageRepeats([[1], []]).status).toBe('insufficient_data');
    expect(averageRepeats([[Number.NaN]]).status).toBe('invalid_input');
  });
});
