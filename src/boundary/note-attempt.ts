/**
 * Keeps what an attempt came to, so that a trace has each of them: failed ones, and those after them. The first that
 * succeeds costs nothing more. What cannot be written is left out, and holds nobody up: a trace must not break a run.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { type ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { AttemptTrace, FailureDetails, StepArguments } from '../model/run-messages.ts';
import type { Json } from '../plan/plan.ts';
import type { AttemptRow, Attempts } from '../store/traces.ts';

/** A database that takes longer writes on alone. */
const WAIT_MS = 1_000;

export type NoteAttempt = (
  runId: string,
  call: Pick<StepArguments, 'key' | 'call'>,
  step: string,
  trace: AttemptTrace,
  /** As the server is told it; nothing where it succeeded. */
  failure?: ApplicationFailure | CancelledFailure,
) => Promise<void>;

/**
 * @param worker who makes the attempts, as Temporal names it
 * @param waitMs how long an attempt waits for its row
 */
export function createNoteAttempt(attempts: Pick<Attempts, 'record'>, worker: string, waitMs = WAIT_MS): NoteAttempt {
  return async (runId, { key, call }, step, trace, failure) => {
    const { attempt, startedAt, durationMs, queuedMs } = trace;
    if (failure === undefined && attempt === 1 && call === 'step') return;
    const isCancelled = failure instanceof CancelledFailure;
    const outcome = failure === undefined ? 'completed' : isCancelled ? 'cancelled' : 'failed';
    const error = failure === undefined || isCancelled ? null : errorOf(failure);
    const row: AttemptRow = { key, call, attempt, step, outcome, worker, startedAt, durationMs, queuedMs, error };
    const written = attempts.record(runId, row).catch(() => undefined);
    await Promise.race([written, delay(waitMs, undefined, { ref: false })]);
  };
}

function errorOf({ type, message, details }: ApplicationFailure): Json {
  const { remedy, data } = (details?.[0] ?? {}) as FailureDetails;
  return {
    code: type ?? 'Error',
    message,
    ...(remedy !== undefined && { remedy }),
    ...(data !== undefined && Object.keys(data).length > 0 && { data }),
  };
}
