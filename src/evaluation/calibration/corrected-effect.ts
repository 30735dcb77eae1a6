/**
 * The effect of a variant as people would have scored it, from a judge's scores of all examples and labels on some: PPI++
 * over the paired differences, so that a judge who favours one side is corrected by just as much.
 */
import { twoSidedT } from '../../stats/distributions.ts';
import { ppiMean } from '../../stats/judges.ts';
import { momentsOf } from '../../stats/moments.ts';
import type { CorrectedEffect } from '../compare/compared-metric.ts';
import type { JudgedPair } from './judged-pairs.ts';

/** With fewer labelled pairs, or clusters of them, there is no interval. */
export const MIN_LABELLED_PAIRS = 30;

const judgedDifference = ({ baseline, variant }: JudgedPair): number => variant.score - baseline.score;

/** Null where a side has no label. */
const labelledDifference = ({ baseline, variant }: JudgedPair): number | null =>
  baseline.label === null || variant.label === null ? null : variant.label - baseline.label;

/** Those that have labels on both sides, where there is something to judge. */
const labelledPairs = (pairs: readonly JudgedPair[]): readonly JudgedPair[] =>
  pairs.filter((pair) => !pair.isSame && labelledDifference(pair) !== null);

export const countLabelledClusters = (pairs: readonly JudgedPair[]): number =>
  new Set(labelledPairs(pairs).map(({ cluster }) => cluster)).size;

/**
 * The mean difference over all pairs, with Student's t over the clusters that have labels. Its variance is made as if one
 * labelled pair more had been off by as much as can be: where people and judge have not differed yet, they still may.
 *
 * Assumes labels on a random sample of the examples. Pairs without anything to judge are a stratum of their own, whose
 * difference is known: their share enters with its own error, and their labels do not count.
 *
 * @param reach the largest difference that a pair can have
 * @returns null with too few labelled pairs
 */
export function correctedMean(pairs: readonly JudgedPair[], reach: number, alpha: number): CorrectedEffect | null {
  const judged = pairs.filter(({ isSame }) => !isSame);
  const labelled = labelledPairs(pairs);
  const groups = countLabelledClusters(pairs);
  if (groups < MIN_LABELLED_PAIRS) return null;
  const y = labelled.map((pair) => labelledDifference(pair)!);
  const f = labelled.map(judgedDifference);
  const rest = judged.filter((pair) => labelledDifference(pair) === null).map(judgedDifference);
  // Null where next to nothing is without a label: then the labels say all.
  const lambda = ppiMean(y, f, rest, alpha).lambda ?? 0;
  const ofRest = momentsOf(rest).mean;
  const ofErrors = momentsOf(y.map((value, at) => value - lambda * f[at]!)).mean;
  const theta = lambda * ofRest + ofErrors;
  const share = judged.length / pairs.length;
  const effect = share * theta;
  // What each pair moves the estimate by: summed by cluster, their squares are its variance.
  const influence = (pair: JudgedPair): number => {
    if (pair.isSame) return -effect / pairs.length;
    const label = labelledDifference(pair);
    const own =
      label === null
        ? (lambda * (judgedDifference(pair) - ofRest)) / rest.length
        : (label - lambda * judgedDifference(pair) - ofErrors) / y.length;
    return share * own + (theta - effect) / pairs.length;
  };
  const oneMore = ((share * reach) / (y.length + 1)) ** 2;
  const variance = (clusteredSquares(pairs, influence) * groups) / (groups - 1) + oneMore;
  const halfWidth = twoSidedT(alpha, groups - 1) * Math.sqrt(variance);
  const [lo, hi] = [effect - halfWidth, effect + halfWidth];
  return Object.freeze({ effect, lo, hi, labels: y.length, method: 'ppi_mean' });
}

function clusteredSquares(pairs: readonly JudgedPair[], influence: (pair: JudgedPair) => number): number {
  const sums = new Map<number, number>();
  for (const pair of pairs) sums.set(pair.cluster, (sums.get(pair.cluster) ?? 0) + influence(pair));
  return [...sums.values()].reduce((total, sum) => total + sum * sum, 0);
}
