/** What the contract does not reach: options, defaults and rules of single methods. */
import { describe, expect, test } from 'vitest';
import { standardNormalQuantile, twoSidedZ } from '../../src/stats/distributions.ts';
import * as stats from '../../src/stats/index.ts';
import { randomFrom } from '../../src/stats/random.ts';
import { answer, problem } from '../../src/stats/result.ts';

const d = [0.1, -0.02, 0.3, 0.12, 0.05, -0.04, 0.2, 0.18, 0.07, 0.01, 0.25, 0.03];

describe('distributions', () => {
  test('the normal quantile keeps its digits far out', () => {
    // scipy.stats.norm.ppf
    expect(standardNormalQuantile(1e-15)).toBeCloseTo(-7.941345326170998, 12);
    expect(standardNormalQuantile(1e-300)).toBeCloseTo(-37.0470964993612, 6);
    expect(twoSidedZ(0.05)).toBeCloseTo(1.959963984540054, 14);
  });

  test('p-values far below 1e-16 do not become 0', () => {
    const far = stats.welchFromSummaries({ n: 1e6, mean: 0, variance: 1 }, { n: 1e6, mean: 0.05, variance: 1 }, 0.05);
    expect(far.p).toBeGreaterThan(0);
    expect(far.p).toBeLessThan(1e-200);
    expect(stats.srm([6500, 3500], [1, 1]).p).toBeGreaterThan(0);
    expect(stats.srm([6500, 3500], [1, 1]).p).toBeLessThan(1e-190);
  });
});

describe('random', () => {
  test('a seed repeats, another does not', () => {
    const draw = (seed: number) => Array.from({ length: 5 }, randomFrom(seed).uniform);
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
  });

  test('uniform numbers and indexes stay in range and fill it', () => {
    const random = randomFrom(3);
    const uniforms = Array.from({ length: 20_000 }, random.uniform);
    expect(Math.min(...uniforms)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...uniforms)).toBeLessThan(1);
    expect(uniforms.reduce((sum, value) => sum + value, 0) / uniforms.length).toBeCloseTo(0.5, 2);
    const seen = new Set(Array.from({ length: 200 }, () => random.index(7)));
    expect([...seen].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });
});

describe('answers', () => {
  test('are frozen, and hold no number that is not finite', () => {
    expect(Object.isFrozen(answer({ x: 1 }))).toBe(true);
    expect(answer({ x: 1, list: [1, Number.NaN] })).toMatchObject({ status: 'invalid_input', x: 1, list: null });
    expect(problem('no_variation', 'flat', { x: Number.POSITIVE_INFINITY, y: 2 })).toEqual({
      status: 'no_variation',
      why: 'flat',
      x: null,
      y: 2,
    });
  });
});

describe('bootstrap', () => {
  const options = { alpha: 0.1, seed: 5, resamples: 2000 };

  test('a median, or any other statistic', () => {
    const medianOf: stats.Statistic = (sample) => (sample.toSorted()[5]! + sample.toSorted()[6]!) / 2;
    const median = stats.bootstrapInterval(d, { ...options, statistic: medianOf });
    expect(median.status).toBe('ok');
    expect(median.lo).toBeLessThan(0.085);
    expect(median.hi).toBeGreaterThan(0.085);
    expect(d).toContain(
      Number(stats.bootstrapInterval(d, { ...options, statistic: (s) => s.toSorted()[0]! }).hi!.toFixed(2)),
    );
  });

  test('a seed repeats the interval, the default is a seed too', () => {
    expect(stats.bootstrapInterval(d, options)).toEqual(stats.bootstrapInterval(d, options));
    expect(stats.bootstrapInterval(d, { alpha: 0.1 })).toEqual(stats.bootstrapInterval(d, { alpha: 0.1 }));
    expect(stats.bootstrapInterval(d, { ...options, seed: 6 })).not.toEqual(stats.bootstrapInterval(d, options));
  });

  test('work has a limit', () => {
    const many = Array.from({ length: 1001 }, (_, index) => index);
    expect(stats.bootstrapInterval(many, { alpha: 0.1, resamples: 1_000_000 }).status).toBe('invalid_input');
  });

  test('where all replicates lie on one side, or leaving one out never matters, plain quantiles are read', () => {
    const maximum: stats.Statistic = (sample) => (sample.includes(9) ? 9 : 0);
    const rare = [0, 0, 0, 0, 0, 0, 0, 9];
    expect(stats.bootstrapInterval(rare, { ...options, statistic: maximum }).status).toBe('ok');
    const flat = stats.bootstrapInterval(rare, { ...options, statistic: () => 1 });
    expect(flat).toMatchObject({ status: 'ok', lo: 1, hi: 1 });
    // One resample of two values: it is above or below, never beside the estimate.
    const single = stats.bootstrapInterval([0, 1, 5], { ...options, resamples: 1 });
    expect(single.lo).toBe(single.hi);
  });
});

