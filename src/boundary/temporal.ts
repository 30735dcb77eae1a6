/**
 * The Temporal host's side of the boundary: makes an activity of each implemented step, measures the attempt, and says
 * failures in Temporal's words. Attempts, backoff and queueing are the server's; nothing here repeats a call.
 */

import { setTimeout as delay } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { ApplicationFailure, ApplicationFailureCategory, CancelledFailure } from '@temporalio/common';
import { SluiceError } from '../base/errors.ts';
import { onceEach } from '../base/once.ts';
import { recordedParts, withoutAddress } from '../base/server-failures.ts';
import { type AnyStep, stepName } from '../dsl/step.ts';
import type { AttemptTrace, FailureDetails, StepArguments, StepResult } from '../model/run-messages.ts';
import { nodesOf } from '../plan/nodes.ts';
import type { CallPolicy, Json, Plan } from '../plan/plan.ts';
import { configOf } from '../plan/skeleton.ts';
import type { AttemptRow, Attempts } from '../store/traces.ts';
import { type BoundaryDependencies, createBoundary, parse } from './boundary.ts';
import { cut, StepFailure, smallData } from './failure.ts';
import type { Implemented } from './implement.ts';

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

// Finds the config of a call: activities are given a plan's id and a node, never the config, since every byte of
// arguments is stored again in each run's history. Plans are immutable, so a process may keep what it has read.

/** Plans one process keeps; a process serves few at a time, and one more is one query. */
const KEPT_PLANS = 200;

export interface Plans {
  get(planId: string): Promise<Plan | undefined>;
}

export interface ResolvedCall {
  readonly config: Json;
  readonly policy: CallPolicy;
}

export type ResolveCall = (step: AnyStep, call: StepArguments) => Promise<ResolvedCall>;

export function createResolveCall(plans: Plans): ResolveCall {
  async function read(planId: string): Promise<Map<string, ResolvedCall>> {
    const plan = await plans.get(planId);
    if (plan === undefined)
      throw new SluiceError('plan_unknown', {
        message: `the store holds no plan ${planId.slice(0, 12)}`,
        remedy: 'worker and client must use one database: compare DATABASE_URL on both sides',
      });
    return new Map(callsOf(plan));
  }

  const calls = onceEach(read, KEPT_PLANS);

  return async (step, { planId, node, call }) => {
    const found = (await calls(planId)).get(`${node}:${call}`);
    if (found === undefined)
      throw new SluiceError('node_unknown', {
        message: `plan ${planId.slice(0, 12)} has no call '${call}' at a node '${node}'`,
        remedy: 'the run and its plan do not belong together: start a new run',
      });
    const what = `the config of '${node}' (${stepName(step)})`;
    return { ...found, config: parse(step.config, found.config, 'StepConfigInvalid', what) };
  };
}

function* callsOf(plan: Plan): Generator<[string, ResolvedCall]> {
  for (const node of nodesOf(plan)) {
    if (node.kind !== 'step') continue;
    const { policy } = node;
    yield [`${node.id}:step`, { policy, config: configOf(plan, node.id, 'step') }];
    if (node.fallback) yield [`${node.id}:fallback`, { policy, config: configOf(plan, node.id, 'fallback') }];
  }
}

/** A database that takes longer writes on alone. */
const WAIT_MS = 1_000;

export type NoteAttempt = (
  runId: string,
  call: Pick<StepArguments, 'key' | 'call'>,
  step: string,
  trace: AttemptTrace,
  /** As it is reported to the server; undefined if it succeeded. */
  failure?: ApplicationFailure | CancelledFailure,
) => Promise<void>;

/**
 * @param worker who makes the attempts, as Temporal names it
 * @param waitMs how long an attempt waits for its row
 */
export function createNoteAttempt(attempts: Pick<Attempts, 'record'>, worker: string, waitMs = WAIT_MS): NoteAttempt {
  return async (runId, { key, call }, step, trace, failure) => {
    const { attempt, startedAt, durationMs, queuedMs } = trace;
    if (failure === undefined && attempt === 1 && call === 'step') return;
    const isCancelled = failure instanceof CancelledFailure;
    const outcome = failure === undefined ? 'completed' : isCancelled ? 'cancelled' : 'failed';
    const error = failure === undefined || isCancelled ? null : errorOf(failure);
    const row: AttemptRow = { key, call, attempt, step, outcome, worker, startedAt, durationMs, queuedMs, error };
    const written = attempts.record(runId, row).catch(() => undefined);
    await Promise.race([written, delay(waitMs, undefined, { ref: false })]);
  };
}

function errorOf({ type, message, details }: ApplicationFailure): Json {
  const { remedy, data } = (details?.[0] ?? {}) as FailureDetails;
  return {
    code: type ?? 'Error',
    message,
    ...(remedy !== undefined && { remedy }),
    ...(data !== undefined && Object.keys(data).length > 0 && { data }),
  };
}
