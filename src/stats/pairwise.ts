/**
 * A judge that compares two answers is asked in both orders. Agreement is a win or a loss, disagreement a tie: a judge
 * who only likes the first answer then adds nothing but ties.
 */
import { areCounts, isNoVariation, isProbability } from './checks.ts';
import { signTestP, twoSidedT } from './distributions.ts';
import { wilson } from './rates.ts';
import { answer, NOT_ALPHA, NOT_COUNTS, nothing, problem, type Result } from './result.ts';

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
