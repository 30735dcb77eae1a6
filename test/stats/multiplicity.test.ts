/** Adjusted p-values and e-BH: exact figures, ties, order, and their laws. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AdjustMethod, adjustP, eBh } from '../../src/stats/multiplicity.ts';

const OUTSIDE = 'p-values must lie between 0 and 1';

describe('figures', () => {
  test.each<[AdjustMethod, number[], number[]]>([
    ['bonferroni', [0.01, 0.04, 0.03, 0.5], [0.04, 0.16, 0.12, 1]],
    ['holm', [0.01, 0.04, 0.03, 0.5], [0.04, 0.09, 0.09, 0.5]],
    ['bh', [0.01, 0.04, 0.03, 0.5], [0.04, 0.16 / 3, 0.16 / 3, 0.5]],
    ['holm', [0.9, 0.8], [1, 1]],
    ['bh', [0.9, 0.8], [0.9, 0.9]],
    ['bh', [1, 1], [1, 1]],
    ['holm', [0, 1], [0, 1]],
    ['holm', [0.02, 0.02], [0.04, 0.04]],
    ['bonferroni', [0.2], [0.2]],
  ])('%s of %j is %j', (method, p, expected) => {
    const adjusted = adjustP(p, method);
    expect(adjusted.status).toBe('ok');
    for (const [index, value] of expected.entries()) expect(adjusted.p![index]).toBeCloseTo(value, 12);
  });

  test('0 and 1 are p-values, anything beyond is not', () => {
    expect(adjustP([0, 1], 'bh').status).toBe('ok');
    for (const bad of [-1e-9, 1 + 1e-9, Number.NaN]) {
      expect(adjustP([0.5, bad], 'bh')).toEqual({ status: 'invalid_input', why: OUTSIDE, p: null });
    }
  });

  test('another method is refused', () => {
    expect(adjustP([0.5], 'hommel' as AdjustMethod)).toEqual({
      status: 'invalid_input',
      why: 'the method must be holm, bh or bonferroni',
      p: null,
    });
  });
});

describe('laws', () => {
  const list = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 20 });
  test('raw <= bh <= holm <= bonferroni <= 1, in the order of the raw values', () => {
    fc.assert(
      fc.property(list, (p) => {
        const [bh, holm, bonferroni] = (['bh', 'holm', 'bonferroni'] as const).map((method) => adjustP(p, method).p!);
        for (const [index, raw] of p.entries()) {
          expect(bh![index]!).toBeGreaterThanOrEqual(raw * (1 - 1e-12));
          expect(holm![index]!).toBeGreaterThanOrEqual(bh![index]! * (1 - 1e-12));
          expect(bonferroni![index]!).toBeGreaterThanOrEqual(holm![index]! * (1 - 1e-12));
          expect(bonferroni![index]!).toBeLessThanOrEqual(1);
          for (const [other, otherRaw] of p.entries()) {
            if (raw < otherRaw) expect(holm![index]!).toBeLessThanOrEqual(holm![other]!);
            if (raw < otherRaw) expect(bh![index]!).toBeLessThanOrEqual(bh![other]!);
          }
        }
      }),
      { seed: 4 },
    );
  });

  test('holm rejects exactly what stepping down by hand rejects', () => {
    fc.assert(
      fc.property(list, (p) => {
        const sorted = [...p].sort((a, b) => a - b);
        const stop = sorted.findIndex((value, rank) => value * (p.length - rank) > 0.05);
        const rejected = stop === -1 ? sorted.length : stop;
        expect(adjustP(p, 'holm').p!.filter((value) => value <= 0.05).length).toBe(rejected);
      }),
      { seed: 5 },
    );
  });
});

describe('e-BH', () => {
  test.each<[number[], number, number[]]>([
    [[90, 1.2, 45, 0.3], 0.05, [0, 2]],
    [[80], 0.05, [0]],
    [[20], 0.05, [0]],
    [[19.9], 0.05, []],
    [[40, 40], 0.05, [0, 1]],
    // Neither alone reaches 40, both together reach 20: the second step counts although the first fails.
    [[20, 20], 0.05, [0, 1]],
    [[20, 19.9], 0.05, []],
    [[0, 0], 0.05, []],
    [[1, 60, 2, 61, 3], 0.1, [1, 3]],
  ])('%j at %d rejects %j', (e, alpha, rejected) => {
    expect(eBh(e, alpha)).toEqual({ status: 'ok', rejected });
  });

  test('refuses negative e-values and impossible levels', () => {
    const why = 'e-values must be finite and 0 or more';
    expect(eBh([-1, 50], 0.05)).toEqual({ status: 'invalid_input', why, rejected: null });
    expect(eBh([Number.POSITIVE_INFINITY], 0.05)).toEqual({ status: 'invalid_input', why, rejected: null });
    expect(eBh([50], 0)).toEqual({
      status: 'invalid_input',
      why: 'alpha must lie strictly between 0 and 1',
      rejected: null,
    });
  });

  test('a larger alpha never rejects less', () => {
    const e = fc.array(fc.double({ min: 0, max: 1000, noNaN: true }), { maxLength: 12 });
    fc.assert(
      fc.property(e, (values) => {
        const strict = eBh(values, 0.01).rejected!;
        const loose = eBh(values, 0.1).rejected!;
        expect(strict.every((index) => loose.includes(index))).toBe(true);
      }),
      { seed: 6 },
    );
  });
});
