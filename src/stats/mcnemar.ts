/**
 * Binary outcomes on the same examples: only the pairs that disagree carry information about which variant is better.
 */
import { areCounts, isProbability } from './checks.ts';
import { binomialMass, signTestP, twoSidedZ } from './distributions.ts';
import { answer, NOT_ALPHA, NOT_COUNTS, nothing, problem, type Result } from './result.ts';

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
