/** What crosses the line between the workflow of backtests and shadows and everything else. Types and names only. */
import type { FailureData } from './run-messages.ts';

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
