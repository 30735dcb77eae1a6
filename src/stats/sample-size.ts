/**
 * How many units an experiment needs, and what it could see: printed before launch, because halving the effect one
 * wants to see costs four times as many units. "Delta" is the smallest effect worth seeing, in the metric's units.
 */

import { tuning } from './asymp-cs.ts';
import { standardNormalQuantile, twoSidedZ } from './distributions.ts';
import {
  answer,
  areCounts,
  areFinite,
  isNonNegative,
  isPositive,
  isProbability,
  nothing,
  problem,
  type Result,
} from './result.ts';

/** With fewer units no sign-flip p can be 0.05 or less: the smallest is 2/2^n. */
export const MIN_UNITS_FOR_VERDICT = 6;
/** The power that "needed" units are computed for. */
export const PLANNED_POWER = 0.8;

const NOT_LEVELS = 'alpha and power must lie strictly between 0 and 1';
const NOT_DEVIATIONS = 'standard deviations and variances must be finite and 0 or more';
const NO_DELTA = 'an effect of 0 cannot be planned for';
const NO_SPREAD = 'without variation any two units suffice';

const detectable = (alpha: number, power: number): number => twoSidedZ(alpha) + standardNormalQuantile(power);

export interface SampleSizeInput {
  readonly delta: number;
  readonly sd0: number;
  readonly sd1: number;
  readonly alpha: number;
  readonly power: number;
  /** Units in arm 1 per unit in arm 0. */
  readonly ratio: number;
}

/**
 * Units per arm for a fixed horizon: n0 = (z_{1-alpha/2} + z_power)^2 (sd0^2 + sd1^2/r)/delta^2, n1 = r n0, rounded
 * up. Contract kind `sample_size`. Errors: `insufficient_data` for delta 0; `no_variation` when both deviations are 0.
 */
export function sampleSize({
  delta,
  sd0,
  sd1,
  alpha,
  power,
  ratio,
}: SampleSizeInput): Result<{ n0: number; n1: number }> {
  const none = nothing('n0', 'n1');
  if (!isProbability(alpha) || !isProbability(power)) return problem('invalid_input', NOT_LEVELS, none);
  if (!isNonNegative(sd0) || !isNonNegative(sd1)) return problem('invalid_input', NOT_DEVIATIONS, none);
  if (!Number.isFinite(delta) || !isPositive(ratio)) {
    return problem('invalid_input', 'delta must be finite and the ratio above 0', none);
  }
  if (delta === 0) return problem('insufficient_data', NO_DELTA, none);
  if (sd0 === 0 && sd1 === 0) return problem('no_variation', NO_SPREAD, none);
  const n0 = Math.ceil((detectable(alpha, power) ** 2 * (sd0 ** 2 + sd1 ** 2 / ratio)) / delta ** 2);
  // 1.1 * 10 is a hair above 11: do not let rounding add a unit.
  return answer({ n0, n1: Math.ceil(ratio * n0 * (1 - Number.EPSILON)) });
}

export interface MdeInput {
  readonly sd0: number;
  readonly sd1: number;
  readonly n0: number;
  readonly n1: number;
  readonly alpha: number;
  readonly power: number;
}

/**
 * Smallest effect seen with the given power at a fixed horizon: (z_{1-alpha/2} + z_power) sqrt(sd0^2/n0 + sd1^2/n1).
 * Contract kind `mde`. Errors: `insufficient_data` when an arm is empty.
 */
export function minimumDetectableEffect({ sd0, sd1, n0, n1, alpha, power }: MdeInput): Result<{ mde: number }> {
  const none = { mde: null };
  if (!isProbability(alpha) || !isProbability(power)) return problem('invalid_input', NOT_LEVELS, none);
  if (!isNonNegative(sd0) || !isNonNegative(sd1)) return problem('invalid_input', NOT_DEVIATIONS, none);
  if (!areCounts(n0, n1)) return problem('invalid_input', 'units must be whole numbers, 0 or more', none);
  if (n0 === 0 || n1 === 0) return problem('insufficient_data', 'each arm needs at least one unit', none);
  return answer({ mde: detectable(alpha, power) * Math.sqrt(sd0 ** 2 / n0 + sd1 ** 2 / n1) });
}

