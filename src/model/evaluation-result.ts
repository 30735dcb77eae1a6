/**
 * What an evaluation has found: one row per example, variant and repeat, with one cell per scorer. A cell is done, failed
 * or missing, with a reason; it is never absent, and what is missing is never a zero.
 */
import type { Json, RunOutcome } from '../plan/plan.ts';
import type { CallRequest } from '../plan/walk.ts';

/** By field: numbers; booleans as 1 and 0. */
export type Score = { readonly [field: string]: number };

/**
 * `done`: the scorer has spoken. `failed`: the run failed by its own fault (refused, invalid, too long, out of its time or
 * budget), which is an outcome: it counts as the scorer's worst. `missing`: nobody knows, as a provider did not answer, the
 * scorer itself failed, what it reads was not made, or nothing was begun.
 */
export type Cell =
  | {
      readonly state: 'done';
      readonly score: Score;
      /** Hash of what was scored, 32 hex digits: what a person's label is about, too. */
      readonly subject: string;
      /** Of the scorer's output what is no score, such as a judge's reason; cut at 2,000 characters. */
      readonly detail?: { readonly [field: string]: Json };
    }
  | { readonly state: 'failed'; readonly reason: string }
  | {
      readonly state: 'missing';
      readonly reason: string;
      /** Whether trying again may fill it. */
      readonly resumable: boolean;
      /** Not applicable: its example has nothing that this scorer could score. This is no missing value. */
      readonly isInapplicable?: true;
      /** Of a human scorer: what is to be labelled. */
      readonly subject?: string;
    };

export interface RunFacts {
  /** As a run would have taken that made its calls itself; null where there was no run. */
  readonly latencyMs: number | null;
  /** What its calls cost when they were made, in this evaluation or before; null if unknown. */
  readonly costUsd: number | null;
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  readonly failed: boolean;
  readonly degraded: boolean;
}

/** Of a run that was not made, or could not be. */
export const NO_FACTS: RunFacts = Object.freeze({
  latencyMs: null,
  costUsd: null,
  inputTokens: null,
  outputTokens: null,
  failed: false,
  degraded: false,
});

export interface ResultError {
  readonly code: string;
  readonly message: string;
  readonly node: string;
}

export interface ResultRow {
  readonly exampleId: string;
  /** Place in the spec's variants: 0 is the baseline. */
  readonly variant: number;
  /** From 1. */
  readonly repeat: number;
  /** `missing`: there was no run, or it could not be made for reasons that are not its own. */
  readonly outcome: RunOutcome | 'missing';
  readonly error: ResultError | null;
  readonly output: Json;
  readonly run: RunFacts;
  /** By scorer id: all of the spec's. */
  readonly cells: { readonly [scorer: string]: Cell };
  /** The run's and the scorers' calls; what they gave is in the memo under their keys. */
  readonly calls: readonly ResultCall[];
}

/** One call of a walk: what it took when it was made, and whether that was now. */
export interface ResultCall {
  /** The node run's key, such as `draft[2]`. */
  readonly key: string;
  readonly call: CallRequest['call'];
  readonly step: string;
  readonly memoKey: string;
  readonly outcome: 'done' | 'failed';
  readonly attempts: number;
  /** Of the last attempt. */
  readonly durationMs: number;
  /** `made` now; `joined`: shared with another call of the same process; `stored`: known before. */
  readonly source: 'made' | 'joined' | 'stored';
}

/** How far an evaluation has come. */
export interface EvaluationProgress {
  /** Rows: examples × variants × repeats. */
  readonly total: number;
  readonly done: number;
  /** Rows, of those done, with a cell that is missing and that another try may fill. */
  readonly resumable: number;
  readonly cells: { readonly done: number; readonly failed: number; readonly missing: number };
  /** Calls that were made, and those that were not since their like had been. */
  readonly calls: { readonly made: number; readonly shared: number };
  /** Paid by this evaluation; null where nothing is known. */
  readonly paidUsd: number | null;
  /** Calls whose cost is not known: `paidUsd` is then a lower bound. */
  readonly unknownCalls: number;
  /** What all runs would have cost by themselves, less what was paid. */
  readonly savedUsd: number | null;
}

/**
 * `partial`: all rows are there, and some cells are missing that a resume may fill. `stopped`: the evaluation's budget was
 * used up.
 */
export type EvaluationState =
  | 'begun'
  | 'running'
  | 'paused'
  | 'completed'
  | 'partial'
  | 'stopped'
  | 'cancelled'
  | 'failed';

const OPEN: ReadonlySet<EvaluationState> = new Set(['begun', 'running', 'paused']);

/** Whether an evaluation is under way, or its workflow can continue it. */
export const isUnfinished = ({ state }: { readonly state: EvaluationState }): boolean => OPEN.has(state);
