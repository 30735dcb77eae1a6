/**
 * A recorded run walked once more without a call, each of them coming to what is on record: so it is known what every call
 * was given, and what scorers would have seen, neither of which is stored.
 */
import { setImmediate as settled } from 'node:timers/promises';
import { callName, outcomeValue, type RecordedCalls } from '../../evaluation/run-facts.ts';
import type { Json, StepCall, Wiring } from '../../plan/plan.ts';
import { CALL_CANCELLED, CallFailure, type CallRequest, type WalkResult, walk } from '../../plan/walk.ts';
import { type RecordedRun, recordedCalls } from './record.ts';

/** What a call was made of. */
export interface KnownCall {
  readonly call: StepCall;
  readonly input: Json;
}

export interface Replayed {
  readonly result: WalkResult;
  /** Undefined where it has none. */
  readonly output: Json | undefined;
  /** What the calls on record were made of, by `callName`. */
  readonly calls: ReadonlyMap<string, KnownCall>;
  readonly recorded: RecordedCalls;
}

/**
 * Deterministic, and without I/O.
 *
 * @param observe wirings over what the plan's own scope shows: see `WalkOptions`
 * @param onRequest told of every call that is asked for, also where what it came to is not on record
 * @throws SluiceError `outputs_missing`
 */
export async function replay(
  record: RecordedRun,
  observe: readonly Wiring[] = [],
  onRequest: (request: CallRequest) => void = () => undefined,
): Promise<Replayed> {
  const recorded = recordedCalls(record);
  const calls = new Map<string, KnownCall>();
  const stop = new AbortController();
  let isOver = false;
  const { output, finished } = walk(
    record.plan,
    record.input,
    async (request) => {
      onRequest(request);
      const known = recorded.get(callName(request));
      if (known === undefined) return cancelled(request);
      calls.set(callName(request), { call: callOf(request), input: request.input });
      return outcomeValue(known.outcome);
    },
    { cancel: stop.signal, observe },
  );
  const given = output.catch(() => undefined);
  const ending = finished.then((result) => {
    isOver = true;
    return result;
  });
  // Whatever follows from what is on record has followed by now. What is left waits for calls that were cancelled.
  await settled();
  if (!isOver) stop.abort();
  return { result: await ending, output: await given, calls, recorded };
}

export const callOf = ({ node, call }: CallRequest): StepCall => (call === 'step' ? node.call : node.fallback!);

/** It had not ended when it was of no use any more: it does not end now until it is. */
function cancelled({ signal }: CallRequest): Promise<never> {
  const failure = new CallFailure(CALL_CANCELLED, 'the call was cancelled', { retryable: false });
  if (signal.aborted) return Promise.reject(failure);
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(failure), { once: true }));
}
