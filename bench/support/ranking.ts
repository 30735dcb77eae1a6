/** How well pages were ranked: from ranked passages to scores per question, and from those to means and differences. */
import { pairedT, rankMetrics } from '../../src/stats/index.ts';

/** Ranks count down to here. */
export const CUT = 10;

export const METRICS = ['recall', 'mrr', 'ndcg'] as const;
export type Metric = (typeof METRICS)[number];
/** Of one question, or their means: recall@10, MRR@10, nDCG@10 (linear gain). */
export type Scores = { readonly [metric in Metric]: number };

/** A difference of means with its 95 % interval; both ends null where there is no variation to tell it from. */
export interface Difference {
  readonly diff: number;
  readonly lo: number | null;
  readonly hi: number | null;
}

/** The document that a passage is from. */
export const pageOf = (passageId: string): string => passageId.replace(/#[^#]*$/, '');

/** The pages of ranked passages, each at the place of its first passage. */
export function pagesOf(passages: readonly { readonly id: string }[]): readonly string[] {
  return [...new Set(passages.map(({ id }) => pageOf(id)))];
}

/** @throws Error where no page is relevant: such a question has no score */
export function scorePages(pages: readonly string[], relevant: { readonly [page: string]: number }): Scores {
  const scored = rankMetrics(pages, relevant, CUT);
  if (scored.status !== 'ok') throw new Error(scored.why);
  return { recall: scored.recall, mrr: scored.mrr, ndcg: scored.ndcg };
}

export function meanScores(all: readonly Scores[]): Scores {
  const mean = (metric: Metric) => all.reduce((sum, scores) => sum + scores[metric], 0) / all.length;
  return { recall: mean('recall'), mrr: mean('mrr'), ndcg: mean('ndcg') };
}

/** `other` minus `base`, question by question: the paired t interval. */
export function difference(base: readonly Scores[], other: readonly Scores[], metric: Metric): Difference {
  const values = (all: readonly Scores[]) => all.map((scores) => scores[metric]);
  const tested = pairedT(values(base), values(other), 0.05);
  return { diff: tested.diff ?? 0, lo: tested.ciLo, hi: tested.ciHi };
}
