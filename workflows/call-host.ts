/**
 * How Temporal makes the walker's calls: a regular or a local activity by the node's lane, with the node's policy as
 * Temporal options. Attempts, timeouts and backoff are the server's; this file only says what was asked and what came.
 */
import { RetryState, TimeoutType } from '@temporalio/common';
import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  isCancellation,
  scheduleActivity,
  scheduleLocalActivity,
  sleep,
  TimeoutFailure,
  workflowInfo,
} from '@temporalio/workflow';
import type {
  AttemptTrace,
  FailureDetails,
  Reached,
  RunInput,
  RunLimits,
  StepArguments,
  StepResult,
} from '../src/model/run-messages.ts';
import type { Json, Lane, StepNode } from '../src/plan/plan.ts';
import { BUDGET_EXCEEDED, CALL_CANCELLED, CallFailure, type CallRequest, type Execute } from '../src/plan/walk.ts';

/** The boundary ends an attempt at its timeout; the server's own limit is for a process that cannot. */
const SERVER_TIMEOUT_FACTOR = 1.1;

/** What is known of the calls of one node run: the last attempt's trace of each, and how many attempts there were. */
export interface CallTrace {
  readonly call: CallRequest['call'];
  readonly step: string;
  readonly attempts: number;
  readonly last?: AttemptTrace;
}

export interface CallHost {
  readonly execute: Execute;
  /** By node run key, in order of the calls. */
  readonly traces: ReadonlyMap<string, readonly CallTrace[]>;
}

export function createCallHost(run: RunInput, deadlineAt: number, reached: Reached): CallHost {
  const traces = new Map<string, CallTrace[]>();
  const limits = createCallLimits();
  const note = (request: CallRequest, attempts: number, last?: AttemptTrace) => {
    const trace = { call: request.call, step: stepOf(request), attempts, ...(last && { last }) };
    traces.set(request.key, [...(traces.get(request.key) ?? []), trace]);
  };

  const execute: Execute = async (request) => {
    const { lane } = request.node.policy;
    const bytes = bytesOf(request.input);
    refuse('PayloadTooLarge', tooLarge(bytes, `the input of '${request.key}'`));
    refuse('run_too_large', limits.exhausted());
    const entered = limits.enter(lane, bytes, request.signal);
    if (entered !== true && !(await entered)) throw final(CALL_CANCELLED, 'the call was cancelled before it began');
    let given = 0;
    try {
      const result = await make(request);
      given = bytesOf(result.output);
      return result.output;
    } finally {
      limits.leave(lane, given);
    }
  };
  const make = async (request: CallRequest): Promise<StepResult> => {
    const remainingMs = deadlineAt - Date.now();
    if (remainingMs <= 0) throw deadlineExceeded(run.limits);
    const scope = new CancellationScope();
    const stop = () => scope.cancel();
    request.signal.addEventListener('abort', stop, { once: true });
    try {
      const exposures = reached.at(request.node.id);
      const result = await scope.run(() => schedule(run, request, remainingMs, exposures));
      note(request, result.trace.attempt, result.trace);
      return result;
    } catch (error) {
      const { failure, attempts, last } = explainFailure(error, request.node, run);
      note(request, attempts, last);
      throw failure;
    } finally {
      request.signal.removeEventListener('abort', stop);
    }
  };
  return { execute, traces };
}

