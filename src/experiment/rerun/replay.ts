/**
 * A recorded run walked once more without a call, each of them coming to what is on record: so it is known what every call
 * was given, and what scorers would have seen, neither of which is stored.
 */
import { setImmediate as settled } from 'node:timers/promises';
import { SluiceError } from '../../base/errors.ts';
import { type MakeAttempt, makeCall, type Slots } from '../../evaluation/attempts.ts';
import { type EndedRun, isFromOutside, observedBy } from '../../evaluation/chunk/play-run.ts';
import { callName, outcomeValue, type RecordedCall, type RecordedCalls, runFacts } from '../../evaluation/run-facts.ts';
import { NO_FACTS, type ResultError, type RunFacts } from '../../model/evaluation-result.ts';
import { hashJson } from '../../plan/id.ts';
import type { Json, Plan, RunOutcome, StepCall, Wiring } from '../../plan/plan.ts';
import type { From } from '../../plan/resolve.ts';
import {
  BUDGET_EXCEEDED,
  CALL_CANCELLED,
  CallFailure,
  type CallRequest,
  type Execute,
  type WalkResult,
  walk,
} from '../../plan/walk.ts';
import type { MemoOutcome, PaidBy } from '../../store/memo.ts';
import type { NodeRunRow, RunWithNodes } from '../../store/runs.ts';
import type { Store } from '../../store/store.ts';

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
 * @param onRequest called for every requested call, also if its result is not on record
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
  // Everything that the record implies is done. The remaining calls wait for cancelled ones.
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

/**
 * A recorded run as what can be run again: its plan, its input, and what each call of it came to. The record has one row
 * per node run and what the node gave; which calls were made follows from how the node ended.
 */
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
function recordedCalls({ runId, nodes, outputs }: RecordedRun): RecordedCalls {
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

/**
 * Calls made here and now, each with its attempts, for what has no place in the memo: reruns of recorded runs, and scores of
 * live ones. Not for serving: calls wait for a slot, and providers may delay them.
 */
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

/** A run as it was served, read from the store: what can be run again, and what scorers see of it. */
export interface LoadedRun {
  readonly run: RunWithNodes;
  readonly record: RecordedRun;
}

/** @throws SluiceError `run_unknown`, `plan_unknown` */
export async function loadRun(
  { runs }: Pick<Store, 'runs'>,
  planOf: (planId: string) => Promise<Plan>,
  runId: string,
): Promise<LoadedRun> {
  const run = await runs.get(runId);
  const [plan, outputs] = await Promise.all([planOf(run.planId), runs.outputs(run.runId)]);
  const { input, nodes } = run;
  return { run, record: { runId: run.runId, plan, input, nodes, outputs } };
}

/** What the run took: of its calls what is known, and from its start to its end. */
export function factsOfRun({ state, startedAt, finishedAt, spent }: RunWithNodes): RunFacts {
  const latencyMs = finishedAt === null ? null : Math.max(0, finishedAt - startedAt);
  return runFacts({ outcome: state, latencyMs, spent: [spent] });
}

/**
 * The run for scorers. One that failed by what was not its own fault is missing.
 *
 * @param observe the refs that were observed, in that order
 */
export function servedRun(
  run: RunWithNodes,
  { result }: Pick<Replayed, 'result'>,
  observe: readonly From[],
  facts: RunFacts = factsOfRun(run),
): EndedRun {
  const error = run.error === null ? null : errorOfRun(run.error);
  const isMissing = run.state === 'failed' && error !== null && isFromOutside(error.code);
  const hasOutput = run.state === 'completed' || run.state === 'degraded';
  return {
    outcome: isMissing ? 'missing' : (run.state as RunOutcome),
    error,
    output: hasOutput ? run.output : undefined,
    nodes: observedBy(observe, result.observed),
    facts: isMissing ? NO_FACTS : facts,
  };
}

function errorOfRun(error: Json): ResultError {
  const { code, message, node } = error as { readonly [part: string]: Json };
  const text = (part: Json | undefined) => (typeof part === 'string' ? part : '');
  return { code: text(code), message: text(message), node: text(node) };
}
