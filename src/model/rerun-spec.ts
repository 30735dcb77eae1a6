/** What a backtest or a shadow is asked to do, as frozen JSON: the store keeps it with what comes of it. */
import type { Json, NodeEdit, RunOutcome } from '../plan/plan.ts';
import type { Cell, ResultError, RunFacts } from './evaluation-result.ts';
import type { MetricSpec, ScorerSpec } from './evaluation-spec.ts';
import type { FailureData } from './run-messages.ts';

export const RERUN_FORMAT = 1;

/** A backtest is over runs that there are; a shadow repeats a share of those that come. */
export type RerunKind = 'backtest' | 'shadow';

export interface RerunSpec {
  readonly format: typeof RERUN_FORMAT;
  readonly kind: RerunKind;
  readonly pipeline: string;
  /** Its own name, without the pipeline's. */
  readonly variant: string;
  /** Composed onto the plan of each run. */
  readonly edits: readonly NodeEdit[];
  /** Called again with all that hangs on it, whether it differs or not; null: only what differs. */
  readonly from: string | null;
  /** That need no `expected`. */
  readonly scorers: readonly ScorerSpec[];
  readonly metrics: readonly MetricSpec[];
  /** Of two-sided intervals and tests, before Holm. */
  readonly alpha: number;
}

/** One side of a pair: the run as it was served, or under the variant. */
export interface RerunSide {
  /** `missing`: it could not be made, for reasons that are not its own. */
  readonly outcome: RunOutcome | 'missing';
  readonly error: ResultError | null;
  /** Of what was served null: it is with its run. */
  readonly output: Json;
  readonly run: RunFacts;
  /** By scorer id. */
  readonly cells: { readonly [scorer: string]: Cell };
}

export interface RerunError {
  readonly code: string;
  readonly message: string;
}

/** What came of one run: `failed` where it could not be made, `skipped` where there was nothing to make. */
export interface RerunResult {
  readonly runId: string;
  readonly state: 'done' | 'failed' | 'skipped';
  /** Whether the variant's answer is another one; null where there is none to compare. */
  readonly isChanged: boolean | null;
  /** Null of what was skipped. */
  readonly served: RerunSide | null;
  readonly variant: RerunSide | null;
  readonly calls: { readonly reused: number; readonly made: number };
  readonly error: RerunError | null;
}

/**
 * `completed`: each run has been made or skipped. `out_of_budget`: some have not, for money. `stopped`: somebody has ended
 * it, as a shadow always is.
 */
export type RerunState = 'running' | 'completed' | 'out_of_budget' | 'stopped' | 'failed';

/** What crosses the line between the workflow of backtests and shadows and everything else. Types and names only. */
export const RERUN_WORKFLOW = 'rerun';

/** The workflow's id is the backtest's, or the shadow's. */
export interface RerunInput {
  readonly rerunId: string;
  /** Where runs are made again. */
  readonly queue: string;
  /** Activities at once; each has runs of its own. */
  readonly lanes: number;
  /** Turns after which it goes on in a new history; default 500. */
  readonly turnsPerHistory?: number;
}

export interface RerunTurn {
  /** Nothing is left of the lane, or the whole has been ended. */
  readonly isOver: boolean;
  /** What is left would cost more than it may. */
  readonly isOutOfBudget: boolean;
}

export interface RerunActivities {
  /** Makes runs that wait, for a while: of a shadow also those that come meanwhile. May be repeated after a crash. */
  rerunRuns(input: { readonly rerunId: string; readonly lane: number; readonly lanes: number }): Promise<RerunTurn>;
  /** Writes how it has ended; one that has ended before stays so. */
  endRerun(input: {
    readonly rerunId: string;
    readonly how: 'completed' | 'out_of_budget' | 'stopped' | 'failed';
    readonly error: FailureData | null;
  }): Promise<void>;
}
