/**
 * Moments: everything a mean's test needs, in three numbers (six for a pair of values), however many units went in.
 * Welford's update and Chan's merge keep the digits that "sum of squares minus square of the sum" loses when values are
 * large and differ little.
 */
import { answer, areFinite, NOT_FINITE, nothing, problem, type Result } from './result.ts';

/** Count, mean, and sum of squared deviations from the mean. */
export interface Moments {
  readonly n: number;
  readonly mean: number;
  readonly m2: number;
}

/** Moments of pairs (x, y), with the sum of products of deviations `cxy`. */
export interface PairMoments {
  readonly n: number;
  readonly meanX: number;
  readonly meanY: number;
  readonly m2x: number;
  readonly m2y: number;
  readonly cxy: number;
}

/** What the tests of means take: a variance that is already divided by n - 1. */
export interface ArmSummary {
  readonly n: number;
  readonly mean: number;
  readonly variance: number;
}

/** Moments of a list, by one pass of Welford's update (Welford 1962). Values must be finite. */
export function momentsOf(values: readonly number[]): Moments {
  let n = 0;
  let mean = 0;
  let m2 = 0;
  for (const value of values) {
    n += 1;
    const before = value - mean;
    mean += before / n;
    m2 += before * (value - mean);
  }
  return Object.freeze({ n, mean, m2 });
}

/** Moments of paired lists of one length, by one pass. Values must be finite. */
export function pairMomentsOf(xs: readonly number[], ys: readonly number[]): PairMoments {
  let n = 0;
  let meanX = 0;
  let meanY = 0;
  let m2x = 0;
  let m2y = 0;
  let cxy = 0;
  for (const [index, x] of xs.entries()) {
    const y = ys[index]!;
    n += 1;
    const beforeX = x - meanX;
    const beforeY = y - meanY;
    meanX += beforeX / n;
    meanY += beforeY / n;
    m2x += beforeX * (x - meanX);
    m2y += beforeY * (y - meanY);
    cxy += beforeX * (y - meanY);
  }
  return Object.freeze({ n, meanX, meanY, m2x, m2y, cxy });
}

/** Pair moments of two groups together, of which one is not empty (Chan, Golub and LeVeque 1983, eq. 2.1). */
export function mergePairMoments(a: PairMoments, b: PairMoments): PairMoments {
  const n = a.n + b.n;
  const deltaX = b.meanX - a.meanX;
  const deltaY = b.meanY - a.meanY;
  const weight = (a.n * b.n) / n;
  return Object.freeze({
    n,
    meanX: a.meanX + (deltaX * b.n) / n,
    meanY: a.meanY + (deltaY * b.n) / n,
    m2x: a.m2x + b.m2x + deltaX * deltaX * weight,
    m2y: a.m2y + b.m2y + deltaY * deltaY * weight,
    cxy: a.cxy + b.cxy + deltaX * deltaY * weight,
  });
}

/** Sample variance, divided by n - 1; 0 for fewer than two values, which the tests refuse by their count. */
export function sampleVariance(moments: Moments): number {
  return moments.n < 2 ? 0 : moments.m2 / (moments.n - 1);
}

/** The summary that the tests of means take. */
export function summaryOf(moments: Moments): ArmSummary {
  return Object.freeze({ n: moments.n, mean: moments.mean, variance: sampleVariance(moments) });
}

/** Count, mean and variance of a list; `insufficient_data` below two values. Contract kind `moments`. */
export function describeValues(values: readonly number[]): Result<{ n: number; mean: number; variance: number }> {
  const none = nothing('n', 'mean', 'variance');
  if (!areFinite(values)) return problem('invalid_input', NOT_FINITE, none);
  if (values.length < 2) {
    return problem('insufficient_data', 'a variance needs at least two values', { ...none, n: values.length });
  }
  return answer({ ...summaryOf(momentsOf(values)) });
}
