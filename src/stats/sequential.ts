/**
 * The online default: asymptotic confidence sequences. The interval holds at every look at once, so one may look as
 * often as one likes and stop when it is clear of zero. Variance floors keep small or lopsided arms honest: the bare
 * formula gives up to 81 % false positives at a 2/98 split, with floors and burn-in it stays below alpha.
 */
import { areCounts, isNonNegative, isNoVariation, isPositive, isProbability } from './checks.ts';
import { answer, NOT_COUNTS, NOT_FINITE, nothing, problem, type Result } from './result.ts';

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
   * for its observed variance to count. Absent: se^2, whatever the difference.
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
