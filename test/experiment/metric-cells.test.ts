/** Exact sums become the same numbers that a statistician would get from the values, and the nearest ones there are. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exactMean, exactRatio, exactSums, quotient } from '../../src/experiment/metric-cells.ts';
import { ratioDelta } from '../../src/stats/adjusted-effects.ts';
import { momentsOf, sampleVariance } from '../../src/stats/moments.ts';
import { cellOf, valuesCell } from './analysis-fixtures.ts';

describe('quotient', () => {
  test.each([
    [1n, 3n, 1 / 3],
    [-2n, 3n, -2 / 3],
    [0n, 7n, 0],
    [10n ** 40n, 10n ** 40n, 1],
    [1n, 10n ** 30n, 1e-30],
    // Halfway between two numbers: to the even one; a hair above: up.
    [2n ** 53n + 1n, 1n, 2 ** 53],
    [(2n ** 53n + 1n) * 10n ** 30n + 1n, 10n ** 30n, 2 ** 53 + 2],
  ])('%d / %d', (numerator, denominator, expected) => {
    expect(quotient(numerator, denominator)).toBe(expected);
  });

  test('is what division gives where both fit a number', () => {
    const whole = fc.integer({ min: -(2 ** 53) + 1, max: 2 ** 53 - 1 });
    fc.assert(
      fc.property(whole, fc.integer({ min: 1, max: 2 ** 53 - 1 }), (a, b) => {
        expect(quotient(BigInt(a), BigInt(b)) + 0).toBe(a / b + 0);
      }),
    );
  });
});

/** Values in millionths, as the store keeps them. */
const value = fc.integer({ min: -2_000_000_000, max: 2_000_000_000 }).map((millionths) => millionths / 1e6);

describe('means', () => {
  test('by hand: 1, 2, 3, 6', () => {
    const { n, v, vv } = exactSums(valuesCell(0, 0, [1, 2, 3, 6]));
    expect(exactMean(n, v, vv)).toEqual({ n: 4, mean: 3, variance: 14 / 3 });
  });

  test('keep the digits that sums of squares lose in floating point', () => {
    const { n, v, vv } = exactSums(valuesCell(0, 0, [1000000004, 1000000007, 1000000013, 1000000016]));
    expect(exactMean(n, v, vv)).toEqual({ n: 4, mean: 1000000010, variance: 30 });
  });

  test('are those of the values', () => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 2, maxLength: 40 }), (values) => {
        const { n, v, vv } = exactSums(valuesCell(0, 0, values));
        const moments = momentsOf(values);
        const exact = exactMean(n, v, vv);
        const scale = 1 + Math.max(...values.map(Math.abs));
        expect(Math.abs(exact.mean - moments.mean)).toBeLessThan(1e-12 * scale);
        expect(Math.abs(exact.variance - sampleVariance(moments))).toBeLessThan(1e-12 * scale * scale);
      }),
    );
  });

  test('one unit has no variance, none has nothing', () => {
    expect(exactMean(1n, 2_000_000n, 4_000_000_000_000n)).toEqual({ n: 1, mean: 2, variance: 0 });
    expect(exactMean(0n, 0n, 0n)).toEqual({ n: 0, mean: 0, variance: 0 });
  });
});

describe('ratios', () => {
  const of = (numerators: readonly number[], denominators: readonly number[]) =>
    exactRatio(exactSums(valuesCell(0, 0, numerators, { below: denominators })));

  test("have the delta method's value and error", () => {
    const [arm0, arm1] = [
      { numerators: [1, 3, 4, 4, 2, 1], denominators: [1, 3, 5, 5, 2, 3] },
      { numerators: [2, 4, 2, 1, 1, 4, 2], denominators: [2, 5, 4, 3, 1, 6, 3] },
    ];
    const [control, treatment] = [arm0, arm1].map((arm) => of(arm.numerators, arm.denominators));
    const expected = ratioDelta(arm0, arm1, 0.05);
    expect(treatment!.mean - control!.mean).toBeCloseTo(expected.diff!, 14);
    const se = Math.sqrt(control!.variance / 6 + treatment!.variance / 7);
    expect(se).toBeCloseTo(expected.se!, 14);
    expect(se).toBeCloseTo(0.115138078, 9);
  });

  test('units with neither change the error hardly, and the ratio not at all', () => {
    const some = of([1, 0, 1, 1], [1, 1, 1, 2]);
    const more = of([1, 0, 1, 1, 0, 0], [1, 1, 1, 2, 0, 0]);
    expect(more.mean).toBe(some.mean);
    expect(more.variance / more.n / (some.variance / some.n)).toBeCloseTo((6 / 5) * (3 / 4) * (4 / 6) * (6 / 4), 12);
  });

  test('without a denominator there is no unit', () => {
    expect(of([1, 2], [0, 0])).toEqual({ n: 0, mean: 0, variance: 0 });
  });
});

test('a sum that is no whole number is refused by name', () => {
  expect(() => exactSums(cellOf({ metric: 2, arm: 1, vv: '1e6' }))).toThrow(/metric 2, stage 1, arm 1: the sum 'vv'/);
});
