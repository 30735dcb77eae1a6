/**
 * One call with its attempts, as Temporal's server would make them: again after a failure that may pass, until the policy's
 * attempts are used up; after pauses that grow up to their limit, or for as long as the provider asked, once; not again
 * after a failure for good, nor when it is cancelled, nor where the pause would end beyond the call's limit. A slot is
 * held while an attempt is made, not in the pauses.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { CallPolicy, Json } from '../plan/plan.ts';
import type { CallRequest } from '../plan/walk.ts';
import type { MemoFailure } from '../store/memo.ts';
import type { Made } from './memo/memo.ts';

/** One attempt at a call, as the activity boundary wants to know it. */
export interface AttemptRequest {
  /** `rerank@2` */
  readonly step: string;
  readonly config: Json;
  readonly input: Json;
  /** What its calls to providers are paid by. */
  readonly runId: string;
  readonly key: string;
  readonly call: CallRequest['call'];
  /** From 1. */
  readonly attempt: number;
  readonly policy: CallPolicy;
  readonly signal: AbortSignal;
}

export interface AttemptFailure extends MemoFailure {
  /** The step's own, and the same each time: then it is kept like a value. */
  readonly lasts: boolean;
  /** Not to be tried again sooner. */
  readonly retryAfterMs?: number;
}

export type Attempted = (
  | {
      readonly value: Json;
      /** `false`: it only stands for what the step would give, and is kept by nobody. */
      readonly lasts?: false;
    }
  | { readonly failure: AttemptFailure }
) & {
  /** What the attempt waited before its calls might leave, which is no time that a run would have taken; default 0. */
  readonly waitedMs?: number;
};

/** Makes one attempt, its timeout and heartbeat included. It may reject only when its signal has aborted. */
export type MakeAttempt = (request: AttemptRequest) => Promise<Attempted>;

export interface AttemptsOptions {
  readonly policy: CallPolicy;
  readonly slots: Slots;
  /** Waited for with the slot in hand, so that what is made cannot run ahead of what is stored. */
  readonly room: () => Promise<void>;
  /** No attempt begins later than this after the first was asked for. */
  readonly callLimitMs: number;
  readonly signal: AbortSignal;
  readonly make: (attempt: number) => Promise<Attempted>;
}

/** @throws the signal's reason when it aborts, and what `room` throws */
export async function makeCall(options: AttemptsOptions): Promise<Made> {
  const { policy, callLimitMs, signal } = options;
  const askedAt = performance.now();
  for (let attempts = 1; ; attempts += 1) {
    const { attempted, durationMs } = await makeAttempt(options, attempts);
    if ('value' in attempted) {
      const { value, lasts = true } = attempted;
      return { outcome: { value }, attempts, durationMs, lasts };
    }
    const { lasts, retryAfterMs, ...failure } = attempted.failure;
    const pauseMs = retryAfterMs ?? backoffMs(policy, attempts);
    const isLate = performance.now() - askedAt + pauseMs > callLimitMs;
    if (!failure.retryable || attempts >= policy.attempts || isLate)
      return { outcome: { failure }, attempts, durationMs, lasts };
    await delay(pauseMs, undefined, { signal });
  }
}

async function makeAttempt({ slots, room, signal, make }: AttemptsOptions, attempt: number) {
  const leave = await slots.enter(signal);
  try {
    await room();
    const startedAt = performance.now();
    const attempted = await make(attempt);
    // What came in spite of it is paid for, so a value is kept.
    if ('failure' in attempted) signal.throwIfAborted();
    return { attempted, durationMs: Math.max(0, performance.now() - startedAt - (attempted.waitedMs ?? 0)) };
  } finally {
    leave();
  }
}

function backoffMs({ backoff }: CallPolicy, failedAttempts: number): number {
  return Math.min(backoff.firstMs * backoff.factor ** (failedAttempts - 1), backoff.maxMs);
}

/**
 * How many calls one process makes at once. The limit is on calls, not on walks: walks that wait for a call of another
 * would hold a slot and do nothing with it.
 */
export interface Slots {
  /** Resolves when the call may be made, with what gives the slot back; rejects when the signal aborts first. */
  enter(signal: AbortSignal): Promise<() => void>;
}

/** @param count calls at once; who comes first is let in first */
export function createSlots(count: number): Slots {
  const waiting = new Set<() => void>();
  let free = count;

  function leave(): void {
    free += 1;
    const [next] = waiting;
    next?.();
  }
  /** A slot is given back once, however often one tries. */
  function take(): () => void {
    free -= 1;
    let isHeld = true;
    return () => {
      if (isHeld) leave();
      isHeld = false;
    };
  }

  return Object.freeze({
    async enter(signal) {
      signal.throwIfAborted();
      if (free > 0) return take();
      const { promise, resolve, reject } = Promise.withResolvers<() => void>();
      const begin = () => {
        waiting.delete(begin);
        signal.removeEventListener('abort', giveUp);
        resolve(take());
      };
      const giveUp = () => {
        waiting.delete(begin);
        reject(signal.reason);
      };
      waiting.add(begin);
      signal.addEventListener('abort', giveUp, { once: true });
      return promise;
    },
  } satisfies Slots);
}
