/**
 * False positives and power while looking every 50 units. Each design of an A/A test runs a hundred times here, and a
 * thousand times in simulation.long.test.ts; the engine must stay below its bound, and the habits that it replaces must
 * not, else the bound would prove nothing.
 */
import { describe, expect, test } from 'vitest';
import { asympCs } from '../../src/stats/asymp-cs.ts';
import { bernsteinDifference } from '../../src/stats/bernstein.ts';
import { breaker, breakerTrips } from '../../src/stats/breaker.ts';
import { summaryOf } from '../../src/stats/moments.ts';
import { randomFrom } from '../../src/stats/random.ts';
import { srm, srmSequential } from '../../src/stats/srm.ts';
import { ALPHA, coin, FIXED_HORIZON, naive, PLAN, pooling, powerOf, ramp, rate, UNITS } from './designs.ts';
import { describeFalsePositives } from './false-positives.ts';
import { type Analyst, claimRate, type Design, engine, falsePositiveBound } from './simulate.ts';

describeFalsePositives(100);

describe('the same bound catches what is wrong', () => {
  const runs = 200;
  const bound = falsePositiveBound(ALPHA, runs);

  test('a t-test at every look', () => {
    expect(claimRate(rate(0.5, 0.5), naive, UNITS, runs, 2)).toBeGreaterThan(bound);
  });

  test('requests of sticky users, taken as units', () => {
    // Eight requests of one user arrive one after another, all in the user's arm.
    let propensity = 0.5;
    let arm: 0 | 1 = 0;
    let request = 0;
    const requests: Design = {
      kind: 'rate',
      share: () => arm,
      value: (random) => {
        request += 1;
        if (request % 8 === 0) {
          propensity = random.uniform() < 0.5 ? 0.1 : 0.9;
          arm = random.uniform() < 0.5 ? 1 : 0;
        }
        return coin(random, propensity);
      },
    };
    expect(claimRate(requests, engine(requests, PLAN), UNITS, runs, 5)).toBeGreaterThan(bound);
  });

  test('the sequence without floors and burn-in, at 2/98', () => {
    const bare: Analyst = ([stage]) => {
      const [a, b] = [summaryOf(stage![0]), summaryOf(stage![1])];
      if (a.n === 0 || b.n === 0) return false;
      const se = Math.sqrt(a.variance / a.n + b.variance / b.n);
      const sequence = asympCs({ diff: b.mean - a.mean, se, n: a.n + b.n }, { alpha: ALPHA, nStar: 5000 });
      return sequence.status === 'ok' && sequence.p < ALPHA;
    };
    expect(claimRate(rate(0.05, 0.02), bare, UNITS, runs, 3)).toBeGreaterThan(bound);
  });

  test('stages with different splits, pooled', () => {
    expect(claimRate(ramp, pooling, UNITS, runs, 4)).toBeGreaterThan(0.9);
  });
});

test('an effect of 2 points on 50 % is found, and about as soon as at a fixed horizon', () => {
  const { power, meanUnits } = powerOf(600);
  expect(power).toBeGreaterThanOrEqual(0.8);
  expect(meanUnits).toBeLessThanOrEqual(1.15 * FIXED_HORIZON);
});

describe('the exact tools, at every look', () => {
  test('the empirical-Bernstein sequence, from the first units on', () => {
    const runs = 300;
    let wrong = 0;
    for (let run = 0; run < runs; run += 1) {
      const random = randomFrom(9000 + run);
      const arms = [0, 1].map(() => Array.from({ length: 400 }, () => coin(random, 0.05)));
      const isWrong = [5, 10, 20, 50, 100, 200, 400].some((n) => {
        const { lo, hi } = bernsteinDifference(arms[0]!.slice(0, n), arms[1]!.slice(0, n), ALPHA);
        return lo! > 0 || hi! < 0;
      });
      if (isWrong) wrong += 1;
    }
    expect(wrong / runs).toBeLessThanOrEqual(falsePositiveBound(ALPHA, runs));
  });

  test('the breaker, after every request at its ceiling, and soon after a fault', () => {
    const runs = 1000;
    const tripsWithin = (failureRate: number, requests: number, seed: number): boolean => {
      const random = randomFrom(seed);
      let failures = 0;
      for (let n = 1; n <= requests; n += 1) {
        failures += coin(random, failureRate);
        const { logE } = breaker({ failures, requests: n, ceiling: 0.05 });
        if (breakerTrips(logE!, 1)) return true;
      }
      return false;
    };
    const trips = (failureRate: number, requests: number): number =>
      Array.from({ length: runs }, (_, run) => tripsWithin(failureRate, requests, 500 + run)).filter(Boolean).length;
    expect(trips(0.05, 300) / runs).toBeLessThanOrEqual(falsePositiveBound(0.01, runs));
    expect(trips(0.5, 30) / runs).toBeGreaterThan(0.95);
  });

  test('the sample ratio: the e-value keeps its level over 400 looks, repeated chi-square does not', () => {
    const runs = 1000;
    const level = 0.05;
    let byEvalue = 0;
    let byChiSquare = 0;
    for (let run = 0; run < runs; run += 1) {
      const random = randomFrom(70_000 + run);
      const counts = [0, 0];
      let isEvalueWrong = false;
      let isChiSquareWrong = false;
      for (let look = 0; look < 400; look += 1) {
        for (let unit = 0; unit < 50; unit += 1) counts[random.uniform() < 0.5 ? 0 : 1]! += 1;
        isEvalueWrong ||= srmSequential(counts, [1, 1]).p! < level;
        isChiSquareWrong ||= srm(counts, [1, 1]).p! < level;
      }
      if (isEvalueWrong) byEvalue += 1;
      if (isChiSquareWrong) byChiSquare += 1;
    }
    expect(byEvalue / runs).toBeLessThanOrEqual(falsePositiveBound(level, runs));
    expect(byChiSquare / runs).toBeGreaterThan(falsePositiveBound(level, runs));
  });
});
