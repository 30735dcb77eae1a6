/**
 * Starts a run's workflow and waits for its answer, in one round trip (Update-with-Start). Both halves carry ids, so the
 * same request made twice, also at once, or again after an outage, is one execution with one answer.
 */

import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import {
  WithStartWorkflowOperation,
  WorkflowNotFoundError,
  type WorkflowOptions,
  WorkflowUpdateFailedError,
} from '@temporalio/client';
import {
  ApplicationFailure,
  CancelledFailure,
  defineSearchAttributeKey,
  TypedSearchAttributes,
  WorkflowExecutionAlreadyStartedError,
} from '@temporalio/common';
import { type CloseRun, type CountRun, createAfterRun } from '../../activities/after-run.ts';
import { SluiceError } from '../base/errors.ts';
import type { Config } from '../config/config.ts';
import type { CarriedAssignment } from '../model/assign.ts';
import {
  ANSWER_UPDATE,
  ATTRIBUTES,
  type FailureData,
  RUN_WORKFLOW,
  type RunInput,
  type RunLimits,
  type SinkAddress,
  withoutNodes,
} from '../model/run-messages.ts';
import { drawPlan } from '../plan/draw.ts';
import { isSameJson, planId, shortId } from '../plan/id.ts';
import type { Json, Plan } from '../plan/plan.ts';
import { workflowInput } from '../plan/skeleton.ts';
import type { DeploymentRow } from '../store/deployments.ts';
import type { RunBudget, RunRow, RunWithNodes } from '../store/runs.ts';
import type { Store } from '../store/store.ts';
import { type OnOutage, ridingThrough, ridingThroughTaskFailures } from '../temporal/outage.ts';
import type { ClientDependencies, Runnable } from './client.ts';

const DAY_MS = 86_400_000;
/** A workflow task that a dead worker had begun is given to another after this long. */
const WORKFLOW_TASK_TIMEOUT = '5 seconds';
/** Serving is 1, evaluation 5. */
const SERVING_PRIORITY = 1;
/** Temporal's limit for a workflow's details is 20,000 bytes. */
const DETAILS_LIMIT = 15_000;

const pipelineAttribute = defineSearchAttributeKey(ATTRIBUTES.pipeline, 'KEYWORD');
const planAttribute = defineSearchAttributeKey(ATTRIBUTES.plan, 'KEYWORD');
const unitAttribute = defineSearchAttributeKey(ATTRIBUTES.unit, 'KEYWORD');
const experimentsAttribute = defineSearchAttributeKey(ATTRIBUTES.experiments, 'KEYWORD_LIST');
const armsAttribute = defineSearchAttributeKey(ATTRIBUTES.arms, 'KEYWORD_LIST');

export interface RunStart {
  readonly runId: string;
  readonly planId: string;
  readonly plan: Plan;
  readonly input: Json;
  /** Where its tokens go; absent where nobody asked for them. */
  readonly sink?: SinkAddress | undefined;
  /** Its deadline is the workflow's to keep; the rest is kept where calls are paid. */
  readonly budget?: RunBudget | null;
  /** What experiments gave it. */
  readonly experiments?: readonly CarriedAssignment[];
  readonly unit?: string | null;
}

/** How a run answered: its output, or why there is none; `closed` when it had ended before it could be asked. */
export type Answer =
  | { readonly kind: 'output'; readonly output: Json }
  | { readonly kind: 'failure'; readonly failure: FailureData }
  | { readonly kind: 'closed' };

export type StartRun = (start: RunStart, onOutage?: OnOutage) => Promise<Answer>;

/** @param workflow which workflow hosts the run; benchmarks name others with the same input and update */
export function createStartRun(dependencies: ClientDependencies, workflow = RUN_WORKFLOW): StartRun {
  const { temporal, config } = dependencies;
  const optionsOf = createOptions(dependencies);
  const attempt = async (start: RunStart): Promise<Json> =>
    temporal.workflow.executeUpdateWithStart<() => Promise<unknown>, Json, []>(ANSWER_UPDATE, {
      updateId: ANSWER_UPDATE,
      startWorkflowOperation: new WithStartWorkflowOperation(workflow, await optionsOf(start)),
    });

  return async (start, onOutage) => {
    try {
      const { runDeadlineMs } = config;
      const ask = () => ridingThroughTaskFailures(start.runId, runDeadlineMs, () => attempt(start));
      const output = await ridingThrough(runDeadlineMs, ask, onOutage);
      return { kind: 'output', output };
    } catch (error) {
      return answerOf(error);
    }
  };
}

