/**
 * Quantiles with an interval from order statistics: no assumption about the distribution's shape, so it is right for
 * latency. For display; guardrails use the share of units above a limit, which is a mean and merges.
 */

import { binomialCdf, binomialUpper } from './distributions.ts';
import { answer, areFinite, isProbability, NOT_ALPHA, NOT_FINITE, nothing, problem, type Result } from './result.ts';

/** Sample quantile of ascending values by linear interpolation (Hyndman and Fan 1996, type 7). */
export function quantileOfSorted(sorted: ArrayLike<number>, q: number): number {
  const position = (sorted.length - 1) * q;
  const below = Math.floor(position);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return low + (high - low) * (position - below);
}

/** The greatest whole number in [0, most] for which `holds` is true, when it is true up to some point; -1 for none. */
function lastWhere(most: number, holds: (value: number) => boolean): number {
  let known = -1;
  let unknown = most + 1;
  while (unknown - known > 1) {
    const middle = Math.floor((known + unknown) / 2);
    if (holds(middle)) known = middle;
    else unknown = middle;
  }
  return known;
}

/** A quantile with its interval; a bound is null when n is too small for one at this alpha (p99 needs about 370). */
export interface QuantileInterval {
  readonly estimate: number;
  readonly lo: number | null;
  readonly hi: number | null;
}

/**
 * Quantile q with its distribution-free interval: lower bound x_(j) with j = max{j: BinCDF(j-1; n, q) <= alpha/2},
 * upper bound x_(k) with k = min{k: 1 - BinCDF(k-1; n, q) <= alpha/2} (David and Nagaraja 2003, section 7.1). Contract
 * kind `quantile_ci`. Assumes independent values: with several per user, resample users instead.
 *
 * Errors: `insufficient_data` below two values.
 */
export function quantileInterval(x: readonly number[], q: number, alpha: number): Result<QuantileInterval> {
  const none = nothing('estimate', 'lo', 'hi');
  if (!isProbability(alpha)) return problem('invalid_input', NOT_ALPHA, none);
  if (!isProbability(q)) return problem('invalid_input', 'q must lie strictly between 0 and 1', none);
  if (!areFinite(x)) return problem('invalid_input', NOT_FINITE, none);
  const n = x.length;
  if (n < 2) return problem('insufficient_data', 'at least two values are needed', none);
  const sorted = Float64Array.from(x).sort();
  const { lower, upper } = quantileBounds(n, q, alpha);
  return answer({
    estimate: quantileOfSorted(sorted, q),
    lo: lower === null ? null : sorted[lower]!,
    hi: upper === null ? null : sorted[upper]!,
  });
}

/**
 * Where the bounds of `quantileInterval` are among n ascending values, counted from 0, for callers with too many values to
 * hold. Null where n is too small for one.
 */
export function quantileBounds(
  n: number,
  q: number,
  alpha: number,
): { readonly lower: number | null; readonly upper: number | null } {
  // x_(j) is at j - 1.
  const lower = lastWhere(n - 1, (position) => binomialCdf(position, n, q) <= alpha / 2);
  const upper = n - 1 - lastWhere(n - 1, (fromTop) => binomialUpper(n - fromTop, n, q) <= alpha / 2);
  return { lower: lower < 0 ? null : lower, upper: upper > n - 1 ? null : upper };
}
