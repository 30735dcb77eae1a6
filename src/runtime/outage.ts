/**
 * Rides through a server's absence: a restart of Temporal should delay a caller, not fail them. Only calls that the
 * server deduplicates are repeated, so nothing can happen twice.
 */

import { setTimeout as delay } from 'node:timers/promises';
import { isGrpcServiceError, ServiceError } from '@temporalio/client';
import { SluiceError } from '../errors.ts';

/** gRPC's codes for "not now": DEADLINE_EXCEEDED, ABORTED, UNAVAILABLE. */
const PASSING_CODES: ReadonlySet<number> = new Set([4, 10, 14]);
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

/**
 * Calls `call` until it answers, for at most `limitMs` of outage.
 *
 * @throws SluiceError `temporal_unreachable` when the outage outlasts the limit; anything else that `call` throws.
 */
export async function ridingThrough<T>(limitMs: number, call: () => Promise<T>): Promise<T> {
  const giveUpAt = Date.now() + limitMs;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    try {
      return await call();
    } catch (error) {
      if (!isPassing(error)) throw error;
      if (Date.now() + pauseMs > giveUpAt) throw unreachable(error, limitMs);
      await delay(pauseMs);
    }
  }
}

function isPassing(error: unknown): boolean {
  const cause = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(cause) && PASSING_CODES.has(cause.code);
}

function unreachable(cause: unknown, limitMs: number): SluiceError {
  return new SluiceError('temporal_unreachable', {
    message: `Temporal did not answer for ${Math.round(limitMs / 1_000)} s`,
    remedy: 'see that the server runs (sluice doctor) and that TEMPORAL_ADDRESS names it; runs already started go on',
    retryable: true,
    cause,
  });
}
