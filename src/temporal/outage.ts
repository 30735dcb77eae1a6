/**
 * Rides through a server's absence: a restart of Temporal should delay a caller, not fail them. Only calls that the
 * server deduplicates are repeated, so nothing can happen twice.
 */

import { setTimeout as delay } from 'node:timers/promises';
import { isGrpcServiceError } from '@temporalio/client';
import { SluiceError } from '../base/errors.ts';
import { isFull } from '../store/database-errors.ts';

/** Called once in each outage, with a sentence for people. */
export type OnOutage = (message: string) => void;

/** gRPC's codes for "not now". */
const DEADLINE_EXCEEDED = 4;
const ABORTED = 10;
const UNAVAILABLE = 14;
const PASSING_CODES: ReadonlySet<number> = new Set([DEADLINE_EXCEEDED, ABORTED, UNAVAILABLE]);
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;
/** How long a waiting caller waits out an outage; the work itself continues without it. */
export const OUTAGE_LIMIT_MS = 120_000;
/** A shorter outage is not worth a word. */
const TELL_AFTER_MS = 1_000;

/**
 * Calls `call` until it answers, for at most `limitMs` of outage. A call may wait long for its answer: one that is cut
 * after more than `limitMs` had been connected, and a new outage begins with it.
 *
 * @throws SluiceError `temporal_unreachable` when an outage outlasts the limit; `temporal_full` where Temporal says that its
 *   disk is full; anything else that `call` throws.
 */
export async function ridingThrough<T>(limitMs: number, call: () => Promise<T>, onOutage?: OnOutage): Promise<T> {
  let outage: { readonly since: number; pauseMs: number; isTold: boolean } | undefined;
  for (;;) {
    const calledAt = Date.now();
    try {
      return await call();
    } catch (error) {
      const failed = grpcErrorOf(error);
      if (failed === undefined) throw error;
      const { code } = failed;
      if (!PASSING_CODES.has(code)) throw isFull(failed) ? full(error) : error;
      const now = Date.now();
      const wasConnected = code !== DEADLINE_EXCEEDED && now - calledAt > limitMs;
      if (outage === undefined || wasConnected) outage = { since: now, pauseMs: FIRST_PAUSE_MS, isTold: false };
      if (now + outage.pauseMs - outage.since > limitMs)
        throw isFull(failed) ? full(error) : unreachable(error, limitMs);
      if (now - outage.since >= TELL_AFTER_MS && !outage.isTold) {
        onOutage?.(`Temporal does not answer: waiting for it, at most ${Math.round(limitMs / 1_000)} s`);
        outage.isTold = true;
      }
      await delay(outage.pauseMs);
      outage.pauseMs = Math.min(outage.pauseMs * 2, LONGEST_PAUSE_MS);
    }
  }
}

/** What gRPC says of a failed call: the client's library throws that error itself, or another with it as the cause. */
function grpcErrorOf(error: unknown) {
  if (isGrpcServiceError(error)) return error;
  return error instanceof Error && isGrpcServiceError(error.cause) ? error.cause : undefined;
}

const full = (cause: unknown): SluiceError =>
  new SluiceError('temporal_full', {
    message: 'the disk of Temporal is full',
    remedy: 'free some space on the disk that Temporal’s database writes to; runs already started go on then',
    retryable: true,
    cause,
  });

function unreachable(cause: unknown, limitMs: number): SluiceError {
  return new SluiceError('temporal_unreachable', {
    message: `Temporal did not answer for ${Math.round(limitMs / 1_000)} s`,
    remedy: 'see that the server runs (sluice doctor) and that TEMPORAL_ADDRESS names it; runs already started go on',
    retryable: true,
    cause,
  });
}

// Rides through workflow tasks that fail: while a worker is blocked, or runs code that does not fit the execution, the
// server answers every update at once with "not ready". That may pass, and the update carries an id, so it is sent again.

const FAILED_PRECONDITION = 9;
/** How gRPC names the details of an error. */
const DETAILS_KEY = 'grpc-status-details-bin';
const NOT_READY = 'temporal.api.errordetails.v1.WorkflowNotReadyFailure';
const PAUSE_MS = 500;

/**
 * Calls `call` until the workflow takes the update, for at most `limitMs`.
 *
 * @throws SluiceError `run_stuck` after that; anything else that `call` throws.
 */
export async function ridingThroughTaskFailures<T>(runId: string, limitMs: number, call: () => Promise<T>): Promise<T> {
  const giveUpAt = Date.now() + limitMs;
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!isNotReady(error)) throw error;
      if (Date.now() + PAUSE_MS > giveUpAt) throw stuck(runId, limitMs, error);
      await delay(PAUSE_MS);
    }
  }
}

function isNotReady(error: unknown): boolean {
  if (!isGrpcServiceError(error) || error.code !== FAILED_PRECONDITION) return false;
  return error.metadata.get(DETAILS_KEY).some((details) => details.includes(NOT_READY));
}

function stuck(runId: string, limitMs: number, cause: unknown): SluiceError {
  return new SluiceError('run_stuck', {
    message: `the workflow tasks of '${runId}' have failed for ${Math.round(limitMs / 1_000)} s`,
    remedy: 'its history in the Temporal UI says why: free the worker, deploy the code it began with, or terminate it',
    retryable: true,
    data: { runId },
    cause,
  });
}
