/**
 * How long a run would have taken that made its calls itself. The calls of an evaluation are shared, and made in any order,
 * so the time of a walk says nothing; but each call keeps how long it took when it was made. The plan is walked once more,
 * in a time that jumps from the end of one call to that of the next: branches overlap, rounds add up, and what the walker
 * cancels ends at once. Attempts that failed before the last one, and the pauses between them, are not in it.
 */
import type { Json, Plan } from '../plan/plan.ts';
import { walk } from '../plan/walk.ts';
import type { MemoOutcome } from '../store/memo.ts';
import { callName, outcomeValue, type RecordedCalls } from './recorded-call.ts';

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
    // The walker acts on a call's end one microtask after it, and whoever waits for the walker hears of that in the next.
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
