/**
 * Rides through workflow tasks that fail: while a worker is blocked, or runs code that does not fit the execution, the
 * server answers every update at once with "not ready". That may pass, and the update carries an id, so it is sent again.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { isGrpcServiceError } from '@temporalio/client';
import { SluiceError } from '../base/errors.ts';

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