describe('wilson', () => {
  test('where none, or all, succeeded > the interval ends there, without rounding', () => {
    for (let n = 1; n <= 300; n += 1)
      for (const alpha of [0.05, 0.01]) {
        expect(stats.wilson(0, n, alpha).lo).toBe(0);
        expect(stats.wilson(n, n, alpha).hi).toBe(1);
      }
  });
});

describe('sign-flip', () => {
  test('clusters are flipped whole', () => {
    const cluster = ['a', 'a', 'b', 'b', 'c', 'c'];
    // Totals 3, 3, 3: two of eight patterns are as extreme.
    expect(stats.signFlip([1, 2, 1, 2, 1, 2], { cluster }).p).toBe(0.25);
  });

  test('sixteen units are exact, seventeen are drawn: the smallest p differs', () => {
    expect(stats.signFlip(new Array(16).fill(1)).p).toBe(2 / 2 ** 16);
    expect(stats.signFlip(new Array(17).fill(1)).p).toBeGreaterThanOrEqual(1 / 20_001);
  });

  test('draws estimate the exact p', () => {
    const drawn = stats.signFlip([...d, ...new Array(8).fill(0)], { draws: 100_000 }).p!;
    // Zeros change nothing: the exact p of the twelve differences is the same.
    expect(Math.abs(drawn - stats.signFlip(d).p!)).toBeLessThan(0.003);
  });
});

test('group-sequential bounds stay finite where next to nothing is to be spent', () => {
  const { status, z } = stats.groupSequentialBounds([0.001, 0.01, 1], 0.05, { kind: 'obf' });
  expect(status).toBe('ok');
  expect(z![0]).toBe(40);
  expect(z![1]).toBeGreaterThan(20);
  expect(z![2]).toBeCloseTo(1.959964, 5);
});

describe('breaker', () => {
  test('the first window trips at pi^2/(6 alpha), later ones need more', () => {
    const first = Math.log(Math.PI ** 2 / 0.06);
    expect(stats.breakerTrips(first + 1e-9, 1)).toBe(true);
    expect(stats.breakerTrips(first - 1e-9, 1)).toBe(false);
    expect(stats.breakerTrips(first + 1e-9, 2)).toBe(false);
    expect(stats.breakerTrips(first + Math.log(4) + 1e-9, 2)).toBe(true);
    expect(stats.breakerTrips(Math.log(Math.PI ** 2 / 0.6), 1, 0.1)).toBe(true);
  });
});

describe('judges', () => {
  const table = { tp: 45, fn: 5, tn: 45, fp: 5 };
  test('a good calibration may gate', () => {
    expect(stats.judgeFlaws(table, 0.8)).toEqual([]);
  });
  test.each([
    [{ ...table, tp: 44 }, 0.8, ['few_labels']],
    [{ tp: 25, fn: 4, tn: 65, fp: 6 }, 0.8, ['few_labels_in_a_class']],
    [table, 0.39, ['low_agreement']],
    [table, null, ['low_agreement']],
    [{ tp: 30, fn: 20, tn: 29, fp: 21 }, 0.8, ['low_power']],
    [{ tp: 100, fn: 0, tn: 0, fp: 0 }, 0.8, ['few_labels_in_a_class', 'low_power']],
  ] as const)('%j with kappa %d: %j', (counts, kappa, flaws) => {
    expect(stats.judgeFlaws(counts, kappa)).toEqual(flaws);
  });

  test('position bias above a fifth is a warning', () => {
    expect(stats.positionBias(20, 100, 0.05)).toMatchObject({ share: 0.2, warn: false });
    expect(stats.positionBias(21, 100, 0.05)).toMatchObject({ share: 0.21, warn: true });
    expect(stats.positionBias(0, 0, 0.05)).toMatchObject({ status: 'insufficient_data', share: null, warn: null });
  });
});

