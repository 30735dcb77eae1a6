/**
 * "How likely is each arm the best one?" for rates, from Beta posteriors. For display only: it has no error control
 * under peeking, so no gate reads it.
 */
import { areCounts, isPositive } from './checks.ts';
import { betaCdf, betaDensity } from './distributions.ts';
import { answer, NOT_COUNTS, problem, type Result } from './result.ts';

/** Successes and failures of one arm. */
export type RateCounts = readonly [successes: number, failures: number];

export const MAX_BAYES_ARMS = 100;
/** Simpson intervals per arm. */
const INTERVALS = 1000;
/** Each posterior is integrated this many standard deviations around its mean; beyond lies less than 1e-15. */
const DEVIATIONS = 12;

interface Posterior {
  readonly a: number;
  readonly b: number;
}

/**
 * P(arm has the highest rate), per arm, by quadrature over its Beta(prior + counts) posterior: integral of f_i times
 * the product of the other arms' F_j. The probabilities sum to 1. Contract kind `prob_best`.
 *
 * Errors: `insufficient_data` without arms; `invalid_input` for negative counts or a prior that is not above 0.
 */
export function probabilityBest(
  arms: readonly RateCounts[],
  prior: readonly [number, number],
): Result<{ prob: readonly number[] }> {
  const none = { prob: null };
  if (!arms.every((counts) => areCounts(...counts))) return problem('invalid_input', NOT_COUNTS, none);
  if (!prior.every(isPositive)) return problem('invalid_input', 'both prior parameters must be above 0', none);
  if (arms.length > MAX_BAYES_ARMS) return problem('invalid_input', `at most ${MAX_BAYES_ARMS} arms are allowed`, none);
  if (arms.length === 0) return problem('insufficient_data', 'there are no arms', none);
  const posteriors = arms.map(([successes, failures]) => ({ a: prior[0] + successes, b: prior[1] + failures }));
  const raw = posteriors.map((own, index) => beatsAll(own, posteriors.toSpliced(index, 1)));
  const total = raw.reduce((sum, value) => sum + value, 0);
  return answer({ prob: Object.freeze(raw.map((value) => value / total)) });
}

/**
 * The integral is taken over the angle whose squared sine is the rate: a density that is infinite at 0 or 1 (a prior
 * below 1) becomes flat there.
 */
function beatsAll(own: Posterior, others: readonly Posterior[]): number {
  const mean = own.a / (own.a + own.b);
  const reach = DEVIATIONS * Math.sqrt((mean * (1 - mean)) / (own.a + own.b + 1));
  const from = Math.asin(Math.sqrt(Math.max(0, mean - reach)));
  const to = Math.asin(Math.sqrt(Math.min(1, mean + reach)));
  const width = (to - from) / INTERVALS;
  let sum = 0;
  for (let point = 0; point < INTERVALS; point += 1) {
    // Midpoints, so that the ends, where a density may be infinite, are never evaluated.
    const angle = from + (point + 0.5) * width;
    const rate = Math.sin(angle) ** 2;
    const shareBelow = others.reduce((product, { a, b }) => product * betaCdf(rate, a, b), 1);
    sum += betaDensity(rate, own.a, own.b) * Math.sin(2 * angle) * shareBelow;
  }
  return sum * width;
}
