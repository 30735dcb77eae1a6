/**
 * What the conformance suite asks of a host: given a plan and a script of what each attempt of each call does, it runs
 * the plan and reports what became of it. Hosts are as different as a Temporal server and a loop in this process; this
 * is all they have in common.
 */
import type { Json, NodeOutcome, Plan, RunOutcome } from '../../src/plan/plan.ts';

/** What one attempt of a call does. */
export type Attempt =
  | { readonly does: 'succeed'; readonly value: Json }
  /** Fails so that another attempt may help; `retryAfterMs` is what a provider's `Retry-After` says. */
  | { readonly does: 'fail'; readonly retryAfterMs?: number }
  /** Fails for good, with this code. */
  | { readonly does: 'refuse'; readonly code: string }
  /** Never ends by itself: only its timeout or its cancellation ends it. */
  | { readonly does: 'hang' };

/** Attempts by call (`draft[2]`, `draft[2] fallback`), in order; the last one is repeated. */
export type Script = { readonly [call: string]: readonly Attempt[] };

export interface ScriptedRun {
  readonly plan: Plan;
  readonly input: Json;
  readonly script: Script;
  /** The run is cancelled from outside when this attempt (from 1) of this call starts, or has failed. */
  readonly cancelWhen?: { readonly call: string; readonly attempt: number; readonly has: 'started' | 'failed' };
}

export interface AttemptReport {
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  /** Ended from outside, through its signal: timed out or cancelled. */
  readonly aborted: boolean;
}

export interface RunReport {
  readonly outcome: RunOutcome;
  readonly output?: Json;
  readonly error?: { readonly key: string; readonly code: string };
  /** By node run key. */
  readonly nodes: { readonly [key: string]: NodeOutcome };
  /** By call; every attempt has ended. */
  readonly attempts: { readonly [call: string]: readonly AttemptReport[] };
}

export interface Host {
  /** On a virtual clock waits are exact; on a real one they are at least what was asked for. */
  readonly clock: 'virtual' | 'real';
  readonly run: (scripted: ScriptedRun) => Promise<RunReport>;
  readonly close: () => Promise<void>;
}

/** What a host calls a call that was cut off at its timeout, in `CallFailure.code`. */
export const TIMEOUT = 'timeout';
