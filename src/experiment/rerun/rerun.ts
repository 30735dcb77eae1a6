/**
 * A recorded run, again, from a node on: another plan on the same input, in which a call that is the same as the recorded
 * run's, in the same place, comes to what it came to then and is not made. So nothing is called before the first node that
 * differs, and after it only what is given something else. Backtests and shadows are this function over different runs.
 */
import { setImmediate as settled } from 'node:timers/promises';
import { callName, outcomeValue, type RecordedCall, type RecordedCalls } from '../../evaluation/run-facts.ts';
import { isSameJson } from '../../plan/id.ts';
import type { WriteOf } from '../../plan/open-writes.ts';
import type { Json, Plan, Wiring } from '../../plan/plan.ts';
import { CALL_CANCELLED, CallFailure, type CallRequest, type Execute, type WalkResult, walk } from '../../plan/walk.ts';
import { isOwn, type RecordedRun } from './record.ts';
import { callOf, type Replayed, replay } from './replay.ts';

export interface RerunRequest {
  /** Whole; most often the record's own with a variant's edits. */
  readonly plan: Plan;
  readonly record: RecordedRun;
  /** Ids of nodes whose calls are made whatever is on record: those that are edited, or from which on it is run. */
  readonly fresh: ReadonlySet<string>;
  /** Of the steps that write: outside live runs they are not executed. */
  readonly writeOf: WriteOf;
  /** Makes a call that is not on record; of a step that writes, it gives its dry run. */
  readonly execute: Execute;
  /** Wirings to be read of both runs: see `WalkOptions`. */
  readonly observe?: readonly Wiring[];
  readonly cancel?: AbortSignal;
}

export interface Rerun {
  /** The recorded run as it was. */
  readonly served: Replayed;
  readonly result: WalkResult;
  /** Undefined where it has none. */
  readonly output: Json | undefined;
  /** The calls that were not made, with what they took when they were. */
  readonly reused: RecordedCalls;
  readonly calls: { readonly reused: number; readonly made: number };
}

/** @throws SluiceError `outputs_missing`; what goes wrong in the run is in its result */
export async function rerun({
  plan,
  record,
  fresh,
  writeOf,
  execute,
  observe = [],
  cancel,
}: RerunRequest): Promise<Rerun> {
  const served = await replay(record, observe);
  const reused = new Map<string, RecordedCall>();
  let made = 0;
  const { output, finished } = walk(
    plan,
    record.input,
    async (request) => {
      const isWrite = writeOf(callOf(request).step) !== undefined;
      const same = fresh.has(request.node.id) ? undefined : sameCall(request, served);
      const known = same ?? (isWrite ? recordedOutput(request, served) : undefined);
      if (known) {
        reused.set(callName(request), known);
        return outcomeValue(known.outcome);
      }
      // All that follows from what is on record follows at once: a call that this makes useless is not begun.
      await settled();
      if (request.signal.aborted) throw new CallFailure(CALL_CANCELLED, 'the call was cancelled', { retryable: false });
      if (!isWrite) made += 1;
      return execute(request);
    },
    { observe, ...(cancel && { cancel }) },
  );
  const given = output.catch(() => undefined);
  const result = await finished;
  return { served, result, output: await given, reused, calls: { reused: reused.size, made } };
}

/** What the same call came to in the recorded run, where it would come to that again. */
function sameCall(request: CallRequest, { calls, recorded }: Replayed): RecordedCall | undefined {
  const name = callName(request);
  const [then, outcome] = [calls.get(name), recorded.get(name)];
  if (then === undefined || outcome === undefined || !isOwn(outcome)) return undefined;
  const now = { call: callOf(request), input: request.input };
  return isSameJson(then as unknown as Json, now as unknown as Json) ? outcome : undefined;
}

/** What the same step gave in the same place, whatever it was given then: a `write` is not executed to find out. */
function recordedOutput(request: CallRequest, { calls, recorded }: Replayed): RecordedCall | undefined {
  const name = callName(request);
  const known = recorded.get(name);
  const isSame = calls.get(name)?.call.step === callOf(request).step;
  return isSame && known !== undefined && 'value' in known.outcome ? known : undefined;
}
