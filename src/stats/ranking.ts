/**
 * How well a retriever ranked, per query, in trec_eval's conventions. The values are then paired across variants like
 * any other score. A query without relevant documents has no score; it is excluded and counted, never 0.
 */
import { areCounts, nothing, problem, type Result } from './result.ts';

export const MAX_RANKED = 100_000;

/** How a grade turns into gain: the grade itself, or 2^grade - 1. */
export type Gain = 'linear' | 'exp';

export interface RankMetrics {
  readonly recall: number;
  readonly precision: number;
  /** 1 when any of the first k is relevant. */
  readonly hit: number;
  /** 1 / rank of the first relevant document among the first k. */
  readonly mrr: number;
  readonly ap: number;
  readonly ndcg: number;
}

/** Grades above this would overflow 2^grade. */
const MAX_GRADE = 1000;

/**
 * recall@k, precision@k, hit@k, MRR@k, AP@k (over all relevant, trec_eval map_cut) and nDCG@k (discount log2(rank + 1),
 * ideal over all judged documents cut at k; Jarvelin and Kekalainen 2002). A document with grade above 0 is relevant.
 * Of repeated documents the first counts and the rest are skipped. Contract kind `rank_metrics`.
 *
 * Errors: `no_relevant` when no document is relevant. Nothing retrieved: zeros.
 */
export function rankMetrics(
  retrieved: readonly string[],
  relevant: Readonly<Record<string, number>>,
  k: number,
  gain: Gain = 'linear',
): Result<RankMetrics> {
  const none = nothing('recall', 'precision', 'hit', 'mrr', 'ap', 'ndcg');
  if (!areCounts(k) || k < 1 || k > MAX_RANKED) {
    return problem('invalid_input', `k must be a whole number from 1 to ${MAX_RANKED}`, none);
  }
  const grades: number[] = [];
  for (const name of Object.keys(relevant)) {
    const grade = relevant[name]!;
    if (!Number.isFinite(grade) || grade > MAX_GRADE) {
      return problem('invalid_input', `grades must be finite and at most ${MAX_GRADE}`, none);
    }
    if (grade > 0) grades.push(grade);
  }
  if (grades.length === 0) return problem('no_relevant', 'the query has no relevant document', none);
  const gainOf =
    gain === 'exp' ? (grade: number): number => Math.expm1(grade * Math.LN2) : (grade: number): number => grade;

  const seen = new Set<string>();
  let hits = 0;
  let precisionSum = 0;
  let firstHitRank = 0;
  let discountedGain = 0;
  for (const name of retrieved) {
    if (seen.size === k) break;
    if (seen.has(name)) continue;
    seen.add(name);
    const grade = Object.hasOwn(relevant, name) ? relevant[name]! : 0;
    if (grade <= 0) continue;
    const rank = seen.size;
    hits += 1;
    precisionSum += hits / rank;
    if (hits === 1) firstHitRank = rank;
    discountedGain += gainOf(grade) / Math.log2(rank + 1);
  }
  const idealGain = grades
    .sort((a, b) => b - a)
    .slice(0, k)
    .reduce((sum, grade, index) => sum + gainOf(grade) / Math.log2(index + 2), 0);
  return Object.freeze({
    status: 'ok',
    recall: hits / grades.length,
    precision: hits / k,
    hit: hits > 0 ? 1 : 0,
    mrr: hits > 0 ? 1 / firstHitRank : 0,
    ap: precisionSum / grades.length,
    ndcg: discountedGain / idealGain,
  });
}
