/**
 * Agreement between raters beyond chance: Cohen's kappa for two raters who rated everything, Krippendorff's alpha for
 * any number of raters with gaps. A judge that does not agree with people may not gate.
 */

import { pairMomentsOf } from './moments.ts';
import { answer, areFinite, isNoVariation, LENGTHS_DIFFER, NOT_FINITE, problem, type Result } from './result.ts';

/** A category: a name or a number. Numbers have distances, names are ordered alphabetically. */
export type Label = string | number | boolean;

/** More distinct categories than this are refused: the table of pairs grows with their square. */
export const MAX_CATEGORIES = 1000;

/** Distinct labels in order. */
function categoriesOf(labels: readonly Label[]): readonly Label[] {
  return [...new Set(labels)].sort((a, b) =>
    typeof a === 'number' && typeof b === 'number' ? a - b : String(a) < String(b) ? -1 : 1,
  );
}

const isLabel = (label: Label): boolean => typeof label !== 'number' || Number.isFinite(label);

/** How much a disagreement weighs: all alike, by distance in rank, or by its square. */
export type KappaWeights = null | 'linear' | 'quadratic';

/**
 * Cohen's kappa = 1 - observed / expected weighted disagreement (Cohen 1960, 1968); categories are ordered and their
 * ranks give the weights, as in scikit-learn. Contract kind `kappa`.
 *
 * Errors: `insufficient_data` below two items; `no_variation` when both raters gave one and the same label throughout:
 * agreement by chance is then certain.
 */
export function kappa(
  a: readonly Label[],
  b: readonly Label[],
  weights: KappaWeights = null,
): Result<{ kappa: number }> {
  const none = { kappa: null };
  if (a.length !== b.length) return problem('invalid_input', LENGTHS_DIFFER, none);
  if (![...a, ...b].every(isLabel)) return problem('invalid_input', 'labels must be names or finite numbers', none);
  if (a.length < 2) return problem('insufficient_data', 'at least two items are needed', none);
  const categories = categoriesOf([...a, ...b]);
  if (categories.length > MAX_CATEGORIES) {
    return problem('invalid_input', `at most ${MAX_CATEGORIES} categories are allowed`, none);
  }
  const rankOf = new Map(categories.map((label, rank) => [label, rank]));
  const weigh = (rankA: number, rankB: number): number => {
    if (weights === null) return rankA === rankB ? 0 : 1;
    return weights === 'linear' ? Math.abs(rankA - rankB) : (rankA - rankB) ** 2;
  };
  const countsA = new Array<number>(categories.length).fill(0);
  const countsB = new Array<number>(categories.length).fill(0);
  let observed = 0;
  for (const [item, label] of a.entries()) {
    const rankA = rankOf.get(label)!;
    const rankB = rankOf.get(b[item]!)!;
    countsA[rankA]! += 1;
    countsB[rankB]! += 1;
    observed += weigh(rankA, rankB);
  }
  let expected = 0;
  for (const [rankA, countA] of countsA.entries()) {
    for (const [rankB, countB] of countsB.entries()) expected += countA * countB * weigh(rankA, rankB);
  }
  if (expected === 0) return problem('no_variation', 'both raters always gave the same label', none);
  return answer({ kappa: 1 - (observed * a.length) / expected });
}

/**
 * Cohen's kappa of two raters' numbers, a disagreement weighing as the square of its distance: 1 - mean (a - b)^2 over
 * what chance would give, var(a) + var(b) + (mean a - mean b)^2 (Cohen 1968; Lin's concordance of 1989 is the same
 * number). Of two values it is plain kappa; of evenly spaced grades it is `kappa(a, b, 'quadratic')`. Unlike that, it
 * needs no list of categories, and an uneven scale keeps its distances.
 *
 * Errors: `insufficient_data` below two items; `no_variation` when both raters gave one and the same number throughout.
 */
