/**
 * Rates: one rate with Wilson's interval, and two independent rates with the pooled z-test and Newcombe's interval.
 * All remain usable where no unit, or every unit, succeeded.
 */
import { areCounts, isProbability } from './checks.ts';
import { twoSidedNormalP, twoSidedZ } from './distributions.ts';
import { answer, NOT_ALPHA, NOT_COUNTS, nothing, problem, type Result } from './result.ts';

function wilsonLimits(x: number, n: number, alpha: number): { lo: number; hi: number } {
  const z = twoSidedZ(alpha);
  const rate = x / n;
  const shrink = 1 + (z * z) / n;
  const centre = (rate + (z * z) / (2 * n)) / shrink;
  const halfWidth = (z / shrink) * Math.sqrt((rate * (1 - rate)) / n + (z * z) / (4 * n * n));
  // At the ends both are the same number, and what is left of their difference is rounding.
  return { lo: x === 0 ? 0 : Math.max(0, centre - halfWidth), hi: x === n ? 1 : Math.min(1, centre + halfWidth) };
}

/**
 * Wilson's score interval for one rate, x successes of n (Wilson 1927), within [0, 1]. Contract kind `wilson`.
 *
 * Errors: `insufficient_data` when n is 0.
 */
export function wilson(x: number, n: number, alpha: number): Result<{ lo: number; hi: number }> {
  const none = nothing('lo', 'hi');
  if (!isProbability(alpha)) return problem('invalid_input', NOT_ALPHA, none);
  if (!areCounts(x, n) || x > n) return problem('invalid_input', NOT_COUNTS, none);
  if (n === 0) return problem('insufficient_data', 'there are no units', none);
  return answer(wilsonLimits(x, n, alpha));
}

/** Two rates compared. `z` is null where no unit, or every unit, succeeded in both arms. */
export interface TwoProportions {
  readonly diff: number;
  readonly z: number | null;
  readonly p: number;
  readonly ciLo: number;
  readonly ciHi: number;
}

/**
 * Two independent rates: pooled z-test without continuity correction, and Newcombe's interval from Wilson's limits
 * (Newcombe 1998, method 10), unclipped. Contract kind `two_proportion`. One look only; while looking repeatedly use
 * `asympCsBinary`.
 *
 * Errors: `insufficient_data` when an arm has no units. With no success at all, or no failure at all, z is undefined
 * and p = 1; the interval still holds.
 */
export function twoProportions(x0: number, n0: number, x1: number, n1: number, alpha: number): Result<TwoProportions> {
  const none = nothing('diff', 'z', 'p', 'ciLo', 'ciHi');
  if (!isProbability(alpha)) return problem('invalid_input', NOT_ALPHA, none);
  if (!areCounts(x0, n0, x1, n1) || x0 > n0 || x1 > n1) return problem('invalid_input', NOT_COUNTS, none);
  if (n0 === 0 || n1 === 0) return problem('insufficient_data', 'each arm needs at least one unit', none);
  const rate0 = x0 / n0;
  const rate1 = x1 / n1;
  const diff = rate1 - rate0;
  const pooled = (x0 + x1) / (n0 + n1);
  const isUniform = x0 + x1 === 0 || x0 + x1 === n0 + n1;
  const z = isUniform ? null : diff / Math.sqrt(pooled * (1 - pooled) * (1 / n0 + 1 / n1));
  const limits0 = wilsonLimits(x0, n0, alpha);
  const limits1 = wilsonLimits(x1, n1, alpha);
  return answer({
    diff,
    z,
    p: z === null ? 1 : twoSidedNormalP(z),
    ciLo: diff - Math.hypot(rate1 - limits1.lo, limits0.hi - rate0),
    ciHi: diff + Math.hypot(limits1.hi - rate1, rate0 - limits0.lo),
  });
}
