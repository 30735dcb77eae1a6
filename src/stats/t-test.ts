/**
 * Tests of means by Student's t: two independent arms (Welch), the same examples under both variants (paired), and rows
 * that belong to clusters. Each is for one look: at the planned end, or offline. For looks in between use `asymp-cs.ts`.
 */
import { twoSidedNormalP, twoSidedT, twoSidedTP, twoSidedZ } from './distributions.ts';
import { type ArmSummary, momentsOf, sampleVariance, summaryOf } from './moments.ts';
import {
  answer,
  areCounts,
  areFinite,
  isNonNegative,
  isNoVariation,
  isProbability,
  LENGTHS_DIFFER,
  NOT_ALPHA,
  NOT_FINITE,
  nothing,
  problem,
  type Result,
} from './result.ts';

/** A difference with its t-test. `se` and the interval are in the units of the data. */
export interface TTest {
  readonly diff: number;
  readonly se: number;
  readonly df: number;
  readonly t: number;
  readonly p: number;
  readonly ciLo: number;
  readonly ciHi: number;
}

export const NO_T_TEST = nothing('diff', 'se', 'df', 't', 'p', 'ciLo', 'ciHi');

/** Student's t with `df` degrees of freedom; `se` must be above 0. */
export function tTest(diff: number, se: number, df: number, alpha: number): TTest {
  const t = diff / se;
  const halfWidth = twoSidedT(alpha, df) * se;
  return { diff, se, df, t, p: twoSidedTP(t, df), ciLo: diff - halfWidth, ciHi: diff + halfWidth };
}

/** Normal test and interval; `se` must be above 0. */
export function zTest(diff: number, se: number, alpha: number): { z: number; p: number; ciLo: number; ciHi: number } {
  const z = diff / se;
  const halfWidth = twoSidedZ(alpha) * se;
  return { z, p: twoSidedNormalP(z), ciLo: diff - halfWidth, ciHi: diff + halfWidth };
}

/** Whether a summary has a count, a finite mean and a variance of 0 or more. */
export function isSummary({ n, mean, variance }: ArmSummary): boolean {
  return areCounts(n) && Number.isFinite(mean) && isNonNegative(variance);
}

/** Whether every given arm varies by nothing but rounding. */
export function hasNoVariation(...arms: readonly ArmSummary[]): boolean {
  return arms.every((arm) => isNoVariation(Math.sqrt(arm.variance), arm.mean));
}

/** Welch-Satterthwaite degrees of freedom for two squared standard errors. */
export function welchDf(arm0: ArmSummary, arm1: ArmSummary): number {
  const share0 = arm0.variance / arm0.n;
  const share1 = arm1.variance / arm1.n;
  const total = share0 + share1;
  // Shares of the total first: squares of tiny variances would underflow.
  return 1 / ((share0 / total) ** 2 / (arm0.n - 1) + (share1 / total) ** 2 / (arm1.n - 1));
}

/**
 * Welch's t-test from summaries: SE^2 = v0/n0 + v1/n1, df by Welch-Satterthwaite (Welch 1947). Contract kind
 * `welch_summary`.
 *
 * Assumes independent units and means that are near normal. Errors: `insufficient_data` below two units in an arm;
 * `no_variation` (difference shown, no p, no interval) when both arms are constant.
 */
export function welchFromSummaries(arm0: ArmSummary, arm1: ArmSummary, alpha: number): Result<TTest> {
  if (!isProbability(alpha)) return problem('invalid_input', NOT_ALPHA, NO_T_TEST);
  if (!isSummary(arm0) || !isSummary(arm1)) return problem('invalid_input', NOT_FINITE, NO_T_TEST);
  if (arm0.n < 2 || arm1.n < 2) return problem('insufficient_data', 'each arm needs at least two units', NO_T_TEST);
  const diff = arm1.mean - arm0.mean;
  if (hasNoVariation(arm0, arm1)) {
    return problem('no_variation', 'neither arm varies', { ...NO_T_TEST, diff, se: 0 });
  }
  return answer(tTest(diff, Math.sqrt(arm0.variance / arm0.n + arm1.variance / arm1.n), welchDf(arm0, arm1), alpha));
}

