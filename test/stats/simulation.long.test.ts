/** The simulations that take long: each design of an A/A test a thousand times, and harms exactly at the margin. */
import { describe, expect, test } from 'vitest';
import { ALPHA, GUARDRAIL_DESIGNS, MARGIN, today, UNITS } from './designs.ts';
import { describeFalsePositives } from './false-positives.ts';
import { claimsOf, falsePositiveBound, guardrail } from './simulate.ts';

describeFalsePositives(1_000);

describe('a harm exactly at the margin, failures of 0.2 %, split 10/90', () => {
  const runs = 400;
  const bound = falsePositiveBound(ALPHA, runs);
  const rare = GUARDRAIL_DESIGNS.filter(({ name }) => name.includes('failures of 0.2 %, split 10/90'));

  test.each(rare)('$name: proven harmless, or rolled back, no more often than nominal', ({ atMargin, settings }) => {
    const planned = { ...settings, nStar: 5000 };
    const [harmless, rolledBack] = claimsOf(atMargin, guardrail(atMargin, planned, MARGIN), UNITS, runs, 1);
    expect(harmless!.count / runs).toBeLessThanOrEqual(bound);
    expect(rolledBack!.count / runs).toBeLessThanOrEqual(bound);
  });

  test.each(rare)('$name: without the variance under the limit the bound is passed', ({ atMargin, settings }) => {
    const panel = guardrail(atMargin, today({ ...settings, nStar: 5000 }), MARGIN);
    expect(claimsOf(atMargin, panel, UNITS, runs, 1)[0]!.count / runs).toBeGreaterThan(bound);
  });

  test.each(rare)('$name: no harm at all is proven harmless', ({ harmless, settings }) => {
    const [proven] = claimsOf(harmless, guardrail(harmless, settings, MARGIN), UNITS, 100, 1);
    expect(proven!.count).toBe(100);
    expect(proven!.meanUnits).toBeLessThan(UNITS / 2);
  });
});
