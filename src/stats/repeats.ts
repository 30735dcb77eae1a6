/**
 * Repeated scores of one example (temperature above 0): they are averaged first, so that the example stays the unit,
 * and the two sources of spread are told apart, because more repeats cannot beat the spread between examples.
 */
import { areFinite } from './checks.ts';
import { momentsOf, sampleVariance } from './moments.ts';
import { answer, NOT_FINITE, nothing, problem, type Result } from './result.ts';

export interface Repeats {
  /** One score per example: the mean of its repeats. */
  readonly means: readonly number[];
  /** Variance of repeats within an example, pooled; null when no example has two. */
  readonly within: number | null;
  /** Variance between examples without the part that repeats add to their means; null below two examples. */
  readonly between: number | null;
}

/**
 * Means and variance components of repeated scores, one list per example (one-way analysis of variance; Miller 2024,
 * "Adding error bars to evals", section 3). Errors: `insufficient_data` without examples or for one without scores.
 */
export function averageRepeats(scores: readonly (readonly number[])[]): Result<Repeats> {
  const none = nothing('means', 'within', 'between');
  if (!scores.every(areFinite)) return problem('invalid_input', NOT_FINITE, none);
  if (scores.length === 0 || scores.some((repeats) => repeats.length === 0)) {
    return problem('insufficient_data', 'every example needs at least one score', none);
  }
  const examples = scores.map(momentsOf);
  const freedom = examples.reduce((sum, { n }) => sum + n - 1, 0);
  const within = freedom === 0 ? null : examples.reduce((sum, { m2 }) => sum + m2, 0) / freedom;
  const means = examples.map(({ mean }) => mean);
  const meanOfShares = examples.reduce((sum, { n }) => sum + 1 / n, 0) / examples.length;
  const between =
    examples.length < 2 ? null : Math.max(0, sampleVariance(momentsOf(means)) - (within ?? 0) * meanOfShares);
  return answer({ means: Object.freeze(means), within, between });
}
