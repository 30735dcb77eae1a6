/**
 * Effects that adjust or relate means: CUPED (adjusted by an earlier value) and ratios of sums, and the
 * relative lift. Only `stats-case` and callers
 * of the package use them; no experiment of Sluice does.
 */

import { twoSidedT } from './distributions.ts';
import { type ArmSummary, mergePairMoments, type PairMoments, pairMomentsOf } from './moments.ts';
import {
  answer,
  areFinite,
  isNoVariation,
  isProbability,
  LENGTHS_DIFFER,
  NOT_ALPHA,
  NOT_FINITE,
  nothing,
  problem,
  type Result,
} from './result.ts';
import { hasNoVariation, isSummary, type TTest, tTest, welchDf, zTest } from './t-test.ts';

/*
 * CUPED subtracts what was known before exposure. The better the earlier value predicts the later one, the fewer units an
 * experiment needs. The earlier value must be fixed before exposure, else it may carry the effect itself.
 */

export interface Cuped extends TTest {
  readonly theta: number;
  /** 1 - adjusted / unadjusted squared standard error. */
  readonly varReduction: number;
}

const NO_CUPED = nothing('theta', 'varReduction', 'diff', 'se', 'df', 't', 'p', 'ciLo', 'ciHi');

/** Outcomes `y` and covariates `x` of one arm's units, in the same order. */
export interface CupedArm {
  readonly y: readonly number[];
  readonly x: readonly number[];
}

/**
 * Difference of means adjusted by a covariate (Deng, Xu, Kohavi and Walker 2013): theta = cov(y, x)/var(x) over both
 * arms together, diff = (y1 - y0) - theta(x1 - x0), var_a = s_y^2 + theta^2 s_x^2 - 2 theta s_xy, Welch's t.
 * Contract kind `cuped`. Show the unadjusted row as well.
 *
 * A covariate that does not vary adjusts nothing (theta 0). Errors: `insufficient_data` below two units in an arm;
 * `no_variation` when the adjusted values do not vary.
 */
export function cuped(control: CupedArm, treatment: CupedArm, alpha: number): Result<Cuped> {
  if (!isProbability(alpha)) return problem('invalid_input', NOT_ALPHA, NO_CUPED);
  const lists = [control.y, control.x, treatment.y, treatment.x];
  if (!lists.every(areFinite)) return problem('invalid_input', NOT_FINITE, NO_CUPED);
  if ([control, treatment].some(({ x, y }) => x.length !== y.length)) {
    return problem('invalid_input', LENGTHS_DIFFER, NO_CUPED);
  }
  const arm0 = pairMomentsOf(control.x, control.y);
  const arm1 = pairMomentsOf(treatment.x, treatment.y);
  if (!areFinite([...Object.values(arm0), ...Object.values(arm1)]))
    return problem('invalid_input', NOT_FINITE, NO_CUPED);
  if (arm0.n < 2 || arm1.n < 2) return problem('insufficient_data', 'each arm needs at least two units', NO_CUPED);
  const both = mergePairMoments(arm0, arm1);
  const isFlat = isNoVariation(Math.sqrt(both.m2x / (both.n - 1)), both.meanX);
  const theta = isFlat ? 0 : both.cxy / both.m2x;
  const adjust = ({ n, meanX, meanY, m2x, m2y, cxy }: PairMoments) => ({
    n,
    mean: meanY - theta * meanX,
    // Rounding can push a perfectly predicted outcome a hair below 0.
    variance: Math.max(0, m2y + theta * theta * m2x - 2 * theta * cxy) / (n - 1),
    unadjusted: m2y / (n - 1),
  });
  const [adjusted0, adjusted1] = [adjust(arm0), adjust(arm1)];
  const diff = adjusted1.mean - adjusted0.mean;
  const isFixed = [adjusted0, adjusted1].every(({ variance, mean }) => isNoVariation(Math.sqrt(variance), mean));
  if (isFixed) return problem('no_variation', 'the adjusted values do not vary', { ...NO_CUPED, theta, diff, se: 0 });
  const square = adjusted0.variance / arm0.n + adjusted1.variance / arm1.n;
  const unadjusted = adjusted0.unadjusted / arm0.n + adjusted1.unadjusted / arm1.n;
  return answer({
    theta,
    varReduction: 1 - square / unadjusted,
    ...tTest(diff, Math.sqrt(square), welchDf(adjusted0, adjusted1), alpha),
  });
}

