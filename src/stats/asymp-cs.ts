/**
 * The online default: asymptotic confidence sequences. The interval holds at every look at once, so one may look as
 * often as one likes and stop when it is clear of zero. Variance floors keep small or lopsided arms honest: the bare
 * formula gives up to 81 % false positives at a 2/98 split, with floors and burn-in it stays below alpha.
 */

import type { ArmSummary } from './moments.ts';
import {
  answer,
  areCounts,
  isNonNegative,
  isNoVariation,
  isPositive,
  isProbability,
  NOT_COUNTS,
  NOT_FINITE,
  nothing,
  type Problem,
  problem,
  type Result,
} from './result.ts';
import { isSummary } from './t-test.ts';

/** Planned total units when there is no plan. */
export const DEFAULT_N_STAR = 5000;
/** Planned units of the rollback bound: small, so that harm shows early. */
export const ROLLBACK_N_STAR = 1500;

/** Level and tuning of a sequence, fixed before the first look. A wrong `nStar` costs width, not validity. */
export interface SequenceSettings {
  readonly alpha: number;
  /** Total units at which the interval is to be tightest. */
  readonly nStar: number;
}

/** A difference with its always-valid interval, e-value (as its logarithm) and p = min(1, 1/e). */
export interface ConfidenceSequence {
  readonly diff: number;
  readonly se: number;
  readonly rho: number;
  readonly halfWidth: number;
  readonly ciLo: number;
  readonly ciHi: number;
  readonly logE: number;
  readonly p: number;
}

/** A one-sided limit of the difference. */
export interface Bound {
  readonly rho: number;
  readonly bound: number;
}

export type Side = 'lower' | 'upper';

export const NO_SEQUENCE = nothing('diff', 'se', 'rho', 'halfWidth', 'ciLo', 'ciHi', 'logE', 'p');
export const NO_BOUND = nothing('rho', 'bound');
export const NOT_SETTINGS = 'alpha must lie strictly between 0 and 1, and n* and v_ref must be above 0';

/** rho^2 n*: the tuning that makes the interval tightest at n* (Waudby-Smith et al. 2023, eq. 161). */
export function tuning(alpha: number): number {
  return -2 * Math.log(alpha) + Math.log(1 - 2 * Math.log(alpha));
}

/** An estimate with its standard error, from n units in all. */
export interface Estimate {
  readonly diff: number;
  readonly se: number;
  readonly n: number;
  /**
   * SE^2 if the true difference were the given one, never below se^2; `events` is how many expected events an arm needs
   * for its observed variance to count. Absent: se^2 for any difference.
   */
  readonly squareAt?: (difference: number, events: number) => number;
}

/**
 * Expected events that an arm needs before its observed variance is taken for the true one, for a one-sided level alpha:
 * 10.5 at 5 %. Chosen by simulation: the rarer the error that is allowed, the more skewness of a count matters.
 */
const eventsFor = (alpha: number): number => 3.5 * Math.log(1 / alpha);

/** Relative precision of a limit, and the most steps towards it. */
const PRECISION = 1e-12;
const MOST_STEPS = 100;

/**
 * The limit of the difference on one side, `factor` standard errors from the estimate. With `squareAt` the error is that
 * under the limit itself, as in a score interval (Miettinen and Nurminen 1985; Farrington and Manning 1990).
 */
function limitOf({ diff, se, squareAt }: Estimate, factor: number, alpha: number, side: Side): number {
  const sign = side === 'lower' ? -1 : 1;
  if (squareAt === undefined) return diff + sign * se * factor;
  const events = eventsFor(alpha);
  const excess = (distance: number): number => distance - factor * Math.sqrt(squareAt(diff + sign * distance, events));
  // No difference of values in [0, 1] exceeds 1.
  let [near, far] = [se * factor, 1 - sign * diff];
  if (near >= far) return diff + sign * near;
  let [low, high] = [excess(near), excess(far)];
  if (low >= 0) return diff + sign * near;
  let replaced = 0;
  // The method of false position; an end that stays twice counts half (the Illinois rule, Dowell and Jarratt 1971).
  for (let step = 0; step < MOST_STEPS && far - near > PRECISION * far; step += 1) {
    const next = far - (high * (far - near)) / (high - low);
    const value = excess(next);
    if (Math.abs(value) <= PRECISION * next) return diff + sign * next;
    const end = Math.sign(value);
    if (end < 0) [near, low, high] = [next, value, replaced === end ? high / 2 : high];
    else [far, high, low] = [next, value, replaced === end ? low / 2 : low];
    replaced = end;
  }
  return diff + sign * far;
}

/** Where a sequence stands: its tuning rho and its clock x, which is n rho^2 while one unit is worth one tick. */
export interface Clock {
  readonly rho: number;
  readonly x: number;
}