/** Welch's t-test from values; see `welchFromSummaries`. Contract kind `welch`. */
export function welch(control: readonly number[], treatment: readonly number[], alpha: number): Result<TTest> {
  if (!areFinite(control) || !areFinite(treatment)) return problem('invalid_input', NOT_FINITE, NO_T_TEST);
  return welchFromSummaries(summaryOf(momentsOf(control)), summaryOf(momentsOf(treatment)), alpha);
}

/*
 * Several rows of one unit, such as the requests of a user: treating them as independent makes the error far too small
 * (43 % false positives in A/A simulations).
 */

/** Sum of values per cluster, in order of first appearance. */
export function clusterSums(values: readonly number[], cluster: readonly (string | number)[]): readonly number[] {
  const sums = new Map<string | number, number>();
  for (const [index, value] of values.entries()) {
    const name = cluster[index]!;
    sums.set(name, (sums.get(name) ?? 0) + value);
  }
  return [...sums.values()];
}

/**
 * Difference of arm means over rows with cluster-robust error: ordinary least squares on an intercept and the arm,
 * CR1 with factor G/(G-1) * (N-1)/(N-2), t with G - 1 degrees of freedom (Liang and Zeger 1986; Cameron and Miller
 * 2015, eq. 11-12). A cluster may have rows in both arms. Contract kind `cluster_diff`.
 *
 * Errors: `insufficient_data` below two rows in an arm or two clusters in all, or when each arm is a single cluster;
 * `no_variation` when neither arm varies, or the clusters do not.
 */
export function clusterDiff(
  arm: readonly number[],
  cluster: readonly (string | number)[],
  y: readonly number[],
  alpha: number,
): Result<TTest> {
  if (!isProbability(alpha)) return problem('invalid_input', NOT_ALPHA, NO_T_TEST);
  if (!areFinite(y)) return problem('invalid_input', NOT_FINITE, NO_T_TEST);
  if (arm.length !== y.length || cluster.length !== y.length) {
    return problem('invalid_input', LENGTHS_DIFFER, NO_T_TEST);
  }
  if (!arm.every((value) => value === 0 || value === 1)) {
    return problem('invalid_input', 'arms must be 0 or 1', NO_T_TEST);
  }
  const arms = [0, 1].map((which) => momentsOf(y.filter((_, row) => arm[row] === which)));
  const [control, treatment] = [arms[0]!, arms[1]!];
  const clusters = new Set(cluster).size;
  if (control.n < 2 || treatment.n < 2 || clusters < 2) {
    return problem('insufficient_data', 'two rows in each arm and two clusters are needed', NO_T_TEST);
  }
  const diff = treatment.mean - control.mean;
  if (arms.every((moments) => isNoVariation(Math.sqrt(sampleVariance(moments)), moments.mean))) {
    return problem('no_variation', 'neither arm varies', { ...NO_T_TEST, diff, se: 0 });
  }
  const clustersPerArm = [0, 1].map((which) => new Set(cluster.filter((_, row) => arm[row] === which)).size);
  if (Math.max(...clustersPerArm) < 2) {
    return problem('insufficient_data', 'each arm is a single cluster', NO_T_TEST);
  }
  // With an intercept and one indicator, a row's influence on the difference is its residual over its arm's size.
  const influence = y.map((value, row) =>
    arm[row] === 1 ? (value - treatment.mean) / treatment.n : (control.mean - value) / control.n,
  );
  const squares = clusterSums(influence, cluster).reduce((total, sum) => total + sum * sum, 0);
  const rows = y.length;
  const se = Math.sqrt((clusters / (clusters - 1)) * ((rows - 1) / (rows - 2)) * squares);
  if (isNoVariation(se * Math.sqrt(clusters), diff)) {
    return problem('no_variation', 'the clusters do not differ', { ...NO_T_TEST, diff, se: 0 });
  }
  return answer(tTest(diff, se, clusters - 1, alpha));
}

/*
 * The offline default: pairing removes the spread between examples, and clustering (by document, conversation, template)
 * keeps near-copies from counting as independent evidence.
 */

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
