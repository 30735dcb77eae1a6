/**
 * Starts a run's workflow and waits for its answer, in one round trip (Update-with-Start). Both halves carry ids, so the
 * same request made twice, also at once, or again after an outage, is one execution with one answer.
 */
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
import type { Config } from '../config/config.ts';
import type { CarriedAssignment } from '../model/assignment.ts';
import {
  ANSWER_UPDATE,
  ATTRIBUTES,
  type FailureData,
  RUN_WORKFLOW,
  type RunInput,
  type RunLimits,
  type SinkAddress,
} from '../model/run-messages.ts';
import { drawPlan } from '../plan/draw.ts';
import { shortId } from '../plan/id.ts';
import type { Json, Plan } from '../plan/plan.ts';
import { workflowInput } from '../plan/skeleton.ts';
import type { RunBudget } from '../store/runs.ts';
import { type OnOutage, ridingThrough, ridingThroughTaskFailures } from '../temporal/outage.ts';
import type { ClientDependencies } from './client.ts';

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

/** What the Temporal UI shows beside: neither whom it is for, nor where the arms differ. */
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