/**
 * Makes sure that Temporal has the run, whether or not it is being started at the same time: one call, and the server
 * takes the second start for the first.
 *
 * @throws SluiceError `temporal_unreachable` where it does not answer for `limitMs`
 */
type BeginWorkflow = (start: RunStart, limitMs: number) => Promise<void>;

export function createBeginWorkflow(dependencies: ClientDependencies): BeginWorkflow {
  const { workflow } = dependencies.temporal;
  const optionsOf = createOptions(dependencies);
  return async (start, limitMs) => {
    const options = await optionsOf(start);
    await ridingThrough(limitMs, () => workflow.start(RUN_WORKFLOW, options)).catch((error: unknown) => {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error; // it has ended by now
    });
  };
}

/** How a run's workflow is started, whichever call does it. */
function createOptions({ config, hideUnit }: ClientDependencies) {
  const prepare = createPreparation();
  return async (start: RunStart) => {
    const { plan, details } = prepare(start);
    const { experiments = [], unit } = start;
    const hidden = unit && hideUnit ? await hideUnit(unit) : undefined;
    const run: RunInput = {
      planId: start.planId,
      plan,
      input: start.input,
      limits: limitsOf(config, start.budget),
      ...(start.sink && { sink: start.sink }),
      ...(experiments.length > 0 && { experiments }),
    };
    return {
      workflowId: start.runId,
      workflowIdConflictPolicy: 'USE_EXISTING',
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      taskQueue: config.queues.run,
      args: [run],
      workflowTaskTimeout: WORKFLOW_TASK_TIMEOUT,
      // The walker keeps the deadline; this is for a run whose record cannot be written for a day.
      workflowExecutionTimeout: config.runDeadlineMs + DAY_MS,
      priority: { priorityKey: SERVING_PRIORITY },
      staticSummary: `${start.plan.pipeline} · plan ${shortId(start.planId)}`,
      staticDetails: details,
      typedSearchAttributes: new TypedSearchAttributes([
        { key: pipelineAttribute, value: start.plan.pipeline },
        { key: planAttribute, value: shortId(start.planId) },
        ...(hidden === undefined ? [] : [{ key: unitAttribute, value: hidden }]),
        ...armsOf(experiments),
      ]),
      ...(experiments.length > 0 && { memo: { experiments: experiments.map(shown) } }),
    } satisfies WorkflowOptions & { args: unknown };
  };
}

/** What runs can be found by: `rerank-v2`, and `rerank-v2:wide`. */
function armsOf(experiments: readonly CarriedAssignment[]) {
  if (experiments.length === 0) return [];
  return [
    { key: experimentsAttribute, value: experiments.map(({ experiment }) => experiment) },
    { key: armsAttribute, value: experiments.map(({ experiment, arm }) => `${experiment}:${arm}`) },
  ];
}

/** What the Temporal UI shows in addition: neither the unit, nor where the arms differ. */
function shown({ unit: _, nodes: __, armIndex: ___, ...rest }: CarriedAssignment) {
  return rest;
}

/** A budget may shorten the deadline that every run has, not lengthen it. */
function limitsOf(config: Config, budget: RunBudget | null | undefined): RunLimits {
  const [deadlineMs, queueMs] = [budget?.deadlineMs ?? Number.POSITIVE_INFINITY, config.queueLimitMs];
  if (deadlineMs >= config.runDeadlineMs) return { deadlineMs: config.runDeadlineMs, queueMs };
  return { deadlineMs, queueMs, isBudget: true };
}

function answerOf(error: unknown): Answer {
  if (error instanceof WorkflowExecutionAlreadyStartedError || error instanceof WorkflowNotFoundError)
    return { kind: 'closed' };
  if (!(error instanceof WorkflowUpdateFailedError)) throw error;
  const { cause } = error;
  const isOurs = cause instanceof ApplicationFailure || cause instanceof CancelledFailure;
  const failure = isOurs ? (cause.details?.[0] as FailureData | undefined) : undefined;
  // No failure of ours: the workflow was closed from outside while it was being asked.
  return failure === undefined ? { kind: 'closed' } : { kind: 'failure', failure };
}

