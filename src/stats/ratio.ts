/**
 * Ratios of two sums over units, such as thumbs up per rating or cost per answer, by the delta method. Numerator and
 * denominator of one unit belong together, so the error accounts for several requests per user. A ratio whose
 * denominator the variant can change is not fit to be a sole primary metric.
 */
import { areFinite, isNoVariation, isProbability } from './checks.ts';
import { zTest } from './intervals.ts';
import { type PairMoments, pairMomentsOf } from './moments.ts';
import { answer, LENGTHS_DIFFER, NOT_ALPHA, NOT_FINITE, nothing, problem, type Result } from './result.ts';

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

const NONE = nothing('ratio0', 'ratio1', 'diff', 'se', 'z', 'p', 'ciLo', 'ciHi', 'rel', 'relSe');

/** Ratio and its squared standard error: (s_N^2 - 2R s_ND + R^2 s_D^2)/(Dbar^2 n). */
function ratioOf({ n, meanX, meanY, m2x, m2y, cxy }: PairMoments): { ratio: number; square: number } {
  const ratio = meanY / meanX;
  const variance = Math.max(0, m2y - 2 * ratio * cxy + ratio * ratio * m2x) / (n - 1);
  return { ratio, square: variance / (meanX * meanX * n) };
}

/**
 * Difference of two ratios of sums by the delta method with a normal interval (Deng, Knoblich and Lu 2018). Pair
 * moments carry x = denominator, y = numerator, per unit. While looking repeatedly put `diff` and `se` into `asympCs`.
 *
 * Errors: `insufficient_data` below two units in an arm or when an arm's denominators sum to 0; `no_variation` when
 * neither ratio varies.
 */
export function ratioDeltaFromMoments(arm0: PairMoments, arm1: PairMoments, alpha: number): Result<RatioEffect> {
  if (!isProbability(alpha)) return problem('invalid_input', NOT_ALPHA, NONE);
  if (!areFinite([...Object.values(arm0), ...Object.values(arm1)])) return problem('invalid_input', NOT_FINITE, NONE);
  if (arm0.n < 2 || arm1.n < 2) return problem('insufficient_data', 'each arm needs at least two units', NONE);
  if (arm0.meanX === 0 || arm1.meanX === 0) {
    return problem('insufficient_data', "an arm's denominators sum to 0", NONE);
  }
  const { ratio: ratio0, square: square0 } = ratioOf(arm0);
  const { ratio: ratio1, square: square1 } = ratioOf(arm1);
  const diff = ratio1 - ratio0;
  const se = Math.sqrt(square0 + square1);
  const rel = ratio0 === 0 ? null : diff / Math.abs(ratio0);
  if (isNoVariation(Math.sqrt(square0 * arm0.n), ratio0) && isNoVariation(Math.sqrt(square1 * arm1.n), ratio1)) {
    return problem('no_variation', 'neither ratio varies', { ...NONE, ratio0, ratio1, diff, se: 0, rel });
  }
  const change = ratio1 / ratio0;
  const relSe = ratio0 === 0 ? null : Math.sqrt(square1 + square0 * change * change) / Math.abs(ratio0);
  return answer({ ratio0, ratio1, diff, se, ...zTest(diff, se, alpha), rel, relSe });
}

/** Numerators and denominators of one arm's units, in the same order. */
export interface RatioArm {
  readonly numerators: readonly number[];
  readonly denominators: readonly number[];
}

/** The effect from values; see `ratioDeltaFromMoments`. Contract kind `ratio_delta`. */
export function ratioDelta(arm0: RatioArm, arm1: RatioArm, alpha: number): Result<RatioEffect> {
  const lists = [arm0.numerators, arm0.denominators, arm1.numerators, arm1.denominators];
  if (!lists.every(areFinite)) return problem('invalid_input', NOT_FINITE, NONE);
  if ([arm0, arm1].some((arm) => arm.numerators.length !== arm.denominators.length)) {
    return problem('invalid_input', LENGTHS_DIFFER, NONE);
  }
  return ratioDeltaFromMoments(
    pairMomentsOf(arm0.denominators, arm0.numerators),
    pairMomentsOf(arm1.denominators, arm1.numerators),
    alpha,
  );
}
