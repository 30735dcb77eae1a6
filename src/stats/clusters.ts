/**
 * Effects when several rows belong to one unit: a table of requests whose users, not requests, were randomised.
 * Treating such rows as independent makes the error far too small (43 % false positives in A/A simulations).
 */
import { areFinite, isNoVariation, isProbability } from './checks.ts';
import { NO_T_TEST, type TTest, tTest } from './intervals.ts';
import { momentsOf, sampleVariance } from './moments.ts';
import { answer, LENGTHS_DIFFER, NOT_ALPHA, NOT_FINITE, problem, type Result } from './result.ts';

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