/** What is made once of each plan, however many runs it has. Plans are frozen, so they are their own keys. */
function createPreparation() {
  const prepared = new WeakMap<Plan, { readonly plan: Plan; readonly details: string }>();
  return ({ plan }: RunStart) => {
    const known = prepared.get(plan);
    if (known) return known;
    const picture = `\`\`\`mermaid\n${drawPlan(plan)}\n\`\`\``;
    const details =
      picture.length <= DETAILS_LIMIT ? picture : `${plan.pipeline}: its picture is too large to show here`;
    const made = { plan: workflowInput(plan), details };
    prepared.set(plan, made);
    return made;
  };
}

/** How a run begins: its plan and row are stored before its workflow starts, so a repeated request finds them. */
export function runIdOf(pipeline: string, idempotencyKey: string | undefined): string {
  if (idempotencyKey === undefined) return `run-${randomUUID()}`;
  return `run-${createHash('sha256').update(`${pipeline}\0${idempotencyKey}`).digest('hex').slice(0, 32)}`;
}

/** Stores each plan once per process; returns its id. One that no workflow could be given is refused. */
export function createRegistration(store: Store): (plan: Plan) => Promise<string> {
  const ids = new WeakMap<Plan, Promise<string>>();
  const register = async (plan: Plan) => {
    workflowInput(plan);
    const id = planId(plan);
    await store.plans.put(id, plan);
    return id;
  };
  return (plan) => {
    const known = ids.get(plan) ?? register(plan);
    ids.set(plan, known);
    known.catch(() => ids.delete(plan));
    return known;
  };
}

/** Whether an earlier request has begun the run. */
export function isBegun({ runs }: Store, runId: string): Promise<boolean> {
  return runs.get(runId).then(
    () => true,
    (error: unknown) => {
      if (error instanceof SluiceError && error.code === 'run_unknown') return false;
      throw error;
    },
  );
}

interface Begin {
  readonly runId: string;
  readonly planId: string;
  readonly pipeline: Runnable;
  readonly input: Json;
  readonly budget: RunBudget | null;
  /** As the request has it, before the settings complete it. */
  readonly askedBudget: RunBudget | null;
  readonly idempotencyKey: string | null;
  readonly owner: string | null;
}

/** Writes the run's row, or finds the one that the same idempotency key made: that one's plan and arms then hold. */
export async function beginRun(store: Store, begin: Begin): Promise<{ row: RunRow; plan: Plan }> {
  const { pipeline, planId, input, idempotencyKey, owner, askedBudget } = begin;
  const { plan, served } = pipeline;
  const assignments = served?.assignments ?? [];
  const { created, run: row } = await store.runs.begin({
    ...{ runId: begin.runId, pipeline: plan.pipeline, planId, idempotencyKey, input, budget: begin.budget, owner },
    variant: (pipeline.variantOf !== undefined && pipeline.name) || null,
    arms: Object.fromEntries(assignments.map(({ experiment, arm }) => [experiment, arm])),
    unit: served?.unit ?? null,
    request: { budget: askedBudget, isUnitGiven: served?.isUnitGiven ?? false },
    assignments: assignments.length === 0 ? null : assignments,
  });
  if (created) return { row, plan };
  if (row.contentRemovedAt !== null)
    throw new SluiceError('content_removed', {
      message: `idempotency key '${idempotencyKey}' was used before, and what that run was asked and gave is removed`,
      remedy: 'use another key to ask again',
      data: { runId: row.runId },
    });
  const other = differenceTo(row, begin);
  if (other !== undefined)
    throw new SluiceError('idempotency_conflict', {
      message: `idempotency key '${idempotencyKey}' was used before with another ${other}`,
      remedy: 'use one key per request; the same key only to repeat that request',
      data: { runId: row.runId },
    });
  return { row, plan: row.planId === planId ? plan : ((await store.plans.get(row.planId)) ?? plan) };
}

/** What of a request is not as in the request that made the run. */
function differenceTo(row: RunRow, { input, pipeline: { served }, askedBudget }: Begin): string | undefined {
  if (!isSameJson(row.input, input)) return 'input';
  const unit = served?.isUnitGiven ? served.unit : null;
  if (row.request === null) return differenceToOld(row, unit, askedBudget);
  if ((row.request.isUnitGiven ? row.unit : null) !== unit) return 'unit';
  return isSameJson(asJson(row.request.budget), asJson(askedBudget)) ? undefined : 'budget';
}

