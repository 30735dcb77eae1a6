/**
 * One call with its attempts, as Temporal's server would make them: again after a failure that may pass, until the policy's
 * attempts are used up; after pauses that grow up to their limit, or for as long as the provider asked, once; not again
 * after a failure for good, nor when it is cancelled, nor where the pause would end beyond the call's limit. A slot is
 * held while an attempt is made, not in the pauses.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { SluiceError } from '../base/errors.ts';
import { type AttemptClock, createAttemptClock } from '../boundary/attempt-clock.ts';
import { type BoundaryDependencies, createBoundary, parse } from '../boundary/boundary.ts';
import { cut, StepFailure, smallData } from '../boundary/failure.ts';
import type { Implemented, Next } from '../boundary/implement.ts';
import { stepName } from '../dsl/step.ts';
import { dryRunMissing } from '../plan/open-writes.ts';
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
  /** The step itself failed and would fail again; the failure is stored like a value. */
  readonly lasts: boolean;
  /** Not to be tried again sooner. */
  readonly retryAfterMs?: number;
}

export type Attempted = (
  | {
      readonly value: Json;
      /** `false`: a dry run's value, which is never stored. */
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
  /** Awaited while the slot is held, so that unstored results stay bounded. */
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
    // A value that arrived despite the abort is paid for, so it is stored.
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

// One attempt at a call, with the same wrappers as an activity's attempt and with its failure as data. The host repeats
// calls; nothing here does.

/**
 * Permanent failures that the step did not cause: the call may succeed with another key, account, budget or price list.
 * Input and config failures are found before any call, so storing them saves nothing.
 */
const NOT_KEPT: ReadonlySet<string> = new Set([
  'budget_exceeded',
  'evaluation_budget',
  'key_invalid',
  'key_missing',
  'model_unknown',
  'price_unknown',
  'quota_exhausted',
  'StepConfigInvalid',
  'StepInputInvalid',
]);

/**
 * Evaluations never write: the dry run of a `write` step replaces its function. Without a dry run the call fails; the
 * run or evaluation should have been refused at its start.
 */
function withoutWrites(implemented: Implemented): Implemented {
  const { step } = implemented;
  if (step.effect !== 'write') return implemented;
  const run: Implemented['run'] = (_, { key }) => {
    if (step.dryRun !== undefined) return step.dryRun;
    throw dryRunMissing('this call', [{ node: key, call: 'step', step: stepName(step) }]);
  };
  return { ...implemented, run };
}

/** Attempts at the steps that are implemented here, outside live runs. */
export function createMakeAttempt(
  dependencies: Pick<BoundaryDependencies, 'payloads' | 'redaction'>,
  implementations: readonly Implemented[],
): MakeAttempt {
  const steps = new Map<string, { readonly implemented: Implemented; readonly run: Next }>(
    implementations
      .map(withoutWrites)
      .map((implemented) => [
        stepName(implemented.step),
        { implemented, run: createBoundary(dependencies, implemented) },
      ]),
  );

  return async ({ policy, step: name, ...request }) => {
    const clock = createAttemptClock();
    try {
      const found = steps.get(name);
      if (found === undefined) throw stepUnknown(name);
      const { step } = found.implemented;
      const attempt = {
        ...request,
        step,
        config: parse(step.config, request.config, 'StepConfigInvalid', `the config of '${request.key}' (${name})`),
        priority: 'evaluation' as const,
        timeoutMs: policy.timeoutMs,
        heartbeatMs: policy.heartbeatMs,
        beats: policy.beats ?? 'timer',
        // No heartbeat: this process makes the call and measures its time itself.
        heartbeat: () => undefined,
      };
      const value = await clock.run(() => found.run(attempt));
      return { value, ...(step.effect === 'write' && { lasts: false }), ...waited(clock) };
    } catch (error) {
      return { failure: failureOf(error), ...waited(clock) };
    }
  };
}

function waited(clock: AttemptClock) {
  const waitedMs = clock.waitedMs();
  return waitedMs > 0 ? { waitedMs } : {};
}

function failureOf(error: unknown): AttemptFailure {
  if (!(error instanceof SluiceError)) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    return { code: name, message: cut(message), details: {}, retryable: true, lasts: false };
  }
  const { code, retryable } = error;
  const failure = error instanceof StepFailure ? error : undefined;
  return {
    code,
    message: cut(error.message),
    details: { ...smallData(error.data), remedy: cut(error.remedy) },
    retryable,
    lasts: failure !== undefined && !retryable && !NOT_KEPT.has(code),
    ...(failure?.retryAfterMs !== undefined && { retryAfterMs: failure.retryAfterMs }),
  };
}

const stepUnknown = (name: string): SluiceError =>
  new SluiceError('step_unknown', {
    message: `no implementation of ${name} is registered here`,
    remedy: 'register the step with the worker that evaluates, or name a version that is',
    data: { step: name },
  });
