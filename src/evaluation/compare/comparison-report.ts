/**
 * What a comparison of evaluations finds, as frozen JSON: sides against a baseline side, one row per metric and side.
 * Examples are not in it: `comparedExamples` gives them on demand. A number that could not be computed is null, and
 * what is missing is counted, never taken for 0.
 */
import type { EvaluationState } from '../../model/evaluation-result.ts';
import type {
  DatasetPart,
  EvaluationPins,
  EvaluationSpec,
  MetricSpec,
  Registration,
} from '../../model/evaluation-spec.ts';
import type { RunOutcome } from '../../plan/plan.ts';
import type { OfflineVerdict } from '../../stats/compare-scores.ts';
import type { ExplainedEffect, NeededFor } from '../../stats/explained-report.ts';
import type { JudgeFlaw } from '../../stats/judges.ts';

export const COMPARISON_FORMAT = 1;

export interface ComparisonReport {
  readonly format: typeof COMPARISON_FORMAT;
  /** The baseline first. Everything else names sides by their place here. */
  readonly sides: readonly ComparedSide[];
  /** Primaries, then guardrails, then secondary ones; each in the order declared. */
  readonly metrics: readonly ComparedMetric[];
  /** By tag, of the primaries; exploratory. */
  readonly slices: readonly Slice[];
  /** Tags that are not among the slices: the rarest beyond the limit. */
  readonly slicesLeftOut: number;
  readonly warnings: readonly CompareWarning[];
  readonly registrations: readonly RegistrationCheck[];
  /** Of two-sided intervals (never adjusted), and what an adjusted p of a primary must be below. */
  readonly alpha: number;
  readonly multiplicity: Multiplicity;
  /** Comparisons on the baseline's dataset version so far, this one included. */
  readonly comparisons: number;
  /** What to say first: a line per side and primary, then one per guardrail that is not proven. */
  readonly headline: readonly string[];
}

export interface ComparedSide {
  readonly evaluationId: string;
  /** Of the evaluation. */
  readonly name: string;
  readonly mode: 'compare' | 'aa';
  /** Place in its evaluation's variants. */
  readonly variant: number;
  /** As it is shown: `hyde`, or with its evaluation where two sides would be called alike. */
  readonly label: string;
  readonly pipeline: string;
  readonly planId: string;
  readonly state: EvaluationState;
  readonly dataset: DatasetPart;
  readonly snapshots: { readonly [index: string]: string };
  readonly repeats: number;
  /** Runs by how they ended; `missing` with those that are not there yet. */
  readonly runs: { readonly [outcome in RunOutcome | 'missing']: number };
  /** Examples of both this side and the baseline's evaluation, those of one only, and those whose content differs. */
  readonly examples: {
    readonly common: number;
    readonly onlyBaseline: number;
    readonly onlySide: number;
    readonly changed: number;
  };
}

export interface Slice {
  readonly tag: string;
  readonly metric: string;
  readonly side: number;
  readonly verdict: OfflineVerdict | null;
  readonly why: MetricSide['why'];
  readonly pairs: number;
  readonly units: number;
  readonly baseline: number | null;
  readonly variant: number | null;
  readonly effect: ExplainedEffect;
  readonly p: number | null;
  /** Benjamini-Hochberg over all slices. */
  readonly pAdjusted: number | null;
  readonly wins: number;
  readonly losses: number;
  readonly ties: number;
  readonly missing: number;
}

export interface Multiplicity {
  /** Primaries: tests in the family; those without a p count as 1. */
  readonly holm: number;
  /** Secondary metrics, and slices: two families. */
  readonly secondary: number;
  readonly slices: number;
  /** The share of false claims among exploratory ones that Benjamini-Hochberg keeps to. */
  readonly exploratoryRate: number;
}

/** Whether an evaluation is what was locked before the first of its definition. */
export interface RegistrationCheck {
  readonly evaluationId: string;
  /** `unregistered`: nothing is locked for it, or the command line changed what was defined. */
  readonly state: 'kept' | 'changed' | 'unregistered';
  readonly changes: readonly RegistrationChange[];
}

export interface RegistrationChange {
  /** What differs, such as `primary 'recall@10': minimumEffect`. */
  readonly what: string;
  readonly from: string;
  readonly to: string;
}

