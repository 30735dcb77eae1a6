/** Assignment as a draw: as even, and as independent, as one by dice. `npm run bench:assign` has the same of 10^6 units. */
import { describe, expect, test } from 'vitest';
import { compileAssignable, isIn, murmur3 } from '../../src/model/assign.ts';
import { srm } from '../../src/stats/srm.ts';
import { balanceP, experimentOf, independenceP, movedBy, pairPs, SHAPES, SPLITS, unitsOf } from './assign-figures.ts';

const UNITS = 200_000;
const RAMP = [0.01, 0.05, 0.25, 0.5, 1];

describe.each(SHAPES)('units with ids of the shape %s', (shape) => {
  const units = unitsOf(shape, UNITS);

  test('are all different', () => {
    expect(new Set(units).size).toBe(UNITS);
  });

  test.each(SPLITS)('come in the planned shares: %d, %d', (...weights) => {
    expect(balanceP(experimentOf(`balance-${weights.length}`, {}, weights), units)).toBeGreaterThan(0.001);
  });
});

describe('shares and arms', () => {
  const units = unitsOf('sequential', UNITS);
  const everywhere = compileAssignable(experimentOf('independent'));
  const TENTH = 0.1;
  const tableOf = (isInShare: (unit: string) => boolean, isFirst: (unit: string) => boolean) => {
    const table: [number, number, number, number] = [0, 0, 0, 0];
    for (const unit of units) table[(isInShare(unit) ? 2 : 0) + (isFirst(unit) ? 1 : 0)]! += 1;
    return table;
  };

  test('do not tell of each other', () => {
    const isInShare = (unit: string) => isIn('independent', unit, [0, TENTH]);
    expect(independenceP(tableOf(isInShare, (unit) => everywhere(unit)!.arm === 'arm-0'))).toBeGreaterThan(0.001);
  });

  test('would, with one hash for both', () => {
    const isBelow = (share: number) => (unit: string) => murmur3(`independent.share:${unit}`) < share * 2 ** 32;
    expect(independenceP(tableOf(isBelow(TENTH), isBelow(0.5)))).toBe(0);
  });

  test('of experiments that run at once do not tell of each other', () => {
    const ps = pairPs(20, units.slice(0, UNITS / 2));
    expect(ps.length).toBe(190);
    // Of so many, one below the bound is no wonder.
    expect(ps.length * Math.min(...ps)).toBeGreaterThan(0.001);
    expect(ps.filter((p) => p < 0.05).length / ps.length).toBeLessThan(0.1);
  });

  test('a ramp takes in the planned share, and moves nobody', () => {
    expect(movedBy(RAMP, units)).toBe(0);
    for (const end of RAMP.slice(0, -1)) {
      const inside = units.filter((unit) => isIn('ramp', unit, [0, end])).length;
      expect(srm([inside, UNITS - inside], [end, 1 - end]).p).toBeGreaterThan(0.001);
    }
  });

  test('a share that moves on instead loses those it had', () => {
    expect(movedBy([0.5, 0.25], units)).toBeGreaterThan(UNITS / 5);
  });
});