export interface PairedSizeInput {
  readonly delta: number;
  /** Standard deviation of the true per-example difference. */
  readonly between: number;
  /** Standard deviation of one variant's repeats on one example, per variant. */
  readonly within0: number;
  readonly within1: number;
  /** Repeats per example. */
  readonly repeats: number;
  readonly alpha: number;
  readonly power: number;
}

/**
 * Examples for a paired comparison with K repeats: n = (z + z)^2 s_d^2/delta^2, s_d^2 = omega^2 + sigma_A^2/K +
 * sigma_B^2/K (Miller 2024): repeats cannot beat the spread between examples. At least 2. Errors: as `sampleSize`.
 */
export function pairedSampleSize(input: PairedSizeInput): Result<{ n: number; sdDifference: number }> {
  const none = nothing('n', 'sdDifference');
  const { delta, between, within0, within1, repeats, alpha, power } = input;
  if (!isProbability(alpha) || !isProbability(power)) return problem('invalid_input', NOT_LEVELS, none);
  if (![between, within0, within1].every(isNonNegative)) return problem('invalid_input', NOT_DEVIATIONS, none);
  if (!areFinite([delta]) || !areCounts(repeats) || repeats < 1) {
    return problem('invalid_input', 'delta must be finite and repeats a whole number above 0', none);
  }
  if (delta === 0) return problem('insufficient_data', NO_DELTA, none);
  const variance = between ** 2 + (within0 ** 2 + within1 ** 2) / repeats;
  const n = Math.max(2, Math.ceil((detectable(alpha, power) ** 2 * variance) / delta ** 2));
  return answer({ n, sdDifference: Math.sqrt(variance) });
}

/**
 * n SE^2 of one unit when a share of units goes to arm 1: variance/(share(1 - share)), 4 variance at 50/50. It is the
 * `v` of `sequentialSampleSize` and the `vRef` of `stageCs`; a rate's variance is p(1 - p).
 */
export function unitVariance(variance: number, share: number): Result<{ v: number }> {
  const none = { v: null };
  if (!isNonNegative(variance)) return problem('invalid_input', NOT_DEVIATIONS, none);
  if (!isProbability(share)) return problem('invalid_input', 'the share must lie strictly between 0 and 1', none);
  return answer({ v: variance / (share * (1 - share)) });
}

export interface SequentialSizeInput {
  readonly delta: number;
  /** See `unitVariance`. */
  readonly v: number;
  readonly alpha: number;
  readonly power: number;
}

/**
 * Total units for an always-valid sequence tuned to n* = n: n = v((M + z_power)/delta)^2 with M = sqrt((1+c)/c (2
 * ln(1/alpha) + ln(1+c))), rounded up; conservative, since an effect is usually seen earlier. Contract kind
 * `sequential_n`. Errors: as `sampleSize`.
 */
export function sequentialSampleSize(input: SequentialSizeInput): Result<{ multiplier: number; nTotal: number }> {
  const none = nothing('multiplier', 'nTotal');
  const { delta, v, alpha, power } = input;
  if (!isProbability(alpha) || !isProbability(power)) return problem('invalid_input', NOT_LEVELS, none);
  if (!isNonNegative(v)) return problem('invalid_input', NOT_DEVIATIONS, none);
  if (!Number.isFinite(delta)) return problem('invalid_input', 'delta must be finite', none);
  if (delta === 0) return problem('insufficient_data', NO_DELTA, none);
  if (v === 0) return problem('no_variation', NO_SPREAD, none);
  const c = tuning(alpha);
  const multiplier = Math.sqrt(((1 + c) / c) * (2 * Math.log(1 / alpha) + Math.log1p(c)));
  return answer({ multiplier, nTotal: Math.ceil(v * ((multiplier + standardNormalQuantile(power)) / delta) ** 2) });
}

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

/** What repeats add is in the error already. */
const ONCE = { within0: 0, within1: 0, repeats: 1 } as const;

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