function schedule(
  run: RunInput,
  request: CallRequest,
  remainingMs: number,
  exposures: StepArguments['exposures'] = [],
): Promise<StepResult> {
  const { node, key, call, input } = request;
  const { policy } = node;
  // A local call may be made again under its attempt's number, so its tokens could not be distinguished from the first
  // one's.
  const sink = policy.lane === 'activity' ? run.sink : undefined;
  const args: [StepArguments] = [
    {
      ...{ planId: run.planId, node: node.id, key, call, input },
      ...(sink && { sink }),
      ...(exposures.length > 0 && { exposures }),
    },
  ];
  const shared = {
    startToCloseTimeout: Math.ceil(policy.timeoutMs * SERVER_TIMEOUT_FACTOR),
    scheduleToCloseTimeout: remainingMs,
    retry: {
      maximumAttempts: policy.attempts,
      initialInterval: policy.backoff.firstMs,
      backoffCoefficient: policy.backoff.factor,
      maximumInterval: policy.backoff.maxMs,
    },
    summary: key,
  };
  if (policy.lane === 'local') return scheduleLocalActivity(stepOf(request), args, shared);
  return scheduleActivity(stepOf(request), args, {
    ...shared,
    // Replay compares ids: two calls of one step that changed places would otherwise pass, and swap their results.
    activityId: call === 'step' ? key : `${key}:fallback`,
    scheduleToStartTimeout: Math.min(run.limits.queueMs, remainingMs),
    ...(policy.heartbeatMs !== undefined && { heartbeatTimeout: policy.heartbeatMs }),
    ...(policy.taskQueue !== undefined && { taskQueue: policy.taskQueue }),
  });
}

function stepOf({ node, call }: CallRequest): string {
  return call === 'step' ? node.call.step : node.fallback!.step;
}

function refuse(code: string, problem: string | undefined): void {
  if (problem !== undefined) throw final(code, problem);
}

const final = (code: string, message: string) => new CallFailure(code, message, { retryable: false });

const deadlineExceeded = ({ deadlineMs, isBudget }: RunLimits) =>
  isBudget
    ? final(BUDGET_EXCEEDED, `the run was given ${deadlineMs} ms, and they have passed`)
    : final('deadline_exceeded', `the run's deadline of ${deadlineMs} ms has passed`);

interface Explained {
  readonly failure: CallFailure;
  readonly attempts: number;
  readonly last?: AttemptTrace;
}

/** Temporal's failure in the walker's words. */
function explainFailure(error: unknown, node: StepNode, run: RunInput): Explained {
  if (isCancellation(error)) return { failure: final(CALL_CANCELLED, 'the call was cancelled'), attempts: 1 };
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof TimeoutFailure) {
    const tried = error instanceof ActivityFailure && error.retryState === RetryState.MAXIMUM_ATTEMPTS_REACHED;
    return { failure: explainTimeout(cause, node, run), attempts: tried ? node.policy.attempts : 1 };
  }
  if (!(cause instanceof ApplicationFailure)) return { failure: final('Error', String(cause)), attempts: 1 };
  const details = cause.details?.[0] as FailureDetails | undefined;
  const failure = new CallFailure(cause.type ?? 'Error', cause.message, {
    retryable: !cause.nonRetryable,
    details: { ...details?.data, ...(details?.remedy !== undefined && { remedy: details.remedy }) },
  });
  return { failure, attempts: details?.trace?.attempt ?? 1, ...(details?.trace && { last: details.trace }) };
}

function explainTimeout(timeout: TimeoutFailure, { policy }: StepNode, run: RunInput): CallFailure {
  switch (timeout.timeoutType) {
    case TimeoutType.SCHEDULE_TO_START:
      return final('no_worker', `no worker took the call for ${run.limits.queueMs} ms: is one running?`);
    case TimeoutType.SCHEDULE_TO_CLOSE:
      return deadlineExceeded(run.limits);
    case TimeoutType.HEARTBEAT:
      return final('heartbeat_lost', `no sign of life for ${policy.heartbeatMs} ms: the worker is gone or blocked`);
    default:
      return final('timeout', `not done after ${policy.timeoutMs} ms`);
  }
}

// What one run may ask of Temporal, in numbers, so that no plan can come to a limit of the server's: a workflow task that
// sends too much is refused whole, and a history that grows too long is terminated, both without a word to the caller.
// Calls beyond what may be under way wait their turn, in order; calls beyond what a history can hold fail, typed.