export function kappaOfNumbers(a: readonly number[], b: readonly number[]): Result<{ kappa: number }> {
  const none = { kappa: null };
  if (a.length !== b.length) return problem('invalid_input', LENGTHS_DIFFER, none);
  if (!areFinite(a) || !areFinite(b)) return problem('invalid_input', NOT_FINITE, none);
  if (a.length < 2) return problem('insufficient_data', 'at least two items are needed', none);
  const { n, meanX, meanY, m2x, m2y } = pairMomentsOf(a, b);
  const observed = a.reduce((sum, value, item) => sum + (value - b[item]!) ** 2, 0);
  const expected = m2x + m2y + n * (meanX - meanY) ** 2;
  const isConstant = isNoVariation(Math.sqrt(expected / n), Math.max(Math.abs(meanX), Math.abs(meanY)));
  if (isConstant) return problem('no_variation', 'both raters always gave the same number', none);
  return answer({ kappa: 1 - observed / expected });
}

/** What a difference between two ratings means. */
export type KrippendorffLevel = 'nominal' | 'ordinal' | 'interval' | 'ratio';

/**
 * Krippendorff's alpha = 1 - observed / expected disagreement over all pairs of ratings of one item (Krippendorff 2011,
 * "Computing Krippendorff's alpha-reliability"). One row per rater, one column per item, null for a gap. Items with
 * fewer than two ratings do not count. Contract kind `kripp`.
 *
 * Errors: `invalid_input` for rows of different lengths, or names at a numeric level; `insufficient_data` when no item
 * has two ratings; `no_variation` when all ratings are the same.
 */
export function krippendorff(
  ratings: readonly (readonly (Label | null)[])[],
  level: KrippendorffLevel,
): Result<{ alpha: number }> {
  const none = { alpha: null };
  const items = ratings[0]?.length ?? 0;
  if (ratings.some((row) => row.length !== items)) return problem('invalid_input', LENGTHS_DIFFER, none);
  const given = ratings.flat().filter((rating) => rating !== null);
  const isFit = level === 'nominal' ? isLabel : (rating: Label) => Number.isFinite(rating);
  if (!given.every(isFit)) return problem('invalid_input', 'ratings do not fit the level of measurement', none);
  const columns = Array.from({ length: items }, (_, item) =>
    ratings.map((row) => row[item]!).filter((rating) => rating !== null),
  ).filter((column) => column.length >= 2);
  const pairable = columns.flat();
  if (pairable.length === 0) return problem('insufficient_data', 'no item has two ratings', none);
  const categories = categoriesOf(pairable);
  if (categories.length > MAX_CATEGORIES) {
    return problem('invalid_input', `at most ${MAX_CATEGORIES} categories are allowed`, none);
  }
  const rankOf = new Map(categories.map((label, rank) => [label, rank]));
  const countAll = (labels: readonly Label[]): readonly number[] => {
    const counts = new Array<number>(categories.length).fill(0);
    for (const label of labels) counts[rankOf.get(label)!]! += 1;
    return counts;
  };
  const totals = countAll(pairable);
  const distance = distanceAt(level, categories, totals);
  const within = columns.reduce(
    (sum, column) => sum + disagreement(countAll(column), distance) / (column.length - 1),
    0,
  );
  const overall = disagreement(totals, distance) / (pairable.length - 1);
  if (overall === 0) return problem('no_variation', 'all ratings are the same', none);
  return answer({ alpha: 1 - within / overall });
}

type Distance = (rankA: number, rankB: number) => number;

/** Sum of squared distances over all ordered pairs of ratings. */
function disagreement(counts: readonly number[], distance: Distance): number {
  let sum = 0;
  for (const [rankA, countA] of counts.entries()) {
    if (countA === 0) continue;
    for (const [rankB, countB] of counts.entries()) {
      if (rankA !== rankB && countB > 0) sum += countA * countB * distance(rankA, rankB);
    }
  }
  return sum;
}

function distanceAt(level: KrippendorffLevel, categories: readonly Label[], totals: readonly number[]): Distance {
  const valueAt = (rank: number): number => Number(categories[rank]);
  switch (level) {
    case 'nominal':
      return () => 1;
    case 'interval':
      return (a, b) => (valueAt(a) - valueAt(b)) ** 2;
    case 'ratio':
      return (a, b) => {
        const sum = valueAt(a) + valueAt(b);
        return sum === 0 ? 0 : ((valueAt(a) - valueAt(b)) / sum) ** 2;
      };
    case 'ordinal':
      return (a, b) => {
        const between = totals.slice(Math.min(a, b), Math.max(a, b) + 1).reduce((sum, count) => sum + count, 0);
        return (between - (totals[a]! + totals[b]!) / 2) ** 2;
      };
  }
}