/** The clock of n units under these settings; `level` is alpha, or 2 alpha for one-sided bounds. */
export function clockOf(level: number, nStar: number, ticks: number): Clock {
  const rho2 = tuning(level) / nStar;
  return { rho: Math.sqrt(rho2), x: ticks * rho2 };
}

/**
 * The sequence itself (Waudby-Smith et al. 2023, "Time-uniform central limit theory and asymptotic confidence
 * sequences", eq. 9 and 155). Its callers have checked their input. Without variation nothing can be claimed: e = 1,
 * p = 1, no interval.
 */
export function sequenceAt(estimate: Estimate, { rho, x }: Clock, alpha: number): Result<ConfidenceSequence> {
  const { diff, se, n, squareAt } = estimate;
  if (isNoVariation(se * Math.sqrt(n), diff)) {
    return problem('no_variation', 'no arm varies', { ...NO_SEQUENCE, diff, se, rho, logE: 0, p: 1 });
  }
  const factor = Math.sqrt(((1 + x) / x) * (2 * Math.log(1 / alpha) + Math.log1p(x)));
  const [ciLo, ciHi] = [limitOf(estimate, factor, alpha / 2, 'lower'), limitOf(estimate, factor, alpha / 2, 'upper')];
  const halfWidth = squareAt === undefined ? se * factor : (ciHi - ciLo) / 2;
  const z = diff / (squareAt === undefined ? se : Math.sqrt(squareAt(0, eventsFor(alpha / 2))));
  const logE = ((z * z) / 2) * (x / (1 + x)) - Math.log1p(x) / 2;
  const p = Math.min(1, Math.exp(-logE));
  return answer({ diff, se, rho, halfWidth, ciLo, ciHi, logE, p });
}

/** One-sided bound (Waudby-Smith et al. 2023, eq. 134); its clock is that of level 2 alpha. */
export function boundAt(estimate: Estimate, { rho, x }: Clock, alpha: number, side: Side): Result<Bound> {
  const { diff, se, n } = estimate;
  if (isNoVariation(se * Math.sqrt(n), diff)) return problem('no_variation', 'no arm varies', { ...NO_BOUND, rho });
  const factor = Math.sqrt(((2 * (1 + x)) / x) * Math.log1p(Math.sqrt(1 + x) / (2 * alpha)));
  return answer({ rho, bound: limitOf(estimate, factor, alpha, side) });
}

function flawOf({ diff, se, n }: Estimate, { alpha, nStar }: SequenceSettings): string | null {
  if (!isProbability(alpha) || !isPositive(nStar)) return NOT_SETTINGS;
  if (!Number.isFinite(diff) || !isNonNegative(se)) return NOT_FINITE;
  return areCounts(n) ? null : NOT_COUNTS;
}

/**
 * Always-valid interval for any difference whose standard error is known, from n units in all: ratios and
 * CUPED-adjusted means come in here. Contract kind `asymp_cs`.
 *
 * Assumes an estimate that is near normal from the burn-in on. Errors: `insufficient_data` when n is 0;
 * `no_variation` (difference shown, p = 1, no interval) when se is 0.
 */
export function asympCs(estimate: Estimate, settings: SequenceSettings): Result<ConfidenceSequence> {
  const flaw = flawOf(estimate, settings);
  if (flaw !== null) return problem('invalid_input', flaw, NO_SEQUENCE);
  if (estimate.n === 0) return problem('insufficient_data', 'there are no units', NO_SEQUENCE);
  return sequenceAt(estimate, clockOf(settings.alpha, settings.nStar, estimate.n), settings.alpha);
}

/**
 * Always-valid one-sided bound at level alpha, for guardrails: rho^2 = c(2 alpha)/n*. Contract kind
 * `asymp_cs_one_sided`.
 *
 * Errors: as `asympCs`; alpha must be below 1/2.
 */
export function asympCsOneSided(estimate: Estimate, settings: SequenceSettings, side: Side): Result<Bound> {
  const flaw = flawOf(estimate, settings) ?? flawOfBound(settings.alpha, side);
  if (flaw !== null) return problem('invalid_input', flaw, NO_BOUND);
  if (estimate.n === 0) return problem('insufficient_data', 'there are no units', NO_BOUND);
  return boundAt(estimate, clockOf(2 * settings.alpha, settings.nStar, estimate.n), settings.alpha, side);
}

/** What is wrong with the level or side of a one-sided bound, if anything. */
export function flawOfBound(alpha: number, side: Side): string | null {
  if (alpha >= 0.5) return 'a one-sided alpha must be below 1/2';
  return side === 'lower' || side === 'upper' ? null : 'the side must be lower or upper';
}

/*
 * Variance floors. Ten units without a failure look as if they had no variance; the floor gives each arm at least the
 * variance that both arms show together. Where values lie in [0, 1], the variance under the limit that is tested is known
 * as well, and replaces the observed one until the arm has seen enough events.
 */

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
