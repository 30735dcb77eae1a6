/** What labels say of a scorer of one evaluation, as frozen JSON: of each score how far it agrees with people, and where not. */

import type { ScorerSpec } from '../../model/evaluation-spec.ts';
import type { ValueFormat } from '../../stats/explained-report.ts';
import type { Better } from '../../stats/gate.ts';
import type { Calibration } from '../compare/compared-metric.ts';
import type { Agreement, Interval, Rate, TableCell } from './agreement.ts';
import type { RaterAgreement } from './raters.ts';
import type { VariantBias } from './variant-bias.ts';

export interface JudgeReport {
  readonly evaluationId: string;
  readonly scorer: string;
  readonly kind: ScorerSpec['kind'];
  /** Of none that is not, calibration is needed. */
  readonly isJudge: boolean;
  /** The served model that its config names; null: none. */
  readonly model: string | null;
  /** Of the evaluation's pins; null where it has not begun. */
  readonly version: string | null;
  /** Subjects that it has scored here, each once; of a human scorer those to be labelled. */
  readonly subjects: number;
  readonly labels: {
    /** Subjects of this version with a label: here, and only in other evaluations. */
    readonly here: number;
    readonly elsewhere: number;
    /** Labelled subjects that this version has not scored: of answers that are no more given, or scored by another implementation. */
    readonly unscored: number;
    /** Subjects whose labels are of a scorer of this id that nothing says more of: they count for none. */
    readonly unattributed: number;
  };
  /** By field and the thresholds that metrics have for it, those that have labels; of a judge all. */
  readonly fields: readonly FieldReport[];
}

export interface FieldReport {
  readonly field: string;
  /** The threshold of a share metric, above which a score counts as a yes; null: the scores themselves. */
  readonly above: number | null;
  readonly better: Better;
  readonly format: ValueFormat;
  /** Of yes and no alone. */
  readonly isBinary: boolean;
  readonly raters: RaterAgreement;
  /** Subjects on which people are divided: in no table. */
  readonly ties: number;
  /** Null: nothing to hold against people, as of a human scorer. */
  readonly agreement: Agreement | null;
  readonly kappa: Interval;
  /** Scores beside labels; null where there are too many values. */
  readonly table: readonly TableCell[] | null;
  /** Of this evaluation, the baseline first; those without labels are left out. */
  readonly variants: readonly VariantErrors[];
  /** By tag, exploratory: the most frequent. */
  readonly slices: readonly SliceErrors[];
  readonly sampling: Sampling | null;
  readonly calibration: Calibration;
  /** What leads to a calibration; null where there is one, or none is needed. */
  readonly remedy: string | null;
  readonly sentences: readonly string[];
}

export interface VariantErrors {
  readonly variant: number;
  readonly name: string;
  readonly agreement: Agreement;
  /** Against the baseline, p by Holm over variants; null of the baseline, and where there are too few labels. */
  readonly bias: VariantBias | null;
  /**
   * Clusters with labels on this side and the baseline's, on answers that differ: what corrects an effect. An example without
   * a cluster is one of its own.
   */
  readonly clusters: number;
  /** Whether labels of either side correct effects between the two. */
  readonly isCorrected: boolean;
}

export interface SliceErrors {
  readonly tag: string;
  readonly n: number;
  /** Share on which scorer and people say the same of yes and no. */
  readonly same: Rate;
  readonly sensitivity: Rate;
  readonly specificity: Rate;
}

/** Whether what is labelled is like the rest, by its scores: labels on what one chose to look at correct nothing. */
export interface Sampling {
  readonly labelled: number;
  readonly others: number;
  readonly p: number;
  readonly isDoubtful: boolean;
}
