/**
 * Two independent arms, compared by their means once, at the planned end (`fixed` mode) or offline without pairing.
 * Arm 0 is the control; a difference is arm 1 minus arm 0. For looks in between use `sequential.ts`.
 */
import { areCounts, areFinite, isNonNegative, isNoVariation, isProbability } from './checks.ts';
import { twoSidedT } from './distributions.ts';
import { NO_T_TEST, type TTest, tTest } from './intervals.ts';
import { type ArmSummary, momentsOf, summaryOf } from './moments.ts';
import { answer, NOT_ALPHA, NOT_FINITE, nothing, problem, type Result } from './result.ts';

/** Whether a summary has a count, a finite mean and a variance of 0 or more. */
export function isSummary({ n, mean, variance }: ArmSummary): boolean {
  return areCounts(n) && Number.isFinite(mean) && isNonNegative(variance);
}

/** Whether every given arm varies by nothing but rounding. */
function hasNoVariation(...arms: readonly ArmSummary[]): boolean {
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

/** Relative change of arm 1 against arm 0, as a share of the control's absolute mean. */
export interface RelativeLift {
  readonly rel: number;
  readonly se: number;
  readonly ciLo: number;
  readonly ciHi: number;
}

/** A ratio to a mean is only steady when that mean is this many standard errors away from 0. */
export const RELATIVE_LIFT_MIN_CONTROL_Z = 5;

/**
 * Relative lift (m1 - m0)/|m0| by the delta method: var = v1/(n1 m0^2) + v0 m1^2/(n0 m0^4), t-interval with Welch's
 * degrees of freedom. Contract kind `relative_lift`. For display: gates use absolute effects.
 *
 * Errors: `insufficient_data` when the control's mean is 0 or less than 5 standard errors from 0 (show the absolute
 * difference only); `no_variation` when both arms are constant.
 */
export function relativeLift(arm0: ArmSummary, arm1: ArmSummary, alpha: number): Result<RelativeLift> {
  const none = nothing('rel', 'se', 'ciLo', 'ciHi');
  if (!isProbability(alpha)) return problem('invalid_input', NOT_ALPHA, none);
  if (!isSummary(arm0) || !isSummary(arm1)) return problem('invalid_input', NOT_FINITE, none);
  if (arm0.n < 2 || arm1.n < 2) return problem('insufficient_data', 'each arm needs at least two units', none);
  const base = Math.abs(arm0.mean);
  if (base === 0 || base < RELATIVE_LIFT_MIN_CONTROL_Z * Math.sqrt(arm0.variance / arm0.n)) {
    return problem('insufficient_data', "the control's mean is too close to 0 to divide by", none);
  }
  const rel = (arm1.mean - arm0.mean) / base;
  if (hasNoVariation(arm0, arm1)) return problem('no_variation', 'neither arm varies', { ...none, rel, se: 0 });
  const ratio = arm1.mean / base;
  const se = Math.sqrt(arm1.variance / arm1.n + (arm0.variance / arm0.n) * ratio * ratio) / base;
  const halfWidth = twoSidedT(alpha, welchDf(arm0, arm1)) * se;
  return answer({ rel, se, ciLo: rel - halfWidth, ciHi: rel + halfWidth });
}
