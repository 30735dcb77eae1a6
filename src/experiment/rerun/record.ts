/**
 * A recorded run as what can be run again: its plan, its input, and what each call of it came to. The record has one row
 * per node run and what the node gave; which calls were made follows from how the node ended.
 */
import { SluiceError } from '../../base/errors.ts';
import { isFromOutside } from '../../evaluation/chunk/play-run.ts';
import { callName, type RecordedCall, type RecordedCalls } from '../../evaluation/run-facts.ts';
import type { Json, Plan } from '../../plan/plan.ts';
import { BUDGET_EXCEEDED, CALL_CANCELLED } from '../../plan/walk.ts';
import type { MemoOutcome } from '../../store/memo.ts';
import type { NodeRunRow } from '../../store/runs.ts';

export interface RecordedRun {
  readonly runId: string;
  /** Whole: no skeleton. */
  readonly plan: Plan;
  readonly input: Json;
  readonly nodes: readonly RecordedNode[];
  /** What node runs gave, by key. */
  readonly outputs: ReadonlyMap<string, Json>;
}

export type RecordedNode = Pick<
  NodeRunRow,
  'key' | 'node' | 'kind' | 'call' | 'outcome' | 'error' | 'durationMs' | 'queuedMs'
>;

/**
 * What each call came to, by `callName`: of those that ended by themselves, and were not cancelled. A node's time is that of
 * its last call; of a call that found help it is not known, and counts as none.
 *
 * @throws SluiceError `outputs_missing` where a node ended well and what it gave was not recorded
 */
export function recordedCalls({ runId, nodes, outputs }: RecordedRun): RecordedCalls {
  const calls = new Map<string, RecordedCall>();
  for (const node of nodes) {
    if (node.kind !== 'step' || node.call === null) continue;
    const durationMs = Math.max(0, (node.durationMs ?? 0) - (node.queuedMs ?? 0));
    const note = (call: 'step' | 'fallback', outcome: MemoOutcome, took = durationMs) =>
      calls.set(callName({ key: node.key, call }), { outcome, durationMs: took });
    const given = (): MemoOutcome => {
      const value = outputs.get(node.key);
      if (value === undefined) throw outputsMissing(runId, node.key);
      return { value };
    };
    switch (node.outcome) {
      case 'completed':
        note('step', given());
        break;
      case 'fallback':
        note('step', failureOf(node.error), 0);
        note('fallback', given());
        break;
      case 'or-else':
      case 'failed':
        if (node.call === 'fallback') note('fallback', failureOf(node.error));
        note('step', failureOf(node.error), node.call === 'fallback' ? 0 : durationMs);
        break;
      default:
        break;
    }
  }
  return calls;
}

/** Of a step with a fallback that failed as well only the last failure is on record: it stands for both. */
function failureOf(error: Json): MemoOutcome {
  const { code, message, details } = (error ?? {}) as { readonly [part: string]: Json };
  return {
    failure: {
      code: typeof code === 'string' ? code : 'StepFailed',
      message: typeof message === 'string' ? message : 'failed',
      details: details !== null && typeof details === 'object' ? (details as { readonly [key: string]: Json }) : {},
      retryable: false,
    },
  };
}

/** What ended with its run, and might have ended otherwise in another. */
const OF_THE_RUN: ReadonlySet<string> = new Set([BUDGET_EXCEEDED, CALL_CANCELLED, 'deadline_exceeded']);

/** Whether the call would come to the same again: a failure that came from outside says nothing of the step. */
export function isOwn({ outcome }: RecordedCall): boolean {
  if ('value' in outcome) return true;
  const { code } = outcome.failure;
  return !isFromOutside(code) && !OF_THE_RUN.has(code);
}

const outputsMissing = (runId: string, key: string): SluiceError =>
  new SluiceError('outputs_missing', {
    message: `what '${key}' gave in ${runId} was not recorded`,
    remedy: 'only runs that were recorded with their outputs can be run again from within: those since this version',
    data: { runId, key },
  });
