/**
 * Rates of binary outcomes: one rate (Wilson), two independent rates (pooled z, Newcombe), pass or fail on the same examples
 * (McNemar), and a judge's comparisons in both orders. All remain usable where no unit, or every unit, succeeded.
 */

import { binomialMass, signTestP, twoSidedNormalP, twoSidedT, twoSidedZ } from './distributions.ts';
import {
  answer,
  areCounts,
  isNoVariation,
  isProbability,
  NOT_ALPHA,
  NOT_COUNTS,
  nothing,
  problem,
  type Result,
} from './result.ts';

function wilsonLimits(x: number, n: number, alpha: number): { lo: number; hi: number } {
  const z = twoSidedZ(alpha);
  const rate = x / n;
  const shrink = 1 + (z * z) / n;
  const centre = (rate + (z * z) / (2 * n)) / shrink;
  const halfWidth = (z / shrink) * Math.sqrt((rate * (1 - rate)) / n + (z * z) / (4 * n * n));
  // At the ends both are the same number, and what is left of their difference is rounding.
  return { lo: x === 0 ? 0 : Math.max(0, centre - halfWidth), hi: x === n ? 1 : Math.min(1, centre + halfWidth) };
}

/**
 * Wilson's score interval for one rate, x successes of n (Wilson 1927), within [0, 1]. Contract kind `wilson`.
 *
 * Errors: `insufficient_data` when n is 0.
 */
export function wilson(x: number, n: number, alpha: number): Result<{ lo: number; hi: number }> {
  const none = nothing('lo', 'hi');
  if (!isProbability(alpha)) return problem('invalid_input', NOT_ALPHA, none);
  if (!areCounts(x, n) || x > n) return problem('invalid_input', NOT_COUNTS, none);
  if (n === 0) return problem('insufficient_data', 'there are no units', none);
  return answer(wilsonLimits(x, n, alpha));
}

/** Two rates compared. `z` is null where no unit, or every unit, succeeded in both arms. */
export interface TwoProportions {
  readonly diff: number;
  readonly z: number | null;
  readonly p: number;
  readonly ciLo: number;
  readonly ciHi: number;
}

/**
 * Two independent rates: pooled z-test without continuity correction, and Newcombe's interval from Wilson's limits
 * (Newcombe 1998, method 10), unclipped. Contract kind `two_proportion`. One look only; while looking repeatedly use
 * `asympCsBinary`.
 *
 * Errors: `insufficient_data` when an arm has no units. With no success at all, or no failure at all, z is undefined
 * and p = 1; the interval still holds.
 */
export function twoProportions(x0: number, n0: number, x1: number, n1: number, alpha: number): Result<TwoProportions> {
  const none = nothing('diff', 'z', 'p', 'ciLo', 'ciHi');
  if (!isProbability(alpha)) return problem('invalid_input', NOT_ALPHA, none);
  if (!areCounts(x0, n0, x1, n1) || x0 > n0 || x1 > n1) return problem('invalid_input', NOT_COUNTS, none);
  if (n0 === 0 || n1 === 0) return problem('insufficient_data', 'each arm needs at least one unit', none);
  const rate0 = x0 / n0;
  const rate1 = x1 / n1;
  const diff = rate1 - rate0;
  const pooled = (x0 + x1) / (n0 + n1);
  const isUniform = x0 + x1 === 0 || x0 + x1 === n0 + n1;
  const z = isUniform ? null : diff / Math.sqrt(pooled * (1 - pooled) * (1 / n0 + 1 / n1));
  const limits0 = wilsonLimits(x0, n0, alpha);
  const limits1 = wilsonLimits(x1, n1, alpha);
  return answer({
    diff,
    z,
    p: z === null ? 1 : twoSidedNormalP(z),
    ciLo: diff - Math.hypot(rate1 - limits1.lo, limits0.hi - rate0),
    ciHi: diff + Math.hypot(limits1.hi - rate1, rate0 - limits0.lo),
  });
}

/* The same examples under both variants: only the pairs that disagree say which variant is better. */

/** Pairs by outcome; the first digit is the baseline, the second the treatment, 1 = pass. */
export interface PairedCounts {
  readonly n11: number;
  readonly n10: number;
  readonly n01: number;
  readonly n00: number;
}

export interface McNemar {
  readonly pExact: number;
  readonly pMid: number;
  /** Pass rate of the treatment minus that of the baseline. */
  readonly diff: number;
  readonly ciLo: number;
  readonly ciHi: number;
}

