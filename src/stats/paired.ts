/**
 * The offline default: the same examples scored under both variants, compared by their differences. Pairing removes
 * the spread between examples, and clustering (by document, conversation, template) keeps near-copies from counting
 * as independent evidence.
 */
import { areFinite, isNoVariation, isProbability } from './checks.ts';
import { clusterSums } from './clusters.ts';
import { NO_T_TEST, type TTest, tTest } from './intervals.ts';
import { momentsOf, sampleVariance } from './moments.ts';
import { answer, LENGTHS_DIFFER, NOT_ALPHA, NOT_FINITE, problem, type Result } from './result.ts';

/** Differences treatment - control, element by element; null when the lengths differ. */
export function differences(control: readonly number[], treatment: readonly number[]): readonly number[] | null {
  if (control.length !== treatment.length) return null;
  return treatment.map((value, index) => value - control[index]!);
}

/**
 * Paired t-test: SE = s_d/sqrt(n), t with n - 1 degrees of freedom. Contract kind `paired_t`.
 *
 * Assumes examples that are independent of each other. Errors: `invalid_input` when lengths differ;
 * `insufficient_data` below two pairs; `no_variation` when all differences are equal.
 */
export function pairedT(control: readonly number[], treatment: readonly number[], alpha: number): Result<TTest> {
  if (!isProbability(alpha)) return problem('invalid_input', NOT_ALPHA, NO_T_TEST);
  if (!areFinite(control) || !areFinite(treatment)) return problem('invalid_input', NOT_FINITE, NO_T_TEST);
  const d = differences(control, treatment);
  if (d === null) return problem('invalid_input', LENGTHS_DIFFER, NO_T_TEST);
  if (d.length < 2) return problem('insufficient_data', 'at least two pairs are needed', NO_T_TEST);
  const moments = momentsOf(d);
  const deviation = Math.sqrt(sampleVariance(moments));
  if (isNoVariation(deviation, moments.mean)) {
    return problem('no_variation', 'all differences are equal', { ...NO_T_TEST, diff: moments.mean, se: 0 });
  }
  return answer(tTest(moments.mean, deviation / Math.sqrt(d.length), d.length - 1, alpha));
}

/**
 * Paired differences in clusters: CR1 SE^2 = G/(G-1) * sum_g (sum of residuals in g)^2 / n^2, t with G - 1 degrees of
 * freedom (Liang and Zeger 1986; the small-sample factor of CR1). Contract kind `cluster_paired`.
 *
 * Errors: `insufficient_data` below two clusters; `no_variation` when clusters do not differ.
 */
export function clusterPaired(
  d: readonly number[],
  cluster: readonly (string | number)[],
  alpha: number,
): Result<TTest> {
  if (!isProbability(alpha)) return problem('invalid_input', NOT_ALPHA, NO_T_TEST);
  if (!areFinite(d)) return problem('invalid_input', NOT_FINITE, NO_T_TEST);
  if (d.length !== cluster.length) return problem('invalid_input', LENGTHS_DIFFER, NO_T_TEST);
  const diff = momentsOf(d).mean;
  const sums = clusterSums(
    d.map((value) => value - diff),
    cluster,
  );
  const clusters = sums.length;
  if (clusters < 2) return problem('insufficient_data', 'at least two clusters are needed', NO_T_TEST);
  const squares = sums.reduce((total, sum) => total + sum * sum, 0);
  const se = Math.sqrt((clusters / (clusters - 1)) * squares) / d.length;
  if (isNoVariation(se * Math.sqrt(clusters), diff)) {
    return problem('no_variation', 'the clusters do not differ', { ...NO_T_TEST, diff, se: 0 });
  }
  return answer(tTest(diff, se, clusters - 1, alpha));
}
