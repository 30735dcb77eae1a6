/**
 * The last step that most tests share: from an estimate and its standard error to a test statistic, a p-value and an
 * interval. Both forms are symmetric, two-sided and unclipped.
 */
import { twoSidedNormalP, twoSidedT, twoSidedTP, twoSidedZ } from './distributions.ts';
import { nothing } from './result.ts';

/** A difference with its t-test. `se` and the interval are in the units of the data. */
export interface TTest {
  readonly diff: number;
  readonly se: number;
  readonly df: number;
  readonly t: number;
  readonly p: number;
  readonly ciLo: number;
  readonly ciHi: number;
}

export const NO_T_TEST = nothing('diff', 'se', 'df', 't', 'p', 'ciLo', 'ciHi');

/** Student's t with `df` degrees of freedom; `se` must be above 0. */
export function tTest(diff: number, se: number, df: number, alpha: number): TTest {
  const t = diff / se;
  const halfWidth = twoSidedT(alpha, df) * se;
  return { diff, se, df, t, p: twoSidedTP(t, df), ciLo: diff - halfWidth, ciHi: diff + halfWidth };
}

/** Normal test and interval; `se` must be above 0. */
export function zTest(diff: number, se: number, alpha: number): { z: number; p: number; ciLo: number; ciHi: number } {
  const z = diff / se;
  const halfWidth = twoSidedZ(alpha) * se;
  return { z, p: twoSidedNormalP(z), ciLo: diff - halfWidth, ciHi: diff + halfWidth };
}