/**
 * Exact McNemar test with mid-p (Fagerland, Lydersen and Laake 2013), and the Bonett-Price interval for the difference
 * (Bonett and Price 2012, Laplace-adjusted Wald), within [-1, 1]. Contract kind `mcnemar_exact`. Gate on `pExact`;
 * `pMid` is for display.
 *
 * Errors: `insufficient_data` without pairs. Without discordant pairs both p are 1.
 */
export function mcnemarExact({ n11, n10, n01, n00 }: PairedCounts, alpha: number): Result<McNemar> {
  const none = nothing('pExact', 'pMid', 'diff', 'ciLo', 'ciHi');
  if (!isProbability(alpha)) return problem('invalid_input', NOT_ALPHA, none);
  if (!areCounts(n11, n10, n01, n00)) return problem('invalid_input', NOT_COUNTS, none);
  const n = n11 + n10 + n01 + n00;
  if (n === 0) return problem('insufficient_data', 'there are no pairs', none);
  const pExact = signTestP(n10, n01);
  // Mid-p counts the observed table by half; with equal sides it is exactly 1.
  const pMid = n10 === n01 ? 1 : pExact - binomialMass(Math.min(n10, n01), n10 + n01, 0.5);
  const gained = (n01 + 1) / (n + 2);
  const lost = (n10 + 1) / (n + 2);
  const centre = gained - lost;
  const halfWidth = twoSidedZ(alpha) * Math.sqrt((gained + lost - centre * centre) / (n + 2));
  return answer({
    pExact,
    pMid,
    diff: (n01 - n10) / n,
    ciLo: Math.max(-1, centre - halfWidth),
    ciHi: Math.min(1, centre + halfWidth),
  });
}

/*
 * A judge that compares two answers is asked in both orders. Agreement is a win or a loss, disagreement a tie: a judge that
 * prefers the first answer then adds nothing but ties.
 */

export interface Pairwise {
  /** (wins + ties/2)/n. */
  readonly winRate: number;
  readonly pSign: number;
  readonly ciLo: number;
  readonly ciHi: number;
}

/**
 * Mean win rate with a t-interval on {1, 1/2, 0}, within [0, 1], and the exact sign test of wins against losses.
 * Contract kind `pairwise`.
 *
 * Errors: `insufficient_data` below two comparisons; `no_variation` (rate and exact p shown, no interval) when all
 * comparisons ended alike.
 */
export function pairwise(wins: number, ties: number, losses: number, alpha: number): Result<Pairwise> {
  const none = nothing('winRate', 'pSign', 'ciLo', 'ciHi');
  if (!isProbability(alpha)) return problem('invalid_input', NOT_ALPHA, none);
  if (!areCounts(wins, ties, losses)) return problem('invalid_input', NOT_COUNTS, none);
  const n = wins + ties + losses;
  if (n < 2) return problem('insufficient_data', 'at least two comparisons are needed', none);
  const winRate = (wins + ties / 2) / n;
  const pSign = signTestP(wins, losses);
  const squares = wins * (1 - winRate) ** 2 + ties * (0.5 - winRate) ** 2 + losses * winRate ** 2;
  const deviation = Math.sqrt(squares / (n - 1));
  if (isNoVariation(deviation, winRate)) {
    return problem('no_variation', 'all comparisons ended alike', { ...none, winRate, pSign });
  }
  const halfWidth = (twoSidedT(alpha, n - 1) * deviation) / Math.sqrt(n);
  return answer({
    winRate,
    pSign,
    ciLo: Math.max(0, winRate - halfWidth),
    ciHi: Math.min(1, winRate + halfWidth),
  });
}

/** Above this share of order-flips a judge's comparisons deserve a warning. */
export const POSITION_BIAS_WARNING = 0.2;

/** Share of comparisons whose verdict changed with the order, with Wilson's interval, and whether to warn. */
export function positionBias(
  flips: number,
  n: number,
  alpha: number,
): Result<{ share: number; lo: number; hi: number; warn: boolean }> {
  const interval = wilson(flips, n, alpha);
  if (interval.status !== 'ok') return { ...interval, share: null, warn: null };
  const share = flips / n;
  return answer({ share, lo: interval.lo, hi: interval.hi, warn: share > POSITION_BIAS_WARNING });
}