/*
 * Ratios of two sums over units, such as thumbs up per rating or cost per answer. Numerator and denominator of one unit
 * belong together, so the error accounts for several requests per user. A ratio whose denominator the variant can change
 * is not fit to be a sole primary metric.
 */

export interface RatioEffect {
  readonly ratio0: number;
  readonly ratio1: number;
  readonly diff: number;
  readonly se: number;
  readonly z: number;
  readonly p: number;
  readonly ciLo: number;
  readonly ciHi: number;
  /** Relative change of the ratio; null where the control's ratio is 0. */
  readonly rel: number | null;
  readonly relSe: number | null;
}

const NO_RATIO = nothing('ratio0', 'ratio1', 'diff', 'se', 'z', 'p', 'ciLo', 'ciHi', 'rel', 'relSe');

/** Ratio and its squared standard error: (s_N^2 - 2R s_ND + R^2 s_D^2)/(Dbar^2 n). */
function ratioOf({ n, meanX, meanY, m2x, m2y, cxy }: PairMoments): { ratio: number; square: number } {
  const ratio = meanY / meanX;
  const variance = Math.max(0, m2y - 2 * ratio * cxy + ratio * ratio * m2x) / (n - 1);
  return { ratio, square: variance / (meanX * meanX * n) };
}

/** Numerators and denominators of one arm's units, in the same order. */
export interface RatioArm {
  readonly numerators: readonly number[];
  readonly denominators: readonly number[];
}

/**
 * Difference of two ratios of sums by the delta method with a normal interval (Deng, Knoblich and Lu 2018).
 * Contract kind `ratio_delta`. While looking repeatedly put `diff` and `se` into `asympCs`.
 *
 * Errors: `insufficient_data` below two units in an arm or when an arm's denominators sum to 0; `no_variation` when
 * neither ratio varies.
 */
export function ratioDelta(control: RatioArm, treatment: RatioArm, alpha: number): Result<RatioEffect> {
  if (!isProbability(alpha)) return problem('invalid_input', NOT_ALPHA, NO_RATIO);
  const lists = [control.numerators, control.denominators, treatment.numerators, treatment.denominators];
  if (!lists.every(areFinite)) return problem('invalid_input', NOT_FINITE, NO_RATIO);
  if ([control, treatment].some(({ numerators, denominators }) => numerators.length !== denominators.length)) {
    return problem('invalid_input', LENGTHS_DIFFER, NO_RATIO);
  }
  const arm0 = pairMomentsOf(control.denominators, control.numerators);
  const arm1 = pairMomentsOf(treatment.denominators, treatment.numerators);
  if (!areFinite([...Object.values(arm0), ...Object.values(arm1)]))
    return problem('invalid_input', NOT_FINITE, NO_RATIO);
  if (arm0.n < 2 || arm1.n < 2) return problem('insufficient_data', 'each arm needs at least two units', NO_RATIO);
  if (arm0.meanX === 0 || arm1.meanX === 0) {
    return problem('insufficient_data', "an arm's denominators sum to 0", NO_RATIO);
  }
  const { ratio: ratio0, square: square0 } = ratioOf(arm0);
  const { ratio: ratio1, square: square1 } = ratioOf(arm1);
  const diff = ratio1 - ratio0;
  const se = Math.sqrt(square0 + square1);
  const rel = ratio0 === 0 ? null : diff / Math.abs(ratio0);
  if (isNoVariation(Math.sqrt(square0 * arm0.n), ratio0) && isNoVariation(Math.sqrt(square1 * arm1.n), ratio1)) {
    return problem('no_variation', 'neither ratio varies', { ...NO_RATIO, ratio0, ratio1, diff, se: 0, rel });
  }
  const change = ratio1 / ratio0;
  const relSe = ratio0 === 0 ? null : Math.sqrt(square1 + square0 * change * change) / Math.abs(ratio0);
  return answer({ ratio0, ratio1, diff, se, ...zTest(diff, se, alpha), rel, relSe });
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
