/** Moments: the digits of large values, merging, and what a summary says. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  describeValues,
  mergePairMoments,
  momentsOf,
  pairMomentsOf,
  sampleVariance,
  summaryOf,
} from '../../src/stats/moments.ts';

const values = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { maxLength: 40 });

function expectClose(a: object, b: object): void {
  for (const [name, value] of Object.entries(a)) {
    const other = (b as Record<string, number>)[name]!;
    expect(Math.abs(value - other), name).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(value)));
  }
}

test('large values that differ little keep their variance', () => {
  const moments = momentsOf([1_000_000_004, 1_000_000_007, 1_000_000_013, 1_000_000_016]);
  expect(moments).toEqual({ n: 4, mean: 1_000_000_010, m2: 90 });
  expect(sampleVariance(moments)).toBe(30);
  expect(summaryOf(moments)).toEqual({ n: 4, mean: 1_000_000_010, variance: 30 });
});

test('pairs: every sum of squares and products', () => {
  expect(pairMomentsOf([1, 2, 3], [2, 4, 9])).toEqual({ n: 3, meanX: 2, meanY: 5, m2x: 2, m2y: 26, cxy: 7 });
});

test('merging pairs, by hand', () => {
  const a = { n: 1, meanX: 2, meanY: 1, m2x: 0, m2y: 0, cxy: 0 };
  const b = { n: 3, meanX: 6, meanY: 9, m2x: 2, m2y: 3, cxy: 1 };
  expect(mergePairMoments(a, b)).toEqual({ n: 4, meanX: 5, meanY: 7, m2x: 14, m2y: 51, cxy: 25 });
});

test('no values > moments of 0, neutral in a merge', () => {
  expect(momentsOf([])).toEqual({ n: 0, mean: 0, m2: 0 });
  const none = pairMomentsOf([], []);
  expect(none).toEqual({ n: 0, meanX: 0, meanY: 0, m2x: 0, m2y: 0, cxy: 0 });
  const pairs = pairMomentsOf([1, 2], [3, 5]);
  expect(mergePairMoments(none, pairs)).toEqual(pairs);
  expect(mergePairMoments(pairs, none)).toEqual(pairs);
});

test('states are frozen', () => {
  const states = [momentsOf([1]), pairMomentsOf([1], [2]), summaryOf(momentsOf([1]))];
  const merged = mergePairMoments(pairMomentsOf([1], [2]), pairMomentsOf([1], [2]));
  expect([...states, merged].every(Object.isFrozen)).toBe(true);
});

describe('properties', () => {
  test('merging pairs equals one pass', () => {
    const pairs = fc.array(fc.tuple(fc.integer({ min: -99, max: 99 }), fc.integer({ min: -99, max: 99 })));
    const of = (list: readonly (readonly [number, number])[]) =>
      pairMomentsOf(
        list.map(([x]) => x),
        list.map(([, y]) => y),
      );
    fc.assert(
      fc.property(pairs, pairs, (left, right) => {
        fc.pre(left.length + right.length > 0);
        expectClose(mergePairMoments(of(left), of(right)), of([...left, ...right]));
      }),
      { seed: 2 },
    );
  });

  test('a list paired with itself has one variance', () => {
    fc.assert(
      fc.property(values, (list) => {
        const { n, mean, m2 } = momentsOf(list);
        expectClose({ n, meanX: mean, meanY: mean, m2x: m2, m2y: m2, cxy: m2 }, pairMomentsOf(list, list));
      }),
      { seed: 3 },
    );
  });
});

test('a variance needs two values', () => {
  expect(sampleVariance(momentsOf([5]))).toBe(0);
  expect(sampleVariance(momentsOf([]))).toBe(0);
  expect(sampleVariance(momentsOf([5, 7]))).toBe(2);
});

test('describing a list', () => {
  expect(describeValues([1, 3])).toEqual({ status: 'ok', n: 2, mean: 2, variance: 2 });
  expect(describeValues([1])).toEqual({
    status: 'insufficient_data',
    why: 'a variance needs at least two values',
    n: 1,
    mean: null,
    variance: null,
  });
  expect(describeValues([1, Number.NaN])).toEqual({
    status: 'invalid_input',
    why: 'a value is missing or not a finite number',
    n: null,
    mean: null,
    variance: null,
  });
});
