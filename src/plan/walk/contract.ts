/**
 * What the walker and its hosts promise each other. A host brings `execute`, which owns everything about one call (its
 * attempts, timeout and backoff); the walker decides which calls are made, when, and what their ends mean for the run.
 * Temporal's workflow, the evaluation's memo and the tests' fake host all build against this file. It is part of the
 * workflow bundle, so it imports types only.
 */
import type { Json, NodeOutcome, PlanNode, RunOutcome, StepNode, Wiring } from '../plan.ts';

/** One call to be made: a node's step, or the `fallback` that helps it. */
export interface CallRequest {
  readonly node: StepNode;
  /** Unique in the run, so it makes an idempotency key: the node's id with rounds (from 1) and items (from 0). */
  readonly key: string;
  readonly call: 'step' | 'fallback';
  readonly input: Json;
  /** Aborts when the result can no longer be used. The promise must settle soon after, no matter how. */
  readonly signal: AbortSignal;
}

/** Owns attempts, timeout and backoff: it rejects, best with a `CallFailure`, only when the call has failed for good. */
export type Execute = (request: CallRequest) => Promise<Json>;

/** Why a node has no value of its own. Plain data, but for `cause`. */
export interface WalkError {
  /** The culprit: a node's id, or `output` when the pipeline's own output wiring is at fault. */
  readonly node: string;
  readonly key: string;
  readonly code: string;
  readonly message: string;
  readonly details?: { readonly [key: string]: Json };
  /** What `execute` rejected with, for hosts that re-throw it. Not data: leave it out where an error is stored. */
  readonly cause?: unknown;
}

/** One node in one round, item or arm, and how it ended. */
export interface NodeRun {
  readonly key: string;
  readonly node: string;
  readonly kind: PlanNode['kind'];
  readonly outcome: NodeOutcome;
  /** What went wrong, also where help was found (`fallback`, `or-else`, `exhausted`) and where another is to blame. */
  readonly error?: WalkError;
  /** The last call that was made. Absent when none was. */
  readonly call?: 'step' | 'fallback';
}

export interface WalkResult {
  readonly outcome: RunOutcome;
  /** Every node of every entered scope, in the order the scopes were entered, and within one in plan order. */
  readonly nodes: readonly NodeRun[];
  /** Why the run failed. Absent for every other outcome. */
  readonly error?: WalkError;
  /** What `WalkOptions.observe` asked for, in that order. Absent where nothing was asked. */
  readonly observed?: readonly Observed[];
}

/** What a wiring comes to once the run has finished, or why it comes to nothing. */
export type Observed = { readonly value: Json } | Missing;

export interface Missing {
  /**
   * How the node ended: `or-else`, `skipped`, `failed`, `blocked`, `cancelled`. `absent` for an optional value that is not
   * there, else what is wrong with the wiring (`WiringUnknown`, `WiringAbsent`).
   */
  readonly missing: string;
  /** The id of the node that has no value of its own: of a ref into a container, the one inside. */
  readonly node: string;
}

export interface Walk {
  /** Resolves as soon as the output's refs are known; rejects with `WalkFailed`. Never an unhandled rejection. */
  readonly output: Promise<Json>;
  /** Resolves, and never rejects, when every node run and every call has settled. */
  readonly finished: Promise<WalkResult>;
}

export interface WalkOptions {
  /** Cancels the run: nothing starts any more, calls under way are aborted, no help is sought. */
  readonly cancel?: AbortSignal;
  /** Called as each node run settles, for live views. What it throws is dropped. */
  readonly onNode?: (run: NodeRun) => void;
  /**
   * Wiring over what the pipeline's own scope shows, to be read when every node and call has settled, however the run
   * ended. Nothing is run for it. Fallback values (`orElse`) are missing.
   */
  readonly observe?: readonly Wiring[];
}

/** The codes an `execute` rejection may carry that mean something to the walker. All others are ordinary failures. */
export const STEP_INPUT_INVALID = 'StepInputInvalid';
/** The host learnt of an outside cancellation through the call: the whole run is cancelled, as by `cancel`. */
export const CALL_CANCELLED = 'CallCancelled';
/** The run has taken what it was given: nothing that could help would be within the budget either. */
export const BUDGET_EXCEEDED = 'budget_exceeded';
/** So has the evaluation that the run is made for: what is left waits until it is given more. */
export const EVALUATION_BUDGET = 'evaluation_budget';

/**
 * How a host says that a call has failed for good. The walker reads `code`, `message` and `details`, of this class or
 * of anything shaped like it; `retryable` is for the host that makes the attempts; the walker never retries.
 *
 * @example
 * throw new CallFailure('StepInputInvalid', "'draft': passages is missing", { retryable: false });
 */
export class CallFailure extends Error {
  override readonly name = 'CallFailure';
  readonly code: string;
  readonly retryable: boolean;
  readonly details: { readonly [key: string]: Json };

  constructor(
    code: string,
    message: string,
    parts: { retryable: boolean; details?: { readonly [key: string]: Json }; cause?: unknown },
  ) {
    super(message, parts.cause === undefined ? undefined : { cause: parts.cause });
    this.code = code;
    this.retryable = parts.retryable;
    this.details = parts.details ?? {};
  }
}

/** What `output` rejects with: the run failed, by `error`, or was cancelled. */
export class WalkFailed extends Error {
  override readonly name = 'WalkFailed';
  readonly outcome: 'failed' | 'cancelled';
  readonly error: WalkError;

  constructor(outcome: 'failed' | 'cancelled', error: WalkError) {
    super(`${error.key}: ${error.message}`, error.cause === undefined ? undefined : { cause: error.cause });
    this.outcome = outcome;
    this.error = error;
  }
}
