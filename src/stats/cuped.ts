/**
 * CUPED: subtract what was known before exposure. The more the earlier value predicts the later one, the fewer units
 * an experiment needs. The earlier value must be fixed before exposure, else it may carry the effect itself.
 */
import { areFinite, isNoVariation, isProbability } from './checks.ts';
import { type TTest, tTest } from './intervals.ts';
import { welchDf } from './means.ts';
import { mergePairMoments, type PairMoments, pairMomentsOf } from './moments.ts';
import { answer, LENGTHS_DIFFER, NOT_ALPHA, NOT_FINITE, nothing, problem, type Result } from './result.ts';

/** Use the adjustment when it is worth it: this correlation, and this many units in all. */
export const CUPED_MIN_CORRELATION = 0.2;
export const CUPED_MIN_UNITS = 200;

export interface Cuped extends TTest {
  readonly theta: number;
  /** 1 - adjusted / unadjusted squared standard error. */
  readonly varReduction: number;
}

const NONE = nothing('theta', 'varReduction', 'diff', 'se', 'df', 't', 'p', 'ciLo', 'ciHi');

/**
 * Difference of means adjusted by a covariate (Deng, Xu, Kohavi and Walker 2013): theta = cov(y, x)/var(x) over both
 * arms together, diff = (y1 - y0) - theta(x1 - x0), var_a = s_y^2 + theta^2 s_x^2 - 2 theta s_xy, Welch's t. Pair
 * moments carry x = covariate, y = outcome. Show the unadjusted row beside it.
 *
 * A covariate that does not vary adjusts nothing (theta 0). Errors: `insufficient_data` below two units in an arm;
 * `no_variation` when the adjusted values do not vary.
 */
export function cupedFromMoments(arm0: PairMoments, arm1: PairMoments, alpha: number): Result<Cuped> {
  if (!isProbability(alpha)) return problem('invalid_input', NOT_ALPHA, NONE);
  if (!areFinite([...Object.values(arm0), ...Object.values(arm1)])) return problem('invalid_input', NOT_FINITE, NONE);
  if (arm0.n < 2 || arm1.n < 2) return problem('insufficient_data', 'each arm needs at least two units', NONE);
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
  const control = adjust(arm0);
  const treatment = adjust(arm1);
  const diff = treatment.mean - control.mean;
  const isFixed = [control, treatment].every(({ variance, mean }) => isNoVariation(Math.sqrt(variance), mean));
  if (isFixed) return problem('no_variation', 'the adjusted values do not vary', { ...NONE, theta, diff, se: 0 });
  const square = control.variance / control.n + treatment.variance / treatment.n;
  const unadjusted = control.unadjusted / control.n + treatment.unadjusted / treatment.n;
  return answer({
    theta,
    varReduction: 1 - square / unadjusted,
    ...tTest(diff, Math.sqrt(square), welchDf(control, treatment), alpha),
  });
}

/** Outcomes `y` and covariates `x` of one arm's units, in the same order. */
export interface CupedArm {
  readonly y: readonly number[];
  readonly x: readonly number[];
}

/** CUPED from values; see `cupedFromMoments`. Contract kind `cuped`. */
export function cuped(arm0: CupedArm, arm1: CupedArm, alpha: number): Result<Cuped> {
  if (![arm0.y, arm0.x, arm1.y, arm1.x].every(areFinite)) return problem('invalid_input', NOT_FINITE, NONE);
  if (arm0.y.length !== arm0.x.length || arm1.y.length !== arm1.x.length) {
    return problem('invalid_input', LENGTHS_DIFFER, NONE);
  }
  return cupedFromMoments(pairMomentsOf(arm0.x, arm0.y), pairMomentsOf(arm1.x, arm1.y), alpha);
}
