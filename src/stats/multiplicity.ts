/**
 * Many questions at once. Holm and Bonferroni keep the chance of any false claim below alpha; Benjamini-Hochberg keeps
 * the share of false claims below it, and is for exploratory rows only; e-BH does the same for e-values, whatever
 * their dependence and however often one looked.
 */
import { answer, areFinite, isProbability, NOT_ALPHA, problem, type Result } from './result.ts';

export type AdjustMethod = 'holm' | 'bh' | 'bonferroni';

/**
 * Adjusted p-values in the order given, at most 1: `bonferroni`, `holm` (Holm 1979) or `bh` (Benjamini and Hochberg
 * 1995). Compare each with alpha. Contract kind `p_adjust`.
 *
 * Errors: `invalid_input` for values outside [0, 1] or another method. No p-values: an empty list.
 */
export function adjustP(p: readonly number[], method: AdjustMethod): Result<{ p: readonly number[] }> {
  if (!areFinite(p) || p.some((value) => value < 0 || value > 1)) {
    return problem('invalid_input', 'p-values must lie between 0 and 1', { p: null });
  }
  switch (method) {
    case 'bonferroni':
      return answer({ p: p.map((value) => Math.min(1, value * p.length)) });
    case 'holm':
      return answer({ p: holm(p) });
    case 'bh':
      return answer({ p: benjaminiHochberg(p) });
    default:
      return problem('invalid_input', 'the method must be holm, bh or bonferroni', { p: null });
  }
}

/** Positions of the values in ascending order. */
function ascending(values: readonly number[]): readonly number[] {
  return values.map((_, index) => index).sort((a, b) => values[a]! - values[b]!);
}

function holm(p: readonly number[]): readonly number[] {
  const adjusted = new Array<number>(p.length);
  let largest = 0;
  for (const [rank, index] of ascending(p).entries()) {
    largest = Math.max(largest, Math.min(1, p[index]! * (p.length - rank)));
    adjusted[index] = largest;
  }
  return adjusted;
}

function benjaminiHochberg(p: readonly number[]): readonly number[] {
  const adjusted = new Array<number>(p.length);
  let smallest = 1;
  for (const [rank, index] of [...ascending(p).entries()].reverse()) {
    smallest = Math.min(smallest, (p[index]! * p.length) / (rank + 1));
    adjusted[index] = smallest;
  }
  return adjusted;
}

/**
 * e-BH: rejects the k largest of K e-values for the greatest k whose k-th largest is at least K/(alpha k) (Wang and
 * Ramdas 2022). Answers the rejected positions, ascending. Contract kind `e_bh`.
 *
 * Errors: `invalid_input` for negative e-values.
 */
export function eBh(e: readonly number[], alpha: number): Result<{ rejected: readonly number[] }> {
  if (!isProbability(alpha)) return problem('invalid_input', NOT_ALPHA, { rejected: null });
  if (!areFinite(e) || e.some((value) => value < 0)) {
    return problem('invalid_input', 'e-values must be finite and 0 or more', { rejected: null });
  }
  const descending = [...ascending(e)].reverse();
  // e_(k) >= K/(alpha k), multiplied out so that whole numbers compare exactly.
  const last = descending.findLastIndex((index, rank) => e[index]! * alpha * (rank + 1) >= e.length);
  return answer({ rejected: descending.slice(0, last + 1).sort((a, b) => a - b) });
}
