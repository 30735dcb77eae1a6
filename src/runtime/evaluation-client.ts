/**
 * Starts evaluations and follows them. What is asked is written to the store first, so that an evaluation can be gone on
 * with whatever becomes of Temporal: what is stored is not done again.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type Client, WorkflowFailedError, type WorkflowHandle, WorkflowNotFoundError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import {
  EVALUATE_WORKFLOW,
  type EvaluateInput,
  PAUSE_UPDATE,
  RESUME_UPDATE,
} from '../../workflows/evaluate-messages.ts';
import { ATTRIBUTES } from '../../workflows/messages.ts';
import { SluiceError } from '../errors.ts';
import type { EvaluationProgress, EvaluationState } from '../evaluation/result.ts';
import { scorerPlans } from '../evaluation/scorer-plans.ts';
import type { EvaluationSpec } from '../evaluation/spec.ts';
import { planId } from '../plan/id.ts';
import type { Json, Plan } from '../plan/plan.ts';
import type { EvaluationRow } from '../store/evaluations.ts';
import type { Store } from '../store/store.ts';
import { type OnOutage, ridingThrough } from './outage.ts';

const POLL_MS = 250;
const OUTAGE_LIMIT_MS = 120_000;
const NAME_DIGITS = 8;
/** In which an evaluation is under way, or may be gone on with by its workflow. */
const OPEN: ReadonlySet<EvaluationState> = new Set(['begun', 'running', 'paused']);

export interface NewEvaluationRequest {
  /** Without plan ids: those of `plans`, in their order. */
  readonly spec: EvaluationSpec;
  readonly plans: readonly Plan[];
  /** Null: no limit. */
  readonly budgetUsd: number | null;
  readonly startedBy: string;
  /** Code that changed under an unchanged version is taken for the step's own. */
  readonly acceptChanged?: boolean;
}

export interface FollowOptions {
  readonly onProgress?: (progress: EvaluationProgress, state: EvaluationState) => void;
  /** Stops following; the evaluation goes on. */
  readonly signal?: AbortSignal;
  readonly onOutage?: OnOutage;
}

export interface EvaluationClient {
  /** @throws SluiceError `step_unregistered`, `no_worker`, `key_missing` where a variant, or a scorer, could not be run */
  startEvaluation(request: NewEvaluationRequest): Promise<EvaluationRow>;
  /**
   * Resolves when the evaluation has ended, however it has.
   *
   * @throws SluiceError what it failed with, such as `registration_tampered`, `step_changed`, `final_used`
   */
  followEvaluation(evaluationId: string, options?: FollowOptions): Promise<EvaluationRow>;
  pauseEvaluation(evaluationId: string): Promise<void>;
  /**
   * Goes on with what is paused, stopped, cancelled, partial or lost; a budget given takes the place of the old one.
   *
   * @throws SluiceError `evaluation_completed`
   */
  resumeEvaluation(
    evaluationId: string,
    options?: { readonly budgetUsd?: number; readonly acceptChanged?: boolean },
  ): Promise<EvaluationRow>;
  /** What is under way is given up within seconds; results stay. */
  cancelEvaluation(evaluationId: string): Promise<void>;
}

interface EvaluationDependencies {
  readonly temporal: Client;
  readonly store: Store;
  readonly queues: { readonly control: string; readonly eval: string };
  /** Chunks of one history; default: the workflow's own. */
  readonly chunksPerHistory?: number;
  /** Whether a plan could be run now. */
  readonly check: (plan: Plan) => Promise<void>;
}

