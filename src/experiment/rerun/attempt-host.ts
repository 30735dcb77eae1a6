/**
 * Calls made here and now, each with its attempts, for what has no place in the memo: reruns of recorded runs, and scores of
 * live ones. Not for serving: calls wait for a slot, and providers are told that they may wait.
 */
import { type MakeAttempt, makeCall, type Slots } from '../../evaluation/attempts.ts';
import { callName, outcomeValue, type RecordedCall, type RecordedCalls } from '../../evaluation/run-facts.ts';
import { hashJson } from '../../plan/id.ts';
import type { Json } from '../../plan/plan.ts';
import { CALL_CANCELLED, CallFailure, type Execute } from '../../plan/walk.ts';
import type { PaidBy } from '../../store/memo.ts';
import { callOf } from './replay.ts';

export interface AttemptHostOptions {
  readonly attempt: MakeAttempt;
  /** Of the process: one for all its hosts. */
  readonly slots: Slots;
  /** What the calls are paid by. */
  readonly paidBy: string;
  /** Tells the calls of this host from others that are paid by the same. */
  readonly mark: readonly string[];
}

export interface AttemptHost {
  readonly execute: Execute;
  /** The calls that have ended, and what they took. */
  readonly recorded: RecordedCalls;
  /** Where their costs are found. */
  readonly paid: readonly PaidBy[];
}

/** How long one call may be tried, pauses included. */
const CALL_LIMIT_MS = 30 * 60_000;
const MARK_DIGITS = 16;

export function createAttemptHost({ attempt, slots, paidBy, mark }: AttemptHostOptions): AttemptHost {
  const suffix = hashJson(mark as Json).slice(0, MARK_DIGITS);
  const recorded = new Map<string, RecordedCall>();
  const paid: PaidBy[] = [];
  const execute: Execute = async (request) => {
    const { key, call, input, signal } = request;
    const { policy } = request.node;
    const { step, config } = callOf(request);
    const callKey = `${key}#${suffix}`;
    paid.push({ runId: paidBy, callKey });
    const made = await makeCall({
      ...{ policy, slots, signal, callLimitMs: CALL_LIMIT_MS, room: async () => undefined },
      make: (number) =>
        attempt({
          ...{ step, config: config as Json, input, runId: paidBy, key: callKey, call, policy, signal },
          attempt: number,
        }),
    }).catch((error: unknown) => {
      if (!signal.aborted) throw error;
      throw new CallFailure(CALL_CANCELLED, 'the call was cancelled', { retryable: false });
    });
    recorded.set(callName(request), { outcome: made.outcome, durationMs: made.durationMs });
    return outcomeValue(made.outcome);
  };
  return { execute, recorded, paid };
}
