/**
 * All that a report of a comparison is made of. The examples are in columns, since ten thousand of them by four sides and
 * eight metrics are values by the hundred thousand. Nothing here is computed from the page: it only shows.
 */

import type { EvaluationProgress } from '../../model/evaluation-result.ts';
import type { RunOutcome } from '../../plan/plan.ts';
import type { ComparisonGate } from '../compare/gate.ts';
import type { Leaderboard } from '../compare/leaderboard.ts';
import type { ComparisonReport } from '../compare/report.ts';

export interface ReportData {
  readonly report: ComparisonReport;
  readonly gate: ComparisonGate;
  /** Each evaluation that has a side, once. */
  readonly evaluations: readonly ReportedEvaluation[];
  /** Null: one evaluation alone needs none. */
  readonly leaderboard: Leaderboard | null;
  /** See `collectExamples`. */
  readonly examples: ReportedExamples;
  /** When the report was made, milliseconds since the epoch. */
  readonly madeAt: number;
  /** The command that makes it again; null where there is none. */
  readonly command: string | null;
}

export interface ReportedEvaluation {
  readonly evaluationId: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly finishedAt: number | null;
  readonly progress: EvaluationProgress;
  /** Of its workflow in Temporal's screens; null where that is not known. */
  readonly address: string | null;
}

export interface ReportedExamples {
  /** Of the baseline's evaluation, also those that are left out here. */
  readonly total: number;
  readonly ids: readonly string[];
  /** What each asks, cut at `REPORT_LIMITS.questionLength`. */
  readonly questions: readonly string[];
  readonly tags: readonly (readonly string[])[];
  /** By metric of the report, then by side; null: the side's values are nothing to compare with the baseline's. */
  readonly columns: readonly (readonly (ReportedColumn | null)[])[];
  /** By metric, for a picture of them all. */
  readonly scales: readonly (ReportedScale | null)[];
  /** Why a value is missing, or the worst there is; 0 is none. */
  readonly reasons: readonly string[];
  /** Those of them which say that the example has nothing to score: it is then no hole. */
  readonly inapplicable: readonly number[];
  /** Outputs of the examples that differ most. */
  readonly outputs: readonly ExampleOutputs[];
  /** Of how many examples outputs were wanted. */
  readonly outputsWanted: number;
}

/** From the worst to the best value. Null: no value was seen, or no two. */
export interface ReportedScale {
  readonly worst: number;
  readonly best: number;
  /** `declared`: of the scorer's field, or what a share is between. `seen`: what 9 of 10 values of all sides lie between. */
  readonly from: 'declared' | 'seen';
}

export interface ReportedColumn {
  /** Means of repeats, by example; NaN where there is none. */
  readonly values: Float64Array;
  /** By example a place in `reasons`: why there is no value, or why it is the worst. */
  readonly reasons: Uint16Array;
}

export interface ExampleOutputs {
  /** Place in `ids`. */
  readonly example: number;
  /** By side, then by repeat. */
  readonly runs: readonly ReportedRun[];
}

export interface ReportedRun {
  readonly side: number;
  readonly repeat: number;
  readonly outcome: RunOutcome | 'missing';
  /** Code, node and message. */
  readonly error: string | null;
  /** What was answered, cut at `REPORT_LIMITS.outputLength`; empty where there is none. */
  readonly output: string;
  /** What scorers say besides scores, such as a judge's reason; or why there is no score. */
  readonly remarks: readonly Remark[];
}

export interface Remark {
  readonly scorer: string;
  readonly text: string;
}
