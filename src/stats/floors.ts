/**
 * Standard errors that hold for a small arm. Ten units without a failure look as if they had no variance; the floor gives
 * each arm at least the variance that both arms show together. Where values lie in [0, 1], the variance under the limit
 * that is tested is known as well, and replaces the observed one until the arm has seen enough events.
 */
import { areCounts } from './checks.ts';
import { isSummary } from './means.ts';
import type { ArmSummary } from './moments.ts';
import { NOT_COUNTS, NOT_FINITE, type Problem, problem, type Result } from './result.ts';
import {
  asympCs,
  asympCsOneSided,
  type Bound,
  type ConfidenceSequence,
  type Estimate,
  NO_BOUND,
  NO_SEQUENCE,
  type SequenceSettings,
  type Side,
} from './sequential.ts';

/** Successes among units. */
export interface RateSummary {
  readonly n: number;
  readonly successes: number;
}

/** Rates: v = q(1 - q) with q = (x + 1)/(n + 2), per arm and pooled; SE^2 = sum of max(v_a, v_pooled)/n_a. */
export function flooredRates(arm0: RateSummary, arm1: RateSummary, nullVariance = false): Estimate {
  const both = { n: arm0.n + arm1.n, successes: arm0.successes + arm1.successes };
  return floored(summaryOfRate(arm0), summaryOfRate(arm1), summaryOfRate(both).variance, nullVariance);
}

/** A rate as the mean of zeros and ones, with the variance of the smoothed rate, so that no arm seems certain. */
export function summaryOfRate({ n, successes }: RateSummary): ArmSummary {
  const q = (successes + 1) / (n + 2);
  return { n, mean: n === 0 ? 0 : successes / n, variance: q * (1 - q) };
}

/**
 * Means: SE^2 = sum of max(s_a^2, pooled within-arm variance)/n_a. Needs at least two units in each arm. `nullVariance`
 * is for values in [0, 1] only.
 */
export function flooredMeans(arm0: ArmSummary, arm1: ArmSummary, nullVariance = false): Estimate {
  const pooled = ((arm0.n - 1) * arm0.variance + (arm1.n - 1) * arm1.variance) / (arm0.n + arm1.n - 2);
  return floored(arm0, arm1, pooled, nullVariance);
}

function floored(arm0: ArmSummary, arm1: ArmSummary, pooled: number, nullVariance: boolean): Estimate {
  const [variance0, variance1] = [Math.max(arm0.variance, pooled), Math.max(arm1.variance, pooled)];
  const n = arm0.n + arm1.n;
  const square = variance0 / arm0.n + variance1 / arm1.n;
  const estimate = { diff: arm1.mean - arm0.mean, se: Math.sqrt(square), n };
  if (!nullVariance) return estimate;
  const squareAt = (difference: number, events: number): number => {
    // The arms' means if they differ by this: both moved to it by their weight, and kept within [0, 1].
    const shifted = (arm0.n * arm0.mean + arm1.n * (arm1.mean - difference)) / n;
    const mean0 = Math.min(Math.max(shifted, 0, -difference), 1, 1 - difference);
    const added0 = addedVariance(arm0.n, mean0, variance0, events);
    return square + added0 + addedVariance(arm1.n, mean0 + difference, variance1, events);
  };
  return { ...estimate, squareAt };
}

/**
 * What the variance of an arm's mean lacks, where this is its true mean: all that q(1 - q) is above the observed variance
 * while fewer than `events` events (or non-events, whichever are rarer) are expected, and less as more are. No mean of
 * values in [0, 1] has a variance above q(1 - q) (Bhatia and Davis 2000).
 */
function addedVariance(n: number, q: number, variance: number, events: number): number {
  const expected = n * Math.min(q, 1 - q);
  return (Math.max(0, q * (1 - q) - variance) / n) * (expected > events ? events / expected : 1);
}

/**
 * Always-valid interval for the difference of two rates with floored variances. Contract kind `asymp_cs_binary`.
 *
 * Errors: `insufficient_data` when an arm is empty. It never lacks variation: the smoothed variance is above 0.
 */
export function asympCsBinary(
  arm0: RateSummary,
  arm1: RateSummary,
  settings: SequenceSettings,
): Result<ConfidenceSequence> {
  const flaw = flawOfRates(arm0, arm1);
  return flaw === null ? asympCs(flooredRates(arm0, arm1), settings) : problem(...flaw, NO_SEQUENCE);
}

/**
 * Always-valid one-sided bound for the difference of two rates, for guardrails: floored variances, and the standard error
 * under the bound while events are few. Contract kind `asymp_cs_binary_one_sided`.
 *
 * Errors: as `asympCsBinary`; alpha must be below 1/2.
 */
export function asympCsBinaryOneSided(
  arm0: RateSummary,
  arm1: RateSummary,
  settings: SequenceSettings,
  side: Side,
): Result<Bound> {
  const flaw = flawOfRates(arm0, arm1);
  return flaw === null ? asympCsOneSided(flooredRates(arm0, arm1, true), settings, side) : problem(...flaw, NO_BOUND);
}

/** Whether these are counts of successes among units. */
export const isRate = ({ n, successes }: RateSummary): boolean => areCounts(n, successes) && successes <= n;

function flawOfRates(arm0: RateSummary, arm1: RateSummary): readonly [Problem, string] | null {
  if (!isRate(arm0) || !isRate(arm1)) return ['invalid_input', NOT_COUNTS];
  return arm0.n === 0 || arm1.n === 0 ? ['insufficient_data', 'each arm needs at least one unit'] : null;
}

/**
 * Always-valid interval for the difference of two means with floored variances. Contract kind `asymp_cs_mean`.
 *
 * Errors: `insufficient_data` below two units in an arm; `no_variation` when both arms are constant.
 */
export function asympCsMean(
  arm0: ArmSummary,
  arm1: ArmSummary,
  settings: SequenceSettings,
): Result<ConfidenceSequence> {
  if (!isSummary(arm0) || !isSummary(arm1)) return problem('invalid_input', NOT_FINITE, NO_SEQUENCE);
  if (arm0.n < 2 || arm1.n < 2) {
    return problem('insufficient_data', 'each arm needs at least two units', NO_SEQUENCE);
  }
  return asympCs(flooredMeans(arm0, arm1), settings);
}
