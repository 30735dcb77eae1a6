/** Simultaneous intervals of ranks, from all pairwise comparisons on the same examples. */
import { signTestP } from './distributions.ts';
import type { Better } from './gate.ts';
import { adjustP } from './multiplicity.ts';
import { MIN_UNITS_FOR_VERDICT } from './sample-size.ts';
import { tTest } from './t-test.ts';

/** Places, from 1, that are not ruled out; both ends included. */
export interface RankInterval {
  readonly from: number;
  readonly to: number;
}

interface PairedDifference {
  readonly mean: number;
  /** Two-sided; 1 where nothing can be said. */
  readonly p: number;
}

/**
 * Of each list of scores the ranks that it may have: behind all that are proven better, before all that are proven worse.
 * Proven by paired t-tests (by clusters where given), or by the exact sign test where independent examples differ by -1, 0 or 1
 * alone (McNemar's exact test of pass rates). Adjusted by Holm's method over all pairs, so that with probability 1 - alpha
 * every interval holds its true rank (Klein, Wright and Wieczorek 2020; Mogstad, Romano, Shaikh and Wilhelm 2024).
 *
 * @param scores by competitor, then by example; NaN is missing and drops the example from the pairs that lack it
 * @param cluster numbers from 0, by example; null: examples are independent
 */
export function rankIntervals(
  scores: readonly Float64Array[],
  cluster: readonly number[] | null,
  { better, alpha }: { readonly better: Better; readonly alpha: number },
): readonly RankInterval[] {
  const count = scores.length;
  const pairs = scores.flatMap((one, place) =>
    scores.slice(place + 1).map((other, index) => ({
      place,
      against: place + 1 + index,
      ...pairedDifference(one, other, cluster),
    })),
  );
  const adjusted = adjustP(
    pairs.map(({ p }) => p),
    'holm',
  ).p;
  const [ahead, behind] = [new Array<number>(count).fill(0), new Array<number>(count).fill(0)];
  for (const [index, { place, against, mean }] of pairs.entries()) {
    if (!((adjusted?.[index] ?? 1) < alpha)) continue;
    const [winner, loser] = mean > 0 === (better === 'higher') ? [place, against] : [against, place];
    ahead[loser]! += 1;
    behind[winner]! += 1;
  }
  return Object.freeze(
    scores.map((_, place) => Object.freeze({ from: 1 + ahead[place]!, to: count - behind[place]! })),
  );
}

/** One minus the other. */
function pairedDifference(one: Float64Array, other: Float64Array, cluster: readonly number[] | null): PairedDifference {
  let [pairs, sum, size, wins, losses, zeros] = [0, 0, 0, 0, 0, 0];
  for (let place = 0; place < one.length; place += 1) {
    const difference = one[place]! - other[place]!;
    if (Number.isNaN(difference)) continue;
    pairs += 1;
    sum += difference;
    size += Math.abs(difference);
    wins += Number(difference === 1);
    losses += Number(difference === -1);
    zeros += Number(difference === 0);
  }
  const mean = sum / pairs;
  const { squares, units } = cluster === null ? byExample(one, other, mean) : byCluster(one, other, mean, cluster);
  if (units < MIN_UNITS_FOR_VERDICT || size === 0) return { mean: 0, p: 1 };
  const se = Math.sqrt((units / (units - 1)) * squares) / pairs;
  // With few differences t is far from its distribution.
  if (cluster === null && wins + losses + zeros === pairs) return { mean, p: signTestP(wins, losses) };
  // Differences that are all equal have no error: what is left is that all have one sign.
  if (se <= 1e-12 * (size / pairs)) return { mean, p: 2 ** (1 - units) };
  return { mean, p: tTest(mean, se, units - 1, 0.05).p };
}

function byExample(one: Float64Array, other: Float64Array, mean: number) {
  let [squares, units] = [0, 0];
  for (let place = 0; place < one.length; place += 1) {
    const residual = one[place]! - other[place]! - mean;
    if (Number.isNaN(residual)) continue;
    squares += residual * residual;
    units += 1;
  }
  return { squares, units };
}

/** CR1: residuals are summed within a cluster first. */
function byCluster(one: Float64Array, other: Float64Array, mean: number, cluster: readonly number[]) {
  const sums = new Float64Array(cluster.length);
  const isThere = new Uint8Array(cluster.length);
  for (let place = 0; place < one.length; place += 1) {
    const residual = one[place]! - other[place]! - mean;
    if (Number.isNaN(residual)) continue;
    sums[cluster[place]!]! += residual;
    isThere[cluster[place]!] = 1;
  }
  let [squares, units] = [0, 0];
  for (let place = 0; place < sums.length; place += 1) {
    squares += sums[place]! * sums[place]!;
    units += isThere[place]!;
  }
  return { squares, units };
}
