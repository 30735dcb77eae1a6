/** What makes a comparison doubtful. The codes are for programs, the words for people. */

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
  /** An evaluation is not finished, or holes are left that a resume may fill. */
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
