/** A side's own mean with its interval, whatever it is compared with. */

import { momentsOf, sampleVariance } from '../../stats/moments.ts';
import { wilson } from '../../stats/rates.ts';
import { isNoVariation } from '../../stats/result.ts';
import { clusterSums, tTest } from '../../stats/t-test.ts';
import type { ExplainedMean } from './compared-metric.ts';

export interface MeanSettings {
  readonly alpha: number;
  /** Passes and failures, each of one run: Wilson's interval. */
  readonly isRate: boolean;
  readonly cluster: readonly number[] | null;
}

export const NO_MEAN: ExplainedMean = Object.freeze({ mean: null, lo: null, hi: null });

/** Student's t over examples, or over clusters; Wilson's for rates. Without variation a mean alone. */
export function explainedMean(values: readonly number[], { alpha, isRate, cluster }: MeanSettings): ExplainedMean {
  const n = values.length;
  if (n === 0) return NO_MEAN;
  if (isRate && cluster === null && values.every((value) => value === 0 || value === 1)) {
    const passes = values.filter((value) => value === 1).length;
    const { lo, hi } = wilson(passes, n, alpha);
    return Object.freeze({ mean: passes / n, lo, hi });
  }
  const { mean } = momentsOf(values);
  const error = meanError(values, cluster);
  if (error === null) return Object.freeze({ mean, lo: null, hi: null });
  const { ciLo: lo, ciHi: hi } = tTest(mean, error.se, error.df, alpha);
  return Object.freeze({ mean, lo, hi });
}

/** Standard error of a mean: by its values, or CR1 over clusters; null below two of them and without variation. */
export function meanError(values: readonly number[], cluster: readonly number[] | null) {
  const moments = momentsOf(values);
  const { n, mean } = moments;
  if (cluster === null) {
    const deviation = Math.sqrt(sampleVariance(moments));
    return n < 2 || isNoVariation(deviation, mean) ? null : { se: deviation / Math.sqrt(n), df: n - 1 };
  }
  const sums = clusterSums(
    values.map((value) => value - mean),
    cluster,
  );
  const clusters = sums.length;
  if (clusters < 2) return null;
  const se = Math.sqrt((clusters / (clusters - 1)) * sums.reduce((total, sum) => total + sum * sum, 0)) / n;
  return isNoVariation(se * Math.sqrt(clusters), mean) ? null : { se, df: clusters - 1 };
}
