/**
 * The Temporal host's side of the boundary: makes an activity of each implemented step, measures the attempt, and says
 * failures in Temporal's words. Attempts, backoff and queueing are the server's; nothing here repeats a call.
 */
import { Context } from '@temporalio/activity';
import { ApplicationFailure, ApplicationFailureCategory, CancelledFailure } from '@temporalio/common';
import { SluiceError } from '../base/errors.ts';
import { recordedParts, withoutAddress } from '../base/server-failures.ts';
import { stepName } from '../dsl/step.ts';
import type { AttemptTrace, FailureDetails, StepArguments, StepResult } from '../model/run-messages.ts';
import { type BoundaryDependencies, createBoundary } from './boundary.ts';
import { createResolveCall, type Plans, type ResolveCall } from './calls.ts';
import { StepFailure } from './failure.ts';
import { cut, smallData } from './failure-size.ts';
import type { Implemented } from './implement.ts';
import type { NoteAttempt } from './note-attempt.ts';

export type StepActivity = (call: StepArguments) => Promise<StepResult>;

export interface HostDependencies extends BoundaryDependencies {
  readonly plans: Plans;
  /** Keeps what attempts came to; absent: nobody does. */
  readonly noteAttempt?: NoteAttempt;
}

/** One activity per `step@version`, by the name the Temporal UI shows. */
export function createStepActivities(
  implementations: readonly Implemented[],
  dependencies: HostDependencies,
): { readonly [step: string]: StepActivity } {
  const resolve = createResolveCall(dependencies.plans);
  const activities: { [step: string]: StepActivity } = {};
  for (const implemented of implementations) {
    const name = stepName(implemented.step);
    if (name in activities)
      throw new SluiceError('step_twice', {
        message: `'${name}' is implemented twice`,
        remedy: 'raise the version of one of them, or remove it',
      });
    activities[name] = createStepActivity(implemented, dependencies, resolve);
  }
  return Object.freeze(activities);
}

/** Temporal's priority key of evaluations; runs that are served have 1. */
const EVALUATION_PRIORITY = 5;

function createStepActivity(
  implemented: Implemented,
  dependencies: HostDependencies,
  resolve: ResolveCall,
): StepActivity {
  const run = createBoundary(dependencies, implemented);
  const step = stepName(implemented.step);
  const { noteAttempt: note = async () => undefined } = dependencies;
  return async (call) => {
    const context = Context.current();
    const { info } = context;
    const runId = info.workflowExecution!.workflowId;
    const startedAt = Date.now();
    const trace = (): AttemptTrace => ({
      attempt: info.attempt,
      // The server's clock: never later than our own start, however the two differ.
      scheduledAt: Math.min(info.scheduledTimestampMs, startedAt),
      startedAt,
      durationMs: Date.now() - startedAt,
      queuedMs: Math.max(0, startedAt - info.currentAttemptScheduledTimestampMs),
    });
    try {
      const { config, policy } = await resolve(implemented.step, call);
      const output = await run({
        step: implemented.step,
        config,
        input: call.input,
        runId,
        key: call.key,
        call: call.call,
        attempt: info.attempt,
        priority: (info.priority?.priorityKey ?? 0) < EVALUATION_PRIORITY ? 'serving' : 'evaluation',
        timeoutMs: policy.timeoutMs,
        heartbeatMs: info.heartbeatTimeoutMs,
        beats: policy.beats ?? 'timer',
        signal: context.cancellationSignal,
        heartbeat: (progress) => context.heartbeat(progress),
        ...(call.sink && { sink: call.sink }),
        ...(call.exposures && { exposures: call.exposures }),
      });
      const ended = trace();
      await note(runId, call, step, ended);
      return { output, trace: ended };
    } catch (error) {
      const ended = trace();
      const isCancelled = context.cancellationSignal.aborted;
      const failure = isCancelled
        ? new CancelledFailure('cancelled', [], toApplicationFailure(error, context))
        : toApplicationFailure(error, context, ended);
      await note(runId, call, step, ended, failure);
      throw failure;
    }
  };
}

/**
 * Converts an error to Temporal's failure: `type` is the error's code; the details hold its remedy, its data and, of a step, the
 * attempt's trace. Histories keep the failure, so it names no server's address. The log gets the message with the address.
 */
export function toApplicationFailure(
  error: unknown,
  { log }: Pick<Context, 'log'>,
  trace?: AttemptTrace,
): ApplicationFailure {
  if (error instanceof SluiceError) {
    const { code, retryable } = error;
    const { message, remedy, data } = recordedParts(error);
    if (message !== error.message) log.warn(error.message);
    const failure = error instanceof StepFailure ? error : undefined;
    return ApplicationFailure.create({
      message: cut(message),
      type: code,
      nonRetryable: !retryable,
      details: [{ ...(trace && { trace }), remedy: cut(remedy), data: smallData(data) } satisfies FailureDetails],
      ...(failure?.retryAfterMs !== undefined && { nextRetryDelay: failure.retryAfterMs }),
      ...(failure?.benign && { category: ApplicationFailureCategory.BENIGN }),
    });
  }
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  const recorded = withoutAddress(message);
  if (recorded !== message) log.warn(message);
  return ApplicationFailure.create({
    message: cut(recorded),
    type: name,
    details: [(trace ? { trace } : {}) satisfies FailureDetails],
  });
}
