/** What a run took, from what its calls did. */
import type { RunFacts } from '../model/evaluation-result.ts';
import type { Json, Plan } from '../plan/plan.ts';
import { CallFailure, type CallRequest, walk } from '../plan/walk.ts';
import type { MemoOutcome, MemoRecord } from '../store/memo.ts';
import { costOf, type Spending } from '../store/spending.ts';

export interface RunTook {
  /** How the run ended, or its state. */
  readonly outcome: string;
  readonly latencyMs: number | null;
  /** Of all its calls, in as many sums as one likes. */
  readonly spent: readonly Spending[];
}

export function runFacts({ outcome, latencyMs, spent }: RunTook): RunFacts {
  const sum = (field: 'inputTokens' | 'outputTokens') => spent.reduce((total, spending) => total + spending[field], 0);
  return Object.freeze({
    latencyMs,
    costUsd: costOf(spent),
    inputTokens: sum('inputTokens'),
    outputTokens: sum('outputTokens'),
    failed: outcome === 'failed',
    degraded: outcome === 'degraded',
  });
}

/**
 * How long a run would have taken that made its calls itself. The calls of an evaluation are shared, and made in any order,
 * so the time of a walk says nothing; but each call keeps how long it took when it was made. The plan is walked once more,
 * in a time that jumps from the end of one call to that of the next: branches overlap, rounds add up, and what the walker
 * cancels ends at once. Attempts that failed before the last one, and the pauses between them, are not in it.
 */
export interface RunLatency {
  /**
   * When the output was known, or when the run had failed; null where that hangs on a call that was not recorded, as in a
   * walk that was broken off.
   */
  readonly outputMs: number | null;
  /** When every node had ended, those included that the output does not need; null likewise. */
  readonly finishedMs: number | null;
}

interface CallUnderWay {
  readonly signal: AbortSignal;
  readonly endsAtMs: number;
  readonly end: () => void;
}

/**
 * Deterministic, and without I/O. A call that was not recorded never ends by itself: where it was cancelled, it will be
 * again.
 *
 * @param plan whole or a skeleton, since no step is made
 * @param recorded of a walk of this plan with this input
 */
export async function runLatency(plan: Plan, input: Json, recorded: RecordedCalls): Promise<RunLatency> {
  const underWay = new Set<CallUnderWay>();
  let nowMs = 0;
  let outputMs: number | null = null;
  let finishedMs: number | null = null;
  const knowOutput = () => {
    outputMs = nowMs;
  };
  const { output, finished } = walk(plan, input, (request) => {
    const { promise, resolve, reject } = Promise.withResolvers<Json>();
    const record = recorded.get(callName(request));
    underWay.add({
      signal: request.signal,
      endsAtMs: nowMs + (record?.durationMs ?? Number.POSITIVE_INFINITY),
      end: () => (record && !request.signal.aborted ? settle(record.outcome, resolve, reject) : reject(CANCELLED)),
    });
    return promise;
  });
  output.then(knowOutput, knowOutput);
  void finished.then(() => {
    finishedMs = nowMs;
  });

  for (;;) {
    // The walker handles a call's end one microtask later, and its own promise settles one after that.
    await undefined;
    await undefined;
    const next = finishedMs === null ? firstToEnd(underWay, nowMs) : undefined;
    if (!next) return Object.freeze({ outputMs, finishedMs });
    nowMs = next.atMs;
    underWay.delete(next.call);
    next.call.end();
  }
}

const CANCELLED = new Error('cancelled');

/** Of those that end at the same time, the one that was begun first. */
function firstToEnd(calls: Iterable<CallUnderWay>, nowMs: number) {
  let first: { readonly call: CallUnderWay; readonly atMs: number } | undefined;
  for (const call of calls) {
    const atMs = call.signal.aborted ? nowMs : call.endsAtMs;
    if (atMs < (first?.atMs ?? Number.POSITIVE_INFINITY)) first = { call, atMs };
  }
  return first;
}

function settle(outcome: MemoOutcome, resolve: (value: Json) => void, reject: (reason: unknown) => void): void {
  try {
    resolve(outcomeValue(outcome));
  } catch (failure) {
    reject(failure);
  }
}

/** What a call came to, and how long it took when it was made: its last attempt, in milliseconds. */
export type RecordedCall = Pick<MemoRecord, 'outcome' | 'durationMs'>;

/** By `callName`. Calls that were cancelled are not in it. */
export type RecordedCalls = ReadonlyMap<string, RecordedCall>;

/** `draft[2] fallback`: unique in a walk. */
export const callName = ({ key, call }: Pick<CallRequest, 'key' | 'call'>): string => `${key} ${call}`;

/** @throws CallFailure where the call failed */
export function outcomeValue(outcome: MemoOutcome): Json {
  if ('value' in outcome) return outcome.value;
  const { code, message, ...parts } = outcome.failure;
  throw new CallFailure(code, message, parts);
}