describe('planning', () => {
  const base = { delta: 0.05, between: 0.2, within0: 0.1, within1: 0.1, repeats: 1, alpha: 0.05, power: 0.8 };
  test('repeats shrink only their own part of the spread', () => {
    expect(stats.pairedSampleSize(base)).toMatchObject({ n: Math.ceil((2.801585218 ** 2 * 0.06) / 0.0025) });
    const many = stats.pairedSampleSize({ ...base, repeats: 1_000_000 });
    expect(many.sdDifference).toBeCloseTo(0.2, 6);
    expect(stats.pairedSampleSize({ ...base, between: 0, within0: 0, within1: 0 }).n).toBe(2);
  });
  test.each([
    [{ power: 1 }, 'invalid_input'],
    [{ alpha: 0 }, 'invalid_input'],
    [{ between: -1 }, 'invalid_input'],
    [{ repeats: 0 }, 'invalid_input'],
    [{ delta: Number.NaN }, 'invalid_input'],
    [{ delta: 0 }, 'insufficient_data'],
  ])('%j: %s', (change, status) => {
    expect(stats.pairedSampleSize({ ...base, ...change }).status).toBe(status);
  });
  test('values that are not finite', () => {
    const size = { delta: Number.NaN, sd0: 1, sd1: 1, alpha: 0.05, power: 0.8, ratio: 1 };
    expect(stats.sampleSize(size).status).toBe('invalid_input');
    expect(stats.sequentialSampleSize({ ...size, v: 1 }).status).toBe('invalid_input');
  });
  test('the variance of one unit, by the split', () => {
    expect(stats.unitVariance(0.25, 0.5)).toEqual({ status: 'ok', v: 1 });
    expect(stats.unitVariance(0.09, 0.1).v).toBeCloseTo(1, 12);
    expect(stats.unitVariance(-1, 0.5).status).toBe('invalid_input');
    expect(stats.unitVariance(1, 1).status).toBe('invalid_input');
  });
  test('planning and detecting are inverse', () => {
    const { n0, n1 } = stats.sampleSize({ delta: 0.05, sd0: 0.3, sd1: 0.3, alpha: 0.05, power: 0.8, ratio: 2 });
    const { mde } = stats.minimumDetectableEffect({ sd0: 0.3, sd1: 0.3, n0: n0!, n1: n1!, alpha: 0.05, power: 0.8 });
    expect(mde).toBeLessThanOrEqual(0.05);
    expect(mde).toBeGreaterThan(0.0498);
  });
});

describe('limits', () => {
  test('have numbers', () => {
    const many = (length: number) => Array.from({ length }, (_, index) => index);
    expect(stats.srm(many(1001), many(1001)).status).toBe('invalid_input');
    expect(stats.kappa(many(1001), many(1001)).status).toBe('invalid_input');
    expect(stats.krippendorff([many(1001), many(1001)], 'nominal').status).toBe('invalid_input');
    expect(stats.rankMetrics(['a'], { a: 1 }, 100_001).status).toBe('invalid_input');
    expect(stats.probabilityBest(new Array(101).fill([1, 1]), [1, 1]).status).toBe('invalid_input');
    expect(stats.groupSequentialBounds(many(201), 0.05, { kind: 'obf' }).status).toBe('invalid_input');
    expect(stats.signFlip([1, 2], { draws: 1_000_001 }).status).toBe('invalid_input');
  });
});