/** A run from before requests were kept, completed and perhaps without its unit: only what the request names is compared. */
function differenceToOld(row: RunRow, unit: string | null, askedBudget: RunBudget | null): string | undefined {
  if (unit !== null && row.unit !== null && row.unit !== unit) return 'unit';
  return isSameJson(asJson({ ...row.budget, ...askedBudget }), asJson({ ...row.budget })) ? undefined : 'budget';
}

const asJson = (budget: RunBudget | null): Json => (budget === null ? null : { ...budget });

/** The run with its record; a run that was closed from outside has none, and is closed here with that as its reason. */
export async function recordedRun(store: Store, closeRun: CloseRun, runId: string): Promise<RunWithNodes> {
  const run = await store.runs.get(runId);
  if (run.state !== 'running') return run;
  await closeRun(runId, 'failed', 'the workflow was closed from outside before it was recorded');
  return store.runs.get(runId);
}

/** Cancels a run whose start may still be under way: a cancellation that comes too soon must not be lost. */
const PAUSE_MS = 50;

/**
 * Asks for the cancellation until the server takes it, or the run is over.
 *
 * @param limitMs how long an outage of the server is waited for
 */
export async function cancelRun(
  handle: { cancel(): Promise<unknown> },
  limitMs: number,
  isOver: () => boolean,
): Promise<void> {
  while (!isOver()) {
    try {
      await ridingThrough(limitMs, () => handle.cancel());
      return;
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
    await delay(PAUSE_MS);
  }
}

/**
 * Requests whose arm no worker can run, while what is deployed could be: the variant's workers are gone. The caller
 * gets the error, and the request counts as a failed run of its arms. Otherwise a variant that no worker can run would have
 * no failures, and its breaker would never trip.
 */
export interface RefusalDependencies {
  readonly store: Store;
  readonly register: (plan: Plan) => Promise<string>;
  /** Whether a plan could be run now. */
  readonly check: (plan: Plan) => Promise<void>;
  readonly countRun: CountRun;
}

/** What `serve` gave, or anything else that a run may be of. */
type ServedPipeline = Runnable & { readonly deployment?: DeploymentRow | null };

/** Throws the error that it is given, when what it means for experiments is kept. */
export type Refuse = (pipeline: ServedPipeline, input: Json, error: unknown) => Promise<never>;

export function createRefuse({ store, register, check, countRun }: RefusalDependencies): Refuse {
  const follow = createAfterRun({ store, countRun, outputsOf: async () => [] });

  async function isVariantsFault(planId: string): Promise<boolean> {
    return check(await store.plans.get(planId)).then(
      () => true,
      () => false,
    );
  }
  async function count({ plan, served }: InExperiments, input: Json, { code, message }: SluiceError): Promise<void> {
    const runId = `run-${randomUUID()}`; // not of its idempotency key: a request that is repeated may have more luck
    await store.runs.begin({
      ...{ runId, pipeline: plan.pipeline, planId: await register(plan), idempotencyKey: null, input },
      arms: Object.fromEntries(served.assignments.map(({ experiment, arm }) => [experiment, arm])),
      ...{ unit: served.unit, assignments: served.assignments },
    });
    const error: FailureData = { code, message };
    await store.runs.close(runId, 'failed', { ...error });
    await follow(runId, { assigned: served.assignments.map(withoutNodes) });
  }

  return async (pipeline, input, error) => {
    const isOfWorkers = error instanceof SluiceError && OF_WORKERS.has(error.code);
    if (isOfWorkers && isInExperiments(pipeline) && (await isVariantsFault(pipeline.deployment.planId)))
      await count(pipeline, input, error).catch(() => undefined); // the caller gets the first error, not this one
    throw error;
  };
}

const OF_WORKERS: ReadonlySet<string> = new Set(['no_worker', 'step_unregistered', 'key_missing']);

type InExperiments = Runnable & Required<Pick<ServedPipeline, 'served'>> & { readonly deployment: DeploymentRow };

function isInExperiments(pipeline: ServedPipeline): pipeline is InExperiments {
  return Boolean(pipeline.deployment) && (pipeline.served?.assignments.length ?? 0) > 0;
}
