/**
 * Hosts the walker for evaluations: it walks the same plans as a run, but looks each call up in the memo and makes it
 * only if no equal call was made. Within one walk every call is separate, as in a run: the second round of a loop may
 * draft anew from the same input. Across walks, the first of equal calls are one call, and so are the second.
 */
import { hash, randomUUID } from 'node:crypto';
import type { ResultCall } from '../model/evaluation-result.ts';
import { canonicalJson } from '../plan/id.ts';
import type { Json, StepCall } from '../plan/plan.ts';
import { isConfigHash } from '../plan/skeleton.ts';
import { CALL_CANCELLED, CallFailure, type CallRequest, type Execute } from '../plan/walk.ts';
import type { PaidBy } from '../store/memo.ts';
import { type MakeAttempt, makeCall, type Slots } from './attempts.ts';
import type { Memo, MemoAnswer } from './memo/memo.ts';
import { callName, outcomeValue, type RecordedCall, type RecordedCalls } from './run-facts.ts';

/** What else than config and input decides what a step gives. */
export interface StepIdentity {
  /** Of the implementation. */
  readonly digest: string;
  /** Of the index that it reads with this config; null where it reads none. */
  readonly snapshot: string | null;
}

export interface MemoHostOptions {
  readonly memo: Memo;
  /** Of this process: one for all its hosts. */
  readonly slots: Slots;
  /** The evaluation's id, which pays for the calls. */
  readonly runId: string;
  readonly identify: (call: StepCall) => StepIdentity;
  readonly attempt: MakeAttempt;
  /** How long one call may be tried, pauses included; default 30 minutes. */
  readonly callLimitMs?: number;
}

/** A call with the run that paid for it. */
export interface MemoCall extends ResultCall, PaidBy {}

export interface MemoWalk {
  readonly execute: Execute;
  /** The calls that have ended, in that order. */
  readonly calls: readonly MemoCall[];
  /** The same calls with their results: released with the walk, while `calls` stays. */
  readonly recorded: RecordedCalls;
}

export interface MemoHost {
  /**
   * For one walk, of one example. Its plan must be whole, not a skeleton.
   *
   * @param slot repeats of one example have different ones, and so have the sides of an A/A; default `'1'`
   */
  begin(slot?: string): MemoWalk;
}

const CALL_LIMIT_MS = 30 * 60_000;
/** Hex digits of a memo key in a call's name: enough to be unique within an evaluation. */
const NAME_DIGITS = 16;

export function createMemoHost(options: MemoHostOptions): MemoHost {
  // Another host's failure is no answer here: it may have been another budget's, or of an hour ago.
  const asker = randomUUID();
  return Object.freeze({
    begin(slot = '1') {
      const calls: MemoCall[] = [];
      const recorded = new Map<string, RecordedCall>();
      const keyOf = createKeys(options, slot);
      const execute: Execute = async (request) => {
        const call = request.call === 'step' ? request.node.call : request.node.fallback!;
        const key = keyOf(call, request.input);
        const answer = await ask({ ...options, asker }, request, call, key);
        const { outcome, attempts, durationMs, source, runId, callKey } = answer;
        recorded.set(callName(request), { outcome, durationMs });
        calls.push({
          ...{
            key: request.key,
            call: request.call,
            step: call.step,
            memoKey: key,
            outcome: 'value' in outcome ? 'done' : 'failed',
          },
          ...{ attempts, durationMs, source, runId, callKey },
        });
        return outcomeValue(outcome);
      };
      return { execute, calls, recorded };
    },
  } satisfies MemoHost);
}

/** Keys of one walk's calls: equal calls have the same, but for which of them it is. */
function createKeys({ identify }: MemoHostOptions, slot: string): (call: StepCall, input: Json) => string {
  const seen = new Map<string, number>();
  return (call, input) => {
    const { step, config } = call;
    if (isConfigHash(config)) throw final('config_absent', `the config of ${step} is a hash: the plan is a skeleton`);
    const subject = { step, config, input, ...identify(call) };
    const first = memoKey({ ...subject, slot });
    const occurrence = (seen.get(first) ?? 0) + 1;
    seen.set(first, occurrence);
    return occurrence === 1 ? first : memoKey({ ...subject, slot: `${slot}/${occurrence}` });
  };
}

interface Asker extends MemoHostOptions {
  readonly asker: string;
}

async function ask(options: Asker, request: CallRequest, call: StepCall, key: string): Promise<MemoAnswer> {
  const { memo, slots, runId, attempt, asker, callLimitMs = CALL_LIMIT_MS } = options;
  const { policy } = request.node;
  const callKey = `${request.key}#${key.slice(0, NAME_DIGITS)}`;
  try {
    return await memo.get({
      key,
      paidBy: { runId, callKey },
      terms: JSON.stringify([asker, policy.attempts, policy.timeoutMs, policy.backoff, policy.heartbeatMs ?? null]),
      signal: request.signal,
      make: (signal) =>
        makeCall({
          ...{ policy, slots, room: memo.room, callLimitMs, signal },
          make: (number) =>
            attempt({
              step: call.step,
              config: call.config as Json,
              input: request.input,
              ...{ runId, key: callKey, call: request.call, attempt: number, policy, signal },
            }),
        }),
    });
  } catch (error) {
    if (request.signal.aborted) throw final(CALL_CANCELLED, 'the call was cancelled');
    throw error;
  }
}

const final = (code: string, message: string) => new CallFailure(code, message, { retryable: false });

/**
 * What makes two calls the same: then one is made for both. Canonical JSON, since a value that has been stored may come
 * back with its keys in another order than the one just made.
 */
export interface MemoSubject {
  /** `rerank@2` */
  readonly step: string;
  /** Of the step's implementation: the same version may not always be the same code. */
  readonly digest: string;
  readonly config: Json;
  readonly input: Json;
  /** Of the index that the step reads; null where it reads none. */
  readonly snapshot: string | null;
  /** Separates equal calls that must each be made: repeats, and the two sides of an A/A. */
  readonly slot: string;
}

/**
 * SHA-256 of the subject, 64 hex digits.
 *
 * @throws SluiceError `json_not_canonical`
 */
export function memoKey({ step, digest, config, input, snapshot, slot }: MemoSubject): string {
  return hash('sha256', canonicalJson({ step, digest, config, input, snapshot, slot }));
}