export function createEvaluationClient(dependencies: EvaluationDependencies): EvaluationClient {
  const { temporal, store, queues, chunksPerHistory, check } = dependencies;
  const { evaluations } = store;
  const handleOf = (evaluationId: string) => temporal.workflow.getHandle(evaluationId);

  async function launch({ evaluationId, spec }: EvaluationRow, acceptChanged: boolean): Promise<void> {
    const input: EvaluateInput = {
      evaluationId,
      queue: queues.eval,
      ...(chunksPerHistory !== undefined && { chunksPerHistory }),
      ...(acceptChanged && { acceptChanged }),
    };
    await ridingThrough(OUTAGE_LIMIT_MS, () =>
      temporal.workflow.start(EVALUATE_WORKFLOW, {
        workflowId: evaluationId,
        taskQueue: queues.control,
        args: [input],
        workflowIdConflictPolicy: 'USE_EXISTING',
        staticSummary: `${spec.name}: ${spec.variants.map(({ name }) => name).join(', ')} on ${spec.dataset.name}`,
        searchAttributes: { [ATTRIBUTES.pipeline]: [spec.pipeline] },
      }),
    );
  }

  return {
    async startEvaluation({ spec, plans, budgetUsd, startedBy, acceptChanged = false }) {
      for (const plan of [...plans, ...scorerPlans(spec)]) await check(plan);
      for (const plan of plans) await store.plans.put(planId(plan), plan);
      const evaluationId = `eval-${spec.name}-${randomUUID().slice(0, NAME_DIGITS)}`;
      const row = await evaluations.create({ evaluationId, spec, budgetUsd, startedBy });
      await launch(row, acceptChanged);
      return row;
    },
    followEvaluation: (evaluationId, options = {}) => follow(handleOf(evaluationId), store, options),
    async pauseEvaluation(evaluationId) {
      await underWay(evaluationId, () => handleOf(evaluationId).executeUpdate(PAUSE_UPDATE));
      await evaluations.setState(evaluationId, 'paused');
    },
    async resumeEvaluation(evaluationId, { budgetUsd, acceptChanged = false } = {}) {
      const row = await evaluations.get(evaluationId);
      if (row.state === 'completed') throw completed(evaluationId);
      if (budgetUsd !== undefined) await evaluations.setBudget(row.evaluationId, budgetUsd);
      await evaluations.setState(row.evaluationId, 'running');
      if (row.state === 'paused' && (await resumed(handleOf(row.evaluationId)))) return row;
      await launch(row, acceptChanged);
      return evaluations.get(row.evaluationId);
    },
    async cancelEvaluation(evaluationId) {
      await underWay(evaluationId, () => handleOf(evaluationId).cancel());
    },
  };
}

/** Whether there was a workflow to resume: Temporal may have lost it. */
async function resumed(handle: WorkflowHandle): Promise<boolean> {
  try {
    await handle.executeUpdate(RESUME_UPDATE);
    return true;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

async function underWay<T>(evaluationId: string, act: () => Promise<T>): Promise<T> {
  try {
    return await ridingThrough(OUTAGE_LIMIT_MS, act);
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    throw new SluiceError('evaluation_not_running', {
      message: `${evaluationId} is not under way`,
      remedy: `see what became of it: sluice eval status ${evaluationId}`,
      data: { evaluationId },
    });
  }
}

async function follow(handle: WorkflowHandle, store: Store, options: FollowOptions): Promise<EvaluationRow> {
  const { onProgress, signal, onOutage } = options;
  const { workflowId } = handle;
  const done = new AbortController();
  const telling = tell(store, workflowId, onProgress, AbortSignal.any([done.signal, ...(signal ? [signal] : [])]));
  const ended = ridingThrough(OUTAGE_LIMIT_MS, () => handle.result(), onOutage).then(
    () => undefined,
    (error: unknown) => error,
  );
  try {
    const error = await Promise.race([ended, aborted(signal)]);
    const row = await store.evaluations.get(workflowId);
    if (error === undefined || row.state === 'cancelled' || OPEN.has(row.state) === false) {
      if (row.state === 'failed') throw failureOf(error, row);
      return row;
    }
    throw failureOf(error, row);
  } finally {
    done.abort();
    await telling;
  }
}

function aborted(signal: AbortSignal | undefined): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal?.aborted) resolve(undefined);
    signal?.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}

async function tell(
  { evaluations }: Store,
  evaluationId: string,
  onProgress: FollowOptions['onProgress'],
  signal: AbortSignal,
): Promise<void> {
  if (onProgress === undefined) return;
  const look = async () => {
    const { state } = await evaluations.get(evaluationId);
    onProgress(await evaluations.progress(evaluationId), state);
  };
  while (!signal.aborted) {
    await look().catch(() => undefined); // the next one asks again
    await delay(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
  await look().catch(() => undefined);
}

function failureOf(error: unknown, { evaluationId, error: recorded }: EvaluationRow): SluiceError {
  const cause = error instanceof WorkflowFailedError ? error.cause : undefined;
  const details =
    cause instanceof ApplicationFailure
      ? (cause.details?.[0] as { remedy?: string; data?: { readonly [key: string]: Json } } | undefined)
      : undefined;
  const code = (cause instanceof ApplicationFailure ? cause.type : undefined) ?? recorded?.code ?? 'evaluation_ended';
  return new SluiceError(code, {
    message: recorded?.message ?? cause?.message ?? `${evaluationId} ended without a result`,
    remedy: details?.remedy ?? `what was done is kept; go on with: sluice eval resume ${evaluationId}`,
    data: { evaluationId, ...details?.data },
  });
}

const completed = (evaluationId: string): SluiceError =>
  new SluiceError('evaluation_completed', {
    message: `${evaluationId} has all its cells`,
    remedy: `see them: sluice eval compare ${evaluationId}; or begin another: sluice eval run`,
    data: { evaluationId },
  });
