/**
 * The distribution functions, all from `@stdlib`: the only place where the module touches them. Upper tails are taken
 * from the lower tail of the mirrored argument, since `1 - cdf` turns every p-value below 1e-16 into 0.
 */
import betaLn from '@stdlib/math-base-special-betaln';
import inverseErfc from '@stdlib/math-base-special-erfcinv';
import incompleteGamma from '@stdlib/math-base-special-gammainc';
import gammaLn from '@stdlib/math-base-special-gammaln';
import betaCdf from '@stdlib/stats-base-dists-beta-cdf';
import betaDensity from '@stdlib/stats-base-dists-beta-pdf';
import binomialCdf from '@stdlib/stats-base-dists-binomial-cdf';
import binomialMass from '@stdlib/stats-base-dists-binomial-pmf';
import normalCdf from '@stdlib/stats-base-dists-normal-cdf';
import tCdf from '@stdlib/stats-base-dists-t-cdf';
import tQuantile from '@stdlib/stats-base-dists-t-quantile';

export { betaCdf, betaDensity, betaLn, binomialCdf, binomialMass, gammaLn };

/** P(Z <= z) of the standard normal. */
export const standardNormalCdf = (z: number): number => normalCdf(z, 0, 1);

/**
 * The z with P(Z <= z) = probability. By the inverse of erfc, since the library's own normal quantile goes through
 * erfinv(2p - 1): it is off by 1e-5 at p = 1e-15 and infinite below 1e-16.
 */
export const standardNormalQuantile = (probability: number): number => -Math.SQRT2 * inverseErfc(2 * probability);

/** The z that a two-sided test at level alpha must exceed; read off the lower tail, where tiny alphas keep their digits. */
export const twoSidedZ = (alpha: number): number => -standardNormalQuantile(alpha / 2);

/** P(|Z| >= |z|). */
export const twoSidedNormalP = (z: number): number => 2 * standardNormalCdf(-Math.abs(z));

/** The t that a two-sided test at level alpha must exceed, with `df` degrees of freedom. */
export const twoSidedT = (alpha: number, df: number): number => -tQuantile(alpha / 2, df);

/** P(|T| >= |t|) with `df` degrees of freedom. */
export const twoSidedTP = (t: number, df: number): number => 2 * tCdf(-Math.abs(t), df);

/** P(X >= x) of a chi-square with `df` degrees of freedom. */
export const chiSquareUpper = (x: number, df: number): number => incompleteGamma(x / 2, df / 2, true, true);

/** P(X >= x) of a Beta(a, b). */
export const betaUpper = (x: number, a: number, b: number): number => betaCdf(1 - x, b, a);

/** P(X >= k) of a Binomial(n, p). */
export const binomialUpper = (k: number, n: number, p: number): number => binomialCdf(n - k, n, 1 - p);

/** Exact two-sided sign test: twice the smaller tail of Binomial(a + b, 1/2), at most 1; 1 when both are 0. */
export const signTestP = (a: number, b: number): number =>
  a + b === 0 ? 1 : Math.min(1, 2 * binomialCdf(Math.min(a, b), a + b, 0.5));
