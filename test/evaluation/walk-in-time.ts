/** Walks a random plan on a virtual clock, each call in its time: what `runLatency` is held to. */
import type { RecordedCall, RunLatency } from '../../src/evaluation/run-facts.ts';
import type { Json, Plan } from '../../src/plan/plan.ts';
import { CallFailure, STEP_INPUT_INVALID, walk } from '../../src/plan/walk.ts';
import { createVirtualClock } from '../conformance/virtual-clock.ts';
import { behave } from '../plan/behave.ts';

export interface WalkedInTime {
  readonly recorded: ReadonlyMap<string, RecordedCall>;
  /** Calls, those included that were cancelled. */
  readonly begun: number;
  readonly took: RunLatency;
}

/** @param durationOf milliseconds by `key call` */
export async function walkInTime(plan: Plan, input: Json, durationOf: (call: string) => number): Promise<WalkedInTime> {
  const clock = createVirtualClock();
  const recorded = new Map<string, RecordedCall>();
  let begun = 0;
  const { output, finished } = walk(plan, input, async ({ node, key, call, input: given, signal }) => {
    begun += 1;
    const durationMs = durationOf(`${key} ${call}`);
    await clock.sleep(durationMs, signal);
    if (signal.aborted) throw new Error('aborted');
    const outcome = outcomeOf(behave(node, key, call, given));
    recorded.set(`${key} ${call}`, { durationMs, outcome });
    if ('value' in outcome) return outcome.value;
    throw new CallFailure(outcome.failure.code, outcome.failure.message, outcome.failure);
  });
  const whenKnown = async (settled: Promise<unknown>) => {
    await settled.catch(() => undefined);
    return clock.now();
  };
  const [outputMs, finishedMs] = await clock.runUntil(Promise.all([whenKnown(output), whenKnown(finished)]));
  return { recorded, begun, took: { outputMs, finishedMs } };
}

function outcomeOf(answer: ReturnType<typeof behave>): RecordedCall['outcome'] {
  if ('value' in answer) return answer;
  const code = answer.failure === 'mistake' ? STEP_INPUT_INVALID : 'provider_down';
  return { failure: { code, message: 'no', details: {}, retryable: false } };
}
