/** What a comparison says of one metric: for each side its numbers, what they rest on, and a verdict or why there is none. */

import type { MetricSpec } from '../../model/evaluation-spec.ts';
import type { OfflineVerdict } from '../../stats/compare-scores.ts';
import type { ExplainedEffect, NeededFor } from '../../stats/explained-report.ts';
import type { JudgeFlaw } from '../../stats/judges.ts';

export interface ComparedMetric extends MetricSpec {
  /** Null: of the run itself. */
  readonly scorer: string | null;
  /** Null: its scorer is no judge. */
  readonly judge: Calibration | null;
  /** Of each side but the baseline, in the order of sides. */
  readonly sides: readonly MetricSide[];
}

/** Whether a judge may decide anything. Whoever reads the labels says so. */
export interface Calibration {
  readonly state: 'calibrated' | 'uncalibrated';
  readonly labels: number;
  /** Why it is not calibrated; empty where there are no labels, or they are of another version of the judge. */
  readonly flaws: readonly JudgeFlaw[];
}

/**
 * Why there is no verdict.
 * - `not_measured`: one side's evaluation does not have the metric.
 * - `defined_differently`: both have it, of another source, kind, threshold or direction.
 * - `scorer_versions`: the scorer changed; its old and new scores are never paired.
 * - `no_common_run`: a win rate is against the baseline of its own evaluation, and this is another.
 * - `no_pairs`, `too_few_units`, `no_variation`, `invalid`: as the engine says.
 * - `missing`: too many pairs lack a side, or one side lacks more.
 */
export type NoVerdictCode =
  | 'not_measured'
  | 'defined_differently'
  | 'scorer_versions'
  | 'no_common_run'
  | 'no_pairs'
  | 'too_few_units'
  | 'no_variation'
  | 'invalid'
  | 'missing';

export type CompareMethod = 'paired_t' | 'cluster_paired' | 'mcnemar_exact' | 'pairwise';
export type CompareTest = 't' | 'sign_flip' | 'mcnemar_exact' | 'mcnemar_mid' | 'sign_test';

export interface MetricSide {
  /** Place in the report's sides. */
  readonly side: number;
  readonly verdict: OfflineVerdict | null;
  /** Why there is none; `words` is a clause. */
  readonly why: { readonly code: NoVerdictCode; readonly words: string } | null;
  /** Examples that both sides have a value of. */
  readonly pairs: number;
  /** What is counted as independent: pairs, or clusters of them. */
  readonly units: number;
  /** Over the pairs. Of a win rate the baseline's is 0.5. */
  readonly baseline: ExplainedMean;
  readonly variant: ExplainedMean;
  /** Variant minus baseline in the metric's unit, whatever direction is good; interval at 1 - alpha, not adjusted. */
  readonly effect: ExplainedEffect;
  readonly method: CompareMethod | null;
  /** All p-values shown. The largest of those that decide is `p`. */
  readonly tests: readonly { readonly name: CompareTest; readonly p: number; readonly decides: boolean }[];
  readonly p: number | null;
  /** Holm over sides and primaries, or Benjamini-Hochberg over sides and secondary metrics; null of a guardrail. */
  readonly pAdjusted: number | null;
  /** Pairs in which the variant is better, worse, or equal. */
  readonly wins: number;
  readonly losses: number;
  readonly ties: number;
  /** Examples for 80 % power at the effect that `neededFor` names; null where it is decided. */
  readonly nNeeded: number | null;
  readonly neededFor: NeededFor | null;
  readonly missing: MissingPairs;
  /** Cells that count as the scorer's worst, since the variant made its run fail. */
  readonly failed: { readonly baseline: CellReasons; readonly variant: CellReasons };
  /** Variances of repeats within an example and between examples; null where nothing was repeated. */
  readonly repeats: { readonly baseline: Spread; readonly variant: Spread } | null;
  /** Of guardrails only. */
  readonly guardrail: GuardrailResult | null;
  /** Of win rates only. */
  readonly positionBias: PositionBias | null;
  /** The effect as labels correct it, where a judge's scores have labels. */
  readonly corrected: CorrectedEffect | null;
  readonly isExploratory: boolean;
  /** `explain()`'s: the verdict first, then what it rests on. */
  readonly sentences: readonly string[];
}

/** A mean with its own interval: Student's t, or Wilson's of rates. */
export interface ExplainedMean {
  readonly mean: number | null;
  readonly lo: number | null;
  readonly hi: number | null;
}

export interface MissingPairs {
  /** Examples and repeats that lack either side, and their share. */
  readonly cells: number;
  readonly share: number;
  /** Exact McNemar p that one side lacks more; null where that cannot be told apart (a win rate's, and no examples). */
  readonly p: number | null;
  readonly blocksVerdict: boolean;
  /** The effect if every hole were as bad, or as good, for the variant as it could be; null without a scale. */
  readonly bounds: { readonly lo: number; readonly hi: number } | null;
  /** Examples that have nothing to score, on either side: they are beside the metric, and no holes. */
  readonly inapplicable: number;
  readonly baseline: CellReasons;
  readonly variant: CellReasons;
}

/** Cells with the most frequent reasons; the counts of the reasons may add up to less. */
export interface CellReasons {
  readonly cells: number;
  readonly reasons: readonly { readonly reason: string; readonly cells: number }[];
}

export interface Spread {
  readonly within: number | null;
  readonly between: number | null;
}

export interface GuardrailResult {
  /** `proven` harmless, `harmed` beyond the margin, or neither. */
  readonly status: 'proven' | 'harmed' | 'unproven';
  /** Harm in the metric's unit, positive = worse: one-sided bounds. `lo` is at `loAlpha`, `hi` at `hiAlpha`. */
  readonly lo: number | null;
  readonly hi: number | null;
  readonly loAlpha: number;
  readonly hiAlpha: number;
  readonly margin: number;
  /** Proven since all pairs are equal, with no error to estimate. */
  readonly isIdentical: boolean;
  /** Examples that would prove it with 80 % power if there is no harm; null unless `unproven`. */
  readonly nNeeded: number | null;
  readonly neededFor: NeededFor | null;
  readonly sentences: readonly string[];
}

export interface PositionBias {
  /** Comparisons whose verdict changed with the order of the two. */
  readonly flips: number;
  readonly of: number;
  readonly share: number | null;
  readonly lo: number | null;
  readonly hi: number | null;
  readonly warn: boolean;
}

export interface CorrectedEffect {
  readonly effect: number;
  readonly lo: number;
  readonly hi: number;
  /** Of `ppi_mean` examples with labels on both sides, else labels. */
  readonly labels: number;
  /** `ppi_mean`: of examples that have labels on both sides. `rogan_gladen`: error rates of either side; `_pooled`: one for both. */
  readonly method: string;
}