/** What a comparison says of one metric: for each side its numbers, what they rest on, and a verdict or why there is none. */
export interface ComparedMetric extends MetricSpec {
  /** Null: of the run itself. */
  readonly scorer: string | null;
  /** Null: its scorer is no judge. */
  readonly judge: Calibration | null;
  /** Of each side but the baseline, in the order of sides. */
  readonly sides: readonly MetricSide[];
}

/** Whether a judge is calibrated, and why not. */
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
  /**
   * Variant minus baseline in the metric's unit (not flipped when lower is better); interval at 1 - alpha, not
   * adjusted.
   */
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
  /**
   * Exact McNemar p that one side has more missing values; null where sides cannot be separated (a win rate), and
   * without examples.
   */
  readonly p: number | null;
  readonly blocksVerdict: boolean;
  /** The effect if every missing value were as bad, or as good, for the variant as possible; null without a scale. */
  readonly bounds: { readonly lo: number; readonly hi: number } | null;
  /** Examples that are not applicable on either side. They are not missing values. */
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
  /** Pairs whose verdict changed with the order of the answers. */
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

/** An example by its identity, content and group: all that a comparison asks of it. */
export interface ExampleInfo {
  readonly id: string;
  /** Of its content: see `memberOf`. Examples of one id and two contents are not paired. */
  readonly hash: string;
  /** Null: it stands for itself. */
  readonly cluster: string | null;
  readonly tags: readonly string[];
}

/** An evaluation without its rows. Fits what `store.evaluations.get` gives, with its examples. */
export interface EvaluationFacts {
  readonly evaluationId: string;
  readonly name: string;
  readonly spec: EvaluationSpec;
  readonly pins: EvaluationPins | null;
  readonly state: EvaluationState;
  /** Of the dataset's version those that it runs on. */
  readonly examples: readonly ExampleInfo[];
  /** What is locked under its name; null: nothing. */
  readonly locked: Registration | null;
}

/** A variant of an evaluation. */
export interface SideRef {
  readonly evaluationId: string;
  /** Place in its variants. */
  readonly variant: number;
}

// What makes a comparison doubtful. The codes are for programs, the words for people.

export type WarningCode =
  /** What is compared is not the same examples. */
  | 'dataset_versions'
  | 'dataset_splits'
  | 'dataset_filters'
  | 'examples_changed'
  /** Their metrics are not compared. */
  | 'scorer_versions'
  | 'criteria'
  | 'snapshots'
  | 'repeats'
  /** An evaluation is not finished, or has missing values that a resume may fill. */
  | 'unfinished'
  /** One step's version, two implementations. */
  | 'step_digests'
  /** Compared on so often that its examples are no longer fresh evidence. */
  | 'dataset_worn'
  | 'judge_uncalibrated'
  /** There are labels, and they do not correct an effect. */
  | 'labels_not_applied'
  /** They correct it by error rates of both sides together. */
  | 'error_rates_pooled'
  | 'position_bias';

export interface CompareWarning {
  readonly code: WarningCode;
  /** A sentence that names the thing. */
  readonly message: string;
  /** What to do about it; null where there is nothing to do. */
  readonly remedy: string | null;
  /** Places in the report's sides; empty where it concerns all. */
  readonly sides: readonly number[];
}

export type Warn = (code: WarningCode, message: string, remedy: string | null) => CompareWarning;

export const warnAt =
  (sides: readonly number[]): Warn =>
  (code, message, remedy) =>
    Object.freeze({ code, message, remedy, sides: Object.freeze(sides) });

/** Limits of a comparison and of its report. `comparedExamples`, computed on demand, has no limit of its own. */
export const COMPARE_LIMITS = Object.freeze({
  /** The baseline included. */
  sides: 20,
  /** Of a leaderboard, each compared with each other: 2,016 pairs. Further ones are listed without a rank. */
  rankedSides: 64,
  /** Tags with a slice: the most frequent. */
  sliceTags: 20,
  /** Reasons that are named where cells are missing or failed: the most frequent. */
  reasonsShown: 5,
  /** Distinct reasons listed for one evaluation; further ones are counted together. */
  reasonsKept: 1_000,
});
