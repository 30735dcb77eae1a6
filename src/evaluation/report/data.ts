/**
 * All that a report of a comparison is made of. The examples are in columns, since ten thousand of them by four sides and
 * eight metrics are values by the hundred thousand. Nothing here is computed from the page: it only shows.
 */
import type { EvaluationProgress } from '../../model/evaluation-result.ts';
import type { RunOutcome } from '../../plan/plan.ts';
import type { ComparisonReport } from '../compare/comparison-report.ts';
import type { ComparisonGate } from '../compare/gate.ts';
import type { Leaderboard } from '../compare/leaderboard.ts';
import { outcomeOf } from '../compare/pairs.ts';

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
  /** Indexes of the reasons that mean "not applicable" rather than missing. */
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

/** Limits of a report's size: it opens at once and can be mailed. */
export const REPORT_LIMITS = Object.freeze({
  /** Values on a page (examples × metrics × sides). Beyond it, the examples that differ most and a sample are shown. */
  values: 1_000_000,
  /** Characters of what an example asks. */
  questionLength: 200,
  /** Of each side and primary so many that got worst, and as many that got best, have their outputs in the page. */
  outputsEachEnd: 20,
  /** Examples that have their outputs, of all sides and primaries together. */
  examplesWithOutputs: 300,
  /** Characters of one output, or of what a scorer says of it. */
  outputLength: 4_000,
  /** Of all outputs together; those of the smallest differences are left out first. */
  outputsLength: 8_000_000,
  /** Calls shown in the trace of one run. */
  calls: 200,
  /** Calls shown in the traces of all runs of an example. */
  callsTogether: 1_000,
  /** Passages of one list, and characters of one. */
  passages: 50,
  passageLength: 2_000,
  /** Distinct reasons for missing values. */
  reasons: 1_000,
  /** Of a comment on a pull request: GitHub takes 65,536. */
  markdownLength: 65_000,
  /** Rows of one table in such a comment. */
  markdownRows: 40,
  /** Worst examples of each side in such a comment. */
  markdownExamples: 5,
});

type Columns = readonly (readonly (ReportedColumn | null)[])[];

/** Metrics by which examples are ranked: the primaries, or else the first that there is. */
export function rankingMetrics({ metrics }: Pick<ComparisonReport, 'metrics'>): readonly number[] {
  const primaries = metrics.flatMap(({ role }, place) => (role === 'primary' ? [place] : []));
  return primaries.length > 0 || metrics.length === 0 ? primaries : [0];
}

/** Examples with a difference on one metric, the worst for the side first. */
export function byRegression(
  baseline: ReportedColumn | null | undefined,
  side: ReportedColumn | null | undefined,
  metric: ComparisonReport['metrics'][number],
): readonly number[] {
  if (!baseline || !side) return [];
  const sign = metric.better === 'higher' ? 1 : -1;
  const gain = (example: number): number => sign * (side.values[example]! - baseline.values[example]!);
  const differing: number[] = [];
  for (const [example, first] of baseline.values.entries()) {
    const second = side.values[example]!;
    if (!Number.isNaN(first) && !Number.isNaN(second) && outcomeOf(first, second, metric) !== 0)
      differing.push(example);
  }
  return differing.sort((one, other) => gain(one) - gain(other) || one - other);
}

/**
 * Chooses the examples whose outputs are shown: the worst and best of each side and ranking metric in turn, so that a
 * limit cuts all alike.
 */
export function wantOutputs(report: ComparisonReport, columns: Columns): readonly number[] {
  const rankings = rankingMetrics(report).flatMap((place) =>
    columns[place]!.slice(1).map((side) => byRegression(columns[place]![0], side, report.metrics[place]!)),
  );
  const wanted = new Set<number>();
  for (let rank = 0; rank < REPORT_LIMITS.outputsEachEnd; rank += 1) {
    for (const ranking of rankings) {
      for (const example of [ranking[rank], ranking[ranking.length - 1 - rank]]) {
        if (example !== undefined && wanted.size < REPORT_LIMITS.examplesWithOutputs) wanted.add(example);
      }
    }
  }
  return [...wanted];
}

/** All examples where there is room, else those that are wanted and an even sample of the others; in their order. */
export function chooseExamples(
  { metrics, sides }: Pick<ComparisonReport, 'metrics' | 'sides'>,
  total: number,
  wanted: readonly number[],
): readonly number[] {
  const room = Math.floor(REPORT_LIMITS.values / Math.max(1, metrics.length * sides.length));
  if (total <= room) return Array.from({ length: total }, (_, example) => example);
  const kept = new Set(wanted);
  const others = Array.from({ length: total }, (_, example) => example).filter((example) => !kept.has(example));
  const places = Math.max(0, room - kept.size);
  for (let place = 0; place < places; place += 1) kept.add(others[Math.floor((place * others.length) / places)]!);
  return [...kept].sort((one, other) => one - other);
}