describe('direct calls', () => {
  test('refuse what JSON could not even say', () => {
    const nan = Number.NaN;
    expect(stats.welch([nan, 1], [1, 2], 0.05).status).toBe('invalid_input');
    expect(stats.pairedT([nan, 1], [1, 2], 0.05).status).toBe('invalid_input');
    expect(stats.clusterPaired([nan, 1], ['a', 'b'], 0.05).status).toBe('invalid_input');
    expect(stats.clusterDiff([0, 1], ['a', 'b'], [nan, 1], 0.05).status).toBe('invalid_input');
    expect(stats.cuped({ y: [nan], x: [1] }, { y: [1], x: [1] }, 0.05).status).toBe('invalid_input');
    const arm = { numerators: [1, 2], denominators: [1, 2] };
    expect(stats.ratioDelta({ ...arm, numerators: [nan, 1] }, arm, 0.05).status).toBe('invalid_input');
    expect(stats.ppiMean([nan, 1], [1, 2], [1, 2], 0.05).status).toBe('invalid_input');
    expect(stats.quantileInterval([nan, 1], 0.5, 0.05).status).toBe('invalid_input');
    expect(stats.bernsteinCs([nan], 0.05).status).toBe('invalid_input');
    expect(stats.kappa([nan, 1], [1, 1]).status).toBe('invalid_input');
    expect(stats.rankMetrics(['a'], { a: nan }, 1).status).toBe('invalid_input');
    expect(stats.bootstrapInterval([nan, 1], { alpha: 0.05 }).status).toBe('invalid_input');
    expect(stats.asympCs({ diff: nan, se: 1, n: 1 }, { alpha: 0.05, nStar: 1 }).status).toBe('invalid_input');
    const side = 'both' as stats.Side;
    expect(stats.asympCsOneSided({ diff: 1, se: 1, n: 1 }, { alpha: 0.05, nStar: 1 }, side).status).toBe(
      'invalid_input',
    );
    const unit = { arm: 0, value: nan, probability: 0.5 };
    const settings = { alpha: 0.05, nStar: 1, vRef: 1, priorMean: 0 };
    expect(stats.aipwCs([unit], settings).status).toBe('invalid_input');
    expect(stats.groupSequentialBounds([nan], 0.05, { kind: 'obf' }).status).toBe('invalid_input');
    const huge = [1e308, -1e308, 1e308];
    expect(stats.cuped({ x: huge, y: huge }, { x: huge, y: huge }, 0.05).status).toBe('invalid_input');
    const ratios = { numerators: huge, denominators: huge };
    expect(stats.ratioDelta(ratios, ratios, 0.05).status).toBe('invalid_input');
  });

  test('probabilities at assignment are floored at 0.05', () => {
    const events = [
      { arm: 1, value: 1, probability: 0.001 },
      { arm: 0, value: 0, probability: 0.999 },
      { arm: 1, value: 0, probability: 0.5 },
      { arm: 0, value: 1, probability: 0.5 },
    ];
    const floored = events.map((event) => ({
      ...event,
      probability: Math.min(0.95, Math.max(0.05, event.probability)),
    }));
    const settings = { alpha: 0.05, nStar: 100, vRef: 1, priorMean: 0.5 };
    const [raw, same] = [stats.aipwCs(events, settings), stats.aipwCs(floored, settings)];
    expect(raw.status).toBe('ok');
    expect(raw.estimate).toBeCloseTo(same.estimate!, 12);
  });

  test.each([
    ['two values', [0, 1]],
    ['evenly spaced grades', [0, 0.5, 1]],
    ['five of them', [1, 2, 3, 4, 5]],
  ])('kappa of numbers is the quadratic kappa where grades are even: %s', (_, grades) => {
    const random = randomFrom(7);
    const draw = () => Array.from({ length: 40 }, () => grades[random.index(grades.length)]!);
    for (let round = 0; round < 20; round += 1) {
      // Each grade is there at least once: ranks are those of the scale.
      const [a, b] = [
        [...grades, ...draw()],
        [...grades.toReversed(), ...draw()],
      ];
      expect(stats.kappaOfNumbers(a, b).kappa).toBeCloseTo(stats.kappa(a, b, 'quadratic').kappa!, 12);
    }
  });

  test('kappa of numbers keeps the distances of an uneven scale, and answers what it cannot', () => {
    const [a, near, far] = [
      [0, 0.1, 1, 1],
      [0.1, 0, 1, 1],
      [0, 1, 0.1, 1],
    ];
    expect(stats.kappaOfNumbers(a, near).kappa).toBeGreaterThan(0.95);
    expect(stats.kappaOfNumbers(a, far).kappa).toBeLessThan(0.3);
    expect(stats.kappaOfNumbers([1, 1], [1, 1])).toMatchObject({ status: 'no_variation', kappa: null });
    expect(stats.kappaOfNumbers([1, 1], [0, 0]).kappa).toBe(0);
    expect(stats.kappaOfNumbers([1], [1]).status).toBe('insufficient_data');
    expect(stats.kappaOfNumbers([1, 2], [1]).status).toBe('invalid_input');
    expect(stats.kappaOfNumbers([1, Number.NaN], [1, 1]).status).toBe('invalid_input');
  });

  test('names, numbers and truth values are labels', () => {
    expect(stats.kappa(['a', 'b', 'c'], ['a', 'c', 'b'], 'linear').kappa).toBeCloseTo(0.25, 12);
    expect(stats.kappa([true, false], [true, false]).kappa).toBe(1);
    expect(
      stats.krippendorff(
        [
          ['x', 'y', null],
          ['x', 'y', 'z'],
        ],
        'nominal',
      ).alpha,
    ).toBe(1);
  });
});
