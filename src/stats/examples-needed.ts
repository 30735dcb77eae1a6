/** How many examples show an effect, planned from the standard error of the examples at hand. */
import { twoSidedZ } from './distributions.ts';
import { MIN_UNITS_FOR_VERDICT, PLANNED_POWER, pairedSampleSize } from './planning.ts';

export interface SeenError {
  /** Standard error of an effect over its pairs, by clusters where there are any; null or 0 where nothing varies. */
  readonly se: number | null;
  readonly pairs: number;
  /** Pairs, or clusters of them. */
  readonly units: number;
  /** Squared: `se` over the standard error of independent pairs; null without clusters. */
  readonly designEffect: number | null;
  /** Its sign does not matter. */
  readonly effect: number | null;
  /** Two-sided. */
  readonly alpha: number;
}

export interface ExamplesNeeded {
  readonly examples: number;
  /** Positive. */
  readonly effect: number;
  /** As many clusters of the mean size at hand as hold the examples; null without clusters. */
  readonly clusters: number | null;
  readonly designEffect: number | null;
}

/**
 * Examples that show the effect with 80 % power: n = (z + z)^2 s^2/effect^2 over pairs. Over clusters z^2/2 more of them,
 * since a t-test of few units asks more than z (Guenther 1981). Null where nothing varies or there is no effect.
 */
export function examplesNeeded({ se, pairs, units, designEffect, ...seen }: SeenError): ExamplesNeeded | null {
  if (se === null || !(se > 0) || seen.effect === null || seen.effect === 0) return null;
  const { alpha } = seen;
  const effect = Math.abs(seen.effect);
  const isClustered = designEffect !== null;
  const between = se * Math.sqrt(isClustered ? units : pairs);
  const { n } = pairedSampleSize({ ...ONCE, delta: effect, between, alpha, power: PLANNED_POWER });
  if (n === null) return null;
  const clusters = isClustered ? Math.max(MIN_UNITS_FOR_VERDICT, n + Math.ceil(twoSidedZ(alpha) ** 2 / 2)) : null;
  const examples = clusters === null ? n : Math.ceil((clusters * pairs) / units);
  return Number.isSafeInteger(examples) ? Object.freeze({ examples, effect, clusters, designEffect }) : null;
}

/** What repeats add is in the error already. */
const ONCE = { within0: 0, within1: 0, repeats: 1 } as const;
