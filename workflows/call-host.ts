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
  TimeoutFailure,
} from '@temporalio/workflow';
import type { Reached } from '../src/model/reached.ts';
import type {
  AttemptTrace,
  FailureDetails,
  RunInput,
  RunLimits,
  StepArguments,
  StepResult,
} from '../src/model/run-messages.ts';
import type { StepNode } from '../src/plan/plan.ts';
import { BUDGET_EXCEEDED, CALL_CANCELLED, CallFailure, type CallRequest, type Execute } from '../src/plan/walk.ts';
import { createCallLimits } from './call-limits.ts';
import { bytesOf, tooLarge } from './payload-size.ts';

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
  // A local call may be made again under its attempt's number, so its tokens could not be told from the first one's.
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
