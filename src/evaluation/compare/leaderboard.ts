/** Any number of evaluations in one table: a row per side, a column per metric, ranks only among those that are alike. */
import type { Better } from '../../stats/gate.ts';
import type { ValueFormat } from '../../stats/reports.ts';
import type { Calibration, ExplainedMean } from './compared-metric.ts';

export interface Leaderboard {
  readonly columns: readonly LeaderboardColumn[];
  /** By the column that they are sorted by, the best first; those without a rank in it last. */
  readonly rows: readonly LeaderboardRow[];
  /** The name of a column. */
  readonly sortedBy: string | null;
  /** Of the intervals. */
  readonly alpha: number;
}

export interface LeaderboardColumn {
  readonly metric: string;
  readonly better: Better;
  readonly format: ValueFormat;
  readonly judge: Calibration | null;
}

export interface LeaderboardRow {
  readonly evaluationId: string;
  readonly name: string;
  readonly variant: number;
  readonly label: string;
  readonly planId: string;
  readonly dataset: { readonly name: string; readonly version: string; readonly split: string | null };
  /** By column, in their order. */
  readonly cells: readonly LeaderboardCell[];
}

export interface LeaderboardCell extends ExplainedMean {
  /** Examples that have a value. */
  readonly n: number;
  /** The share of examples that have one; null where there are none. */
  readonly coverage: number | null;
  /** From 1, equal values alike; null where it is listed apart. */
  readonly rank: number | null;
  /** Why it has no rank, as a clause. */
  readonly apart: string | null;
}
