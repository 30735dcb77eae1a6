/**
 * What a term weighs in a row: the logarithm of how often it occurs there, times how rare it is. The rarity is BM25's
 * (Robertson and Zaragoza, 2009): unlike ln(N / n) it is never 0, so that a corpus of equal passages still has rows.
 */
import { SluiceError } from '../base/errors.ts';

/**
 * 1 + ln(count).
 *
 * @throws SluiceError `lsa_count_invalid` where the count is below 1 or no number
 */
export function logFrequency(term: string, count: number): number {
  if (count >= 1 && Number.isFinite(count)) return 1 + Math.log(count);
  throw new SluiceError('lsa_count_invalid', {
    message: `the term '${term}' is counted ${count} times`,
    remedy: 'leave out terms that do not occur; counts are 1 or more',
    data: { term, count: `${count}` },
  });
}

/** How rare a term is that is in so many of the passages. Positive. */
export function inverseFrequency(passagesWithTerm: number, passages: number): number {
  return Math.log1p((passages - passagesWithTerm + 0.5) / (passagesWithTerm + 0.5));
}
