/** The A/A tests that two tiers play: few runs with every change, a thousand before an issue is closed. */
import { describe, expect, test } from 'vitest';
import { ALPHA, PRIMARY_DESIGNS, UNITS } from './designs.ts';
import { claimRate, engine, falsePositiveBound } from './simulate.ts';

/** @param runs of each design */
export function describeFalsePositives(runs: number): void {
  describe('A/A with 400 looks: false positives stay within their bound', () => {
    test.each(PRIMARY_DESIGNS)('$name', ({ none, settings }) => {
      const found = claimRate(none, engine(none, settings), UNITS, runs, 1);
      expect(found).toBeLessThanOrEqual(falsePositiveBound(ALPHA, runs));
    });
  });
}