/** A call is six events of history, seven if it is cancelled; 51,200 end a workflow. */
const CALLS_PER_RUN = 7_000;
/** What goes into calls and comes out of them; a history of 50 MiB ends a workflow. */
const BYTES_PER_RUN = 35_000_000;
/** Temporal takes 2,000. More than a worker runs at once, so that nothing is slower for it. */
const CALLS_AT_ONCE = 200;
/** Local calls compute, and a process computes one thing at a time; what they give leaves with the task, all together. */
const LOCAL_CALLS_AT_ONCE = 4;
/** What one workflow task may send: gRPC takes 4 MiB, with the run's answer and the local results that come together. */
const BYTES_PER_TASK = 1_500_000;

export interface CallLimits {
  /** Whether the call may begin: at once, in its turn, or not at all, since its signal aborted while it waited. */
  enter(lane: Lane, bytes: number, signal: AbortSignal): true | Promise<boolean>;
  /** A call that began has ended, with so many bytes. */
  leave(lane: Lane, bytes: number): void;
  /** Why no further call may be made; undefined while one may. */
  exhausted(): string | undefined;
}

interface Waiting {
  readonly lane: Lane;
  readonly bytes: number;
  readonly end: (mayBegin: boolean) => void;
}

function createCallLimits(): CallLimits {
  const underWay = { activity: 0, local: 0 };
  const waiting = new Set<Waiting>();
  let [calls, total] = [0, 0];
  let task = { id: 0, bytes: 0 };
  let isFlushing = false;

  const isFull = (lane: Lane) => underWay[lane] >= (lane === 'local' ? LOCAL_CALLS_AT_ONCE : CALLS_AT_ONCE);
  const fits = (bytes: number) => task.bytes === 0 || task.bytes + bytes <= BYTES_PER_TASK;
  const begin = ({ lane, bytes }: Pick<Waiting, 'lane' | 'bytes'>) => {
    underWay[lane] += 1;
    task.bytes += bytes;
  };
  const letIn = () => {
    for (const next of waiting) {
      if (isFull(next.lane)) return;
      if (!fits(next.bytes)) return flush();
      waiting.delete(next);
      begin(next);
      next.end(true);
    }
  };
  /** Only what the server sent may tell tasks apart: results of local calls are replayed in other portions. */
  const noticeTask = () => {
    const id = workflowInfo().historyLength;
    if (id !== task.id) task = { id, bytes: 0 };
  };
  /** A timer ends the task, and what it was to send is sent. */
  const flush = () => {
    if (isFlushing) return;
    isFlushing = true;
    void CancellationScope.nonCancellable(() => sleep(1)).then(() => {
      isFlushing = false;
      noticeTask();
      letIn();
    });
  };

  return {
    enter(lane, bytes, signal) {
      calls += 1;
      total += bytes;
      if (waiting.size === 0 && !isFull(lane) && fits(bytes)) {
        begin({ lane, bytes });
        return true;
      }
      return new Promise((end) => {
        const self = { lane, bytes, end };
        waiting.add(self);
        signal.addEventListener('abort', () => waiting.delete(self) && end(false), { once: true });
        letIn();
      });
    },
    leave(lane, bytes) {
      underWay[lane] -= 1;
      total += bytes;
      if (lane === 'local') task.bytes += bytes;
      else noticeTask();
      letIn();
    },
    exhausted() {
      if (calls >= CALLS_PER_RUN) return `the run has made ${calls} calls: a run may make ${CALLS_PER_RUN}`;
      if (total < BYTES_PER_RUN) return undefined;
      return `the run's calls have taken and given ${total} bytes of JSON: they may ${BYTES_PER_RUN} in all`;
    },
  };
}

/** What a workflow hands on is measured first: Temporal would fail the workflow task above 2 MiB, and repeat it for ever. */
const LIMIT_BYTES = 1_500_000;
const encoder = new TextEncoder();

/** UTF-8 bytes of the value as JSON. */
export function bytesOf(value: Json): number {
  return encoder.encode(JSON.stringify(value)).length;
}

/** Says what is wrong with a value of so many bytes, or undefined. */
export function tooLarge(bytes: number, what: string): string | undefined {
  return bytes <= LIMIT_BYTES ? undefined : `${what} is ${bytes} bytes of JSON, ${LIMIT_BYTES} are allowed`;
}
