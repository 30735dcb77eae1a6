import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SluiceError } from '../../src/base/errors.ts';
import {
  ASSIGN_VERSION,
  type Assignable,
  assign,
  BUCKETS,
  checkUnit,
  compileAssignable,
  isIn,
  sqlBounds,
} from '../../src/model/assign.ts';
import { plainAssign } from '../conformance/assign-vectors.ts';
import { experimentOf } from './assign-figures.ts';

const anyUnit = fc.string({ unit: 'binary', minLength: 1 });
const anyShare = fc.double({ min: 0, max: 1, noNaN: true });
const anyRange = fc
  .tuple(anyShare, anyShare)
  .map(([one, other]) => [Math.min(one, other), Math.max(one, other)] as const);
const anyWeights = fc
  .array(fc.nat({ max: 100 }), { minLength: 1, maxLength: 12 })
  .filter((parts) => parts.some((part) => part > 0))
  .map((parts) => {
    const total = parts.reduce((sum, part) => sum + part, 0);
    return parts.map((part) => part / total);
  });
const anyExperiment: fc.Arbitrary<Assignable> = fc
  .record({ shareSalt: fc.string(), range: anyRange, armSalt: fc.string(), weights: anyWeights })
  .map(({ weights, ...rest }) => experimentOf('any', rest, weights));

const codeOf = (work: () => unknown): string | undefined => {
  try {
    work();
    return undefined;
  } catch (error) {
    return error instanceof SluiceError ? error.code : String(error);
  }
};

describe('assign', () => {
  test('is of version 1: what is recorded with experiments that run', () => {
    expect(ASSIGN_VERSION).toBe(1);
    expect(assign(experimentOf('pinned', {}, [0.5, 0.5]), 'user-1')).toEqual({ arm: 'arm-1', probability: 0.5 });
  });

  test('finds what the law says in its plainest form', () => {
    fc.assert(
      fc.property(anyExperiment, anyUnit, (experiment, unit) => {
        expect(assign(experiment, unit)?.arm ?? null).toBe(plainAssign(experiment, unit).arm);
      }),
      { numRuns: 300 },
    );
  });

  test('gives those in the share an arm with its weight, and others none', () => {
    fc.assert(
      fc.property(anyExperiment, fc.array(anyUnit, { minLength: 1, maxLength: 20 }), (experiment, units) => {
        const assigned = compileAssignable(experiment);
        for (const unit of units) {
          const found = assigned(unit);
          expect(found !== null).toBe(isIn(experiment.shareSalt, unit, experiment.range));
          if (found === null) continue;
          expect(experiment.arms).toContainEqual({ name: found.arm, weight: found.probability });
          expect(found.probability).toBeGreaterThan(0);
        }
      }),
    );
  });

  test('gives a unit the same arm however the share grows', () => {
    fc.assert(
      fc.property(anyExperiment, anyShare, anyUnit, (experiment, grown, unit) => {
        const [from, to] = experiment.range;
        const before = assign(experiment, unit);
        const after = assign({ ...experiment, range: [from, Math.max(to, grown)] }, unit);
        if (before !== null) expect(after).toEqual(before);
      }),
    );
  });

  test('has every unit in exactly one part of a layer that is divided up', () => {
    fc.assert(
      fc.property(fc.array(anyShare, { maxLength: 8 }), anyUnit, (cuts, unit) => {
        const ends = [0, ...cuts.toSorted((one, other) => one - other), 1];
        const parts = ends.slice(1).map((end, index) => [ends[index]!, end] as const);
        expect(parts.filter((part) => isIn('layer.answer', unit, part)).length).toBe(1);
      }),
    );
  });

  test.each<[string, Partial<Assignable>, readonly number[]]>([
    ['a share that ends before it begins', { range: [0.5, 0.4] }, [1]],
    ['a share above 1', { range: [0, 1.01] }, [1]],
    ['a share below 0', { range: [-0.1, 1] }, [1]],
    ['a share that is no number', { range: [0, Number.NaN] }, [1]],
    ['weights that sum to less', {}, [0.5, 0.4]],
    ['weights that sum to more', {}, [0.5, 0.5 + 2e-9]],
    ['a negative weight', {}, [1.5, -0.5]],
    ['a weight that is no number', {}, [Number.NaN, 1]],
    ['no arms', {}, []],
  ])('refuses %s', (_, more, weights) => {
    const experiment = experimentOf('refused', more, [...weights]);
    expect(codeOf(() => compileAssignable(experiment))).toBe('assign_invalid');
    expect(codeOf(() => isIn('refused', 'u', experiment.range))).toBe(more.range && 'assign_invalid');
  });
});

describe('the bounds', () => {
  test('are integers that go up to the end, each arm as wide as its weight', () => {
    fc.assert(
      fc.property(anyExperiment, (experiment) => {
        const { shareFrom, shareTo, armBounds } = sqlBounds(experiment);
        for (const bound of [shareFrom, shareTo, ...armBounds]) expect(Number.isSafeInteger(bound)).toBe(true);
        expect(armBounds.at(-1)).toBe(BUCKETS);
        armBounds.forEach((bound, index) => {
          const width = bound - (armBounds[index - 1] ?? 0);
          const { weight } = experiment.arms[index]!;
          if (weight === 0) expect(width).toBe(0);
          expect(Math.abs(width - weight * BUCKETS)).toBeLessThan(2);
        });
      }),
    );
  });

  test('of neighbours in a layer meet', () => {
    const third = 1 / 3;
    const one = sqlBounds(experimentOf('one', { range: [0, third] }));
    const other = sqlBounds(experimentOf('other', { range: [third, 1] }));
    expect([one.shareTo, other.shareTo]).toEqual([other.shareFrom, BUCKETS]);
  });

  test('leave nothing for an arm of weight 0, whatever the weights lack of 1', () => {
    expect(sqlBounds(experimentOf('lacking', {}, [0, 0.5, 0.4999999991, 0])).armBounds).toEqual([
      0,
      BUCKETS / 2,
      BUCKETS,
      BUCKETS,
    ]);
    expect(sqlBounds(experimentOf('beyond', {}, [0.5000000009, 0.5, 0])).armBounds.slice(1)).toEqual([
      BUCKETS,
      BUCKETS,
    ]);
  });
});

describe('a unit', () => {
  test.each(['1', ' ', 'é'.repeat(500), 'a'.repeat(1_000), '😀'.repeat(250), '漢'.repeat(333), '\ufffd'])(
    '%#',
    (unit) => {
      expect(checkUnit(unit)).toBe(unit);
    },
  );

  test.each<[unknown, string]>([
    [undefined, 'of type undefined'],
    [null, 'null'],
    [42, 'of type number'],
    [{ id: '1' }, 'of type object'],
    ['', 'empty'],
    ['a\0', 'NUL'],
    ['\ud83d', 'surrogate'],
    ['a'.repeat(1_001), '1,000 bytes'],
    ['é'.repeat(501), '1,000 bytes'],
    ['漢'.repeat(334), '1,000 bytes'],
    [`${'😀'.repeat(250)}a`, '1,000 bytes'],
  ])('that is none is refused: %#', (unit, why) => {
    expect(() => checkUnit(unit)).toThrow(
      expect.objectContaining({
        code: 'unit_invalid',
        message: expect.stringContaining(why),
        remedy: expect.stringContaining('1 to 1,000 UTF-8 bytes'),
      }),
    );
  });
});
