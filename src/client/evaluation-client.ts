/**
 * Starts evaluations and follows them. What is asked is written to the store first, so that an evaluation can continue even
 * if Temporal loses its state: stored results are not computed again.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type Client,
  WorkflowFailedError,
  type WorkflowHandle,
  WorkflowNotFoundError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { SluiceError } from '../base/errors.ts';
import type { RequireSpace } from '../embedded/disk-space.ts';
import { endEvaluation } from '../evaluation/begin.ts';
import { scorerPlans } from '../evaluation/spec-of.ts';
import { EVALUATE_WORKFLOW, type EvaluateInput, PAUSE_UPDATE, RESUME_UPDATE } from '../model/evaluate-messages.ts';
import { type EvaluationProgress, type EvaluationState, isUnfinished } from '../model/evaluation-result.ts';
import type { EvaluationSpec } from '../model/evaluation-spec.ts';
import { ATTRIBUTES } from '../model/run-messages.ts';
import { planId } from '../plan/id.ts';
import type { Json, Plan } from '../plan/plan.ts';
import type { EvaluationRow } from '../store/evaluations.ts';
import type { Store } from '../store/store.ts';
import { type OnOutage, OUTAGE_LIMIT_MS, ridingThrough } from '../temporal/outage.ts';
import type { CheckCatalogue } from './catalogue.ts';

const NAME_DIGITS = 8;
/** Chunks under way: as many as some workers can take, and few enough that a cancelled evaluation is over soon. */
const CHUNKS_AT_ONCE = 50;

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

/** Each takes a unique prefix of an id, too. */
export interface EvaluationClient {
  /** @throws SluiceError `step_unregistered`, `no_worker`, `key_missing` where a variant, or a scorer, could not be run; `disk_full` */
  startEvaluation(request: NewEvaluationRequest): Promise<EvaluationRow>;
  /**
   * Resolves when the evaluation has ended, however it has.
   *
   * @throws SluiceError what it failed with, such as `registration_tampered`, `step_changed`, `final_used`
   */
  followEvaluation(evaluationId: string, options?: FollowOptions): Promise<EvaluationRow>;
  /** @throws SluiceError `evaluation_not_running`, `evaluation_unanswered` where no worker hears it */
  pauseEvaluation(evaluationId: string): Promise<void>;
  /**
   * Goes on with what is paused, stopped, cancelled, partial or lost, and once it has ended with what is about to; a budget
   * given takes the place of the old one.
   *
   * @throws SluiceError `evaluation_completed`, `evaluation_unanswered`, `evaluation_ending`, `disk_full`
   */
  resumeEvaluation(
    evaluationId: string,
    options?: { readonly budgetUsd?: number; readonly acceptChanged?: boolean },
  ): Promise<EvaluationRow>;
  /** What is under way is given up within seconds; results stay. @throws SluiceError `evaluation_not_running` */
  cancelEvaluation(evaluationId: string): Promise<void>;
}

interface EvaluationDependencies extends SteerDependencies {
  readonly queues: { readonly control: string; readonly eval: string };
  /** Chunks of one history; default: the workflow's own. */
  readonly chunksPerHistory?: number;
  /** Whether a plan could be run now. */
  readonly check: CheckCatalogue;
  /** As in `ClientDependencies`. */
  readonly requireSpace?: RequireSpace;
}

export function createEvaluationClient(dependencies: EvaluationDependencies): EvaluationClient {
  const { temporal, store, queues, chunksPerHistory, check, requireSpace } = dependencies;
  const { evaluations } = store;

  async function launch({ evaluationId, spec }: EvaluationRow, acceptChanged: boolean): Promise<void> {
    const input: EvaluateInput = {
      evaluationId,
      queue: queues.eval,
      chunksAtOnce: CHUNKS_AT_ONCE,
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

  /** While it was waited for, it may have got all its cells. */
  async function startAgain({ evaluationId }: EvaluationRow, acceptChanged: boolean): Promise<void> {
    const row = await evaluations.get(evaluationId);
    if (row.state === 'completed') return;
    await evaluations.setState(evaluationId, 'running');
    await launch(row, acceptChanged);
  }

  return {
    async startEvaluation({ spec, plans, budgetUsd, startedBy, acceptChanged = false }) {
      for (const plan of [...plans, ...scorerPlans(spec)]) await check(plan, () => true);
      for (const plan of plans) await store.plans.put(planId(plan), plan);
      const evaluationId = `eval-${spec.name}-${randomUUID().slice(0, NAME_DIGITS)}`;
      const row = await evaluations.create({ evaluationId, spec, budgetUsd, startedBy });
      await launch(row, acceptChanged);
      return row;
    },
    async followEvaluation(evaluationId, options = {}) {
      const row = await evaluations.get(evaluationId);
      return follow(temporal.workflow.getHandle(row.evaluationId), store, options);
    },
    pauseEvaluation: async (evaluationId) => pause(dependencies, await evaluations.get(evaluationId)),
    async resumeEvaluation(evaluationId, { budgetUsd, acceptChanged = false } = {}) {
      const row = await evaluations.get(evaluationId);
      if (row.state === 'completed') throw completed(row.evaluationId);
      await requireSpace?.();
      if (budgetUsd !== undefined) await evaluations.setBudget(row.evaluationId, budgetUsd);
      if (!(await goOn(dependencies, row))) await startAgain(row, acceptChanged);
      return evaluations.get(row.evaluationId);
    },
    cancelEvaluation: async (evaluationId) => cancel(dependencies, await evaluations.get(evaluationId)),
  };
}

const completed = (evaluationId: string): SluiceError =>
  new SluiceError('evaluation_completed', {
    message: `${evaluationId} has all its cells`,
    remedy: `see them: sluice eval compare ${evaluationId}; or begin another: sluice eval run`,
    data: { evaluationId },
  });

/** Following an evaluation to its end, and saying what it ended with. */
const POLL_MS = 250;

export interface FollowOptions {
  readonly onProgress?: (progress: EvaluationProgress, state: EvaluationState) => void;
  /** Stops following; the evaluation goes on. */
  readonly signal?: AbortSignal;
  readonly onOutage?: OnOutage;
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
    if (error === undefined || row.state === 'cancelled' || !isUnfinished(row)) {
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

// Steers a running evaluation through its workflow. If the workflow has not begun, is ending, is unknown to Temporal or has
// no worker, the caller gets the reason and never waits forever.

/** How long a worker has to answer: far longer than one that runs needs. */
const ANSWER_LIMIT_MS = 15_000;
/** How long an evaluation that ends may take to it: cancelled chunks, and rows for what was not begun. */
const ENDING_LIMIT_MS = 120_000;

export interface SteerDependencies {
  readonly temporal: Client;
  readonly store: Store;
  /** Default: 15 s. */
  readonly answerLimitMs?: number;
}

/** @throws SluiceError `evaluation_not_running` also where it is ending, `evaluation_unanswered` */
async function pause(dependencies: SteerDependencies, { evaluationId }: EvaluationRow): Promise<void> {
  if ((await ask(dependencies, evaluationId, PAUSE_UPDATE)) !== 'done') throw notRunning(evaluationId);
  // It may have ended meanwhile.
  await dependencies.store.evaluations.moveState(evaluationId, ['begun', 'running'], 'paused');
}

/**
 * Whether its workflow goes on; where it was about to end, it has, and another may be started.
 *
 * @throws SluiceError `evaluation_unanswered`, `evaluation_ending`
 */
async function goOn(dependencies: SteerDependencies, { evaluationId }: EvaluationRow): Promise<boolean> {
  const answer = await ask(dependencies, evaluationId, RESUME_UPDATE);
  if (answer === 'ending') await untilEnded(dependencies, evaluationId);
  if (answer !== 'done') return false;
  await dependencies.store.evaluations.moveState(evaluationId, ['paused'], 'running');
  return true;
}

/** @throws SluiceError `evaluation_not_running` */
async function cancel({ temporal, store }: SteerDependencies, { evaluationId }: EvaluationRow): Promise<void> {
  const handle = temporal.workflow.getHandle(evaluationId);
  if (await isOpen(handle)) return void (await ridingThrough(OUTAGE_LIMIT_MS, () => handle.cancel()));
  const { state } = await store.evaluations.get(evaluationId);
  if (!isUnfinished({ state })) throw notRunning(evaluationId);
  // Temporal has lost it, or somebody has terminated it there: nobody else will end it.
  await endEvaluation(store, { evaluationId, how: 'cancelled', error: null });
}

/** Asked beforehand: to cancel what has ended is no error to Temporal. */
async function isOpen(handle: WorkflowHandle): Promise<boolean> {
  try {
    return (await ridingThrough(OUTAGE_LIMIT_MS, () => handle.describe())).status.name === 'RUNNING';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

type Answer = 'done' | 'ending' | 'none';

/** Says one of the updates to its workflow; `none`: there is no workflow to hear it. */
async function ask(
  { temporal, answerLimitMs = ANSWER_LIMIT_MS }: SteerDependencies,
  evaluationId: string,
  update: typeof PAUSE_UPDATE | typeof RESUME_UPDATE,
): Promise<Answer> {
  const handle = temporal.workflow.getHandle(evaluationId);
  const say = () => temporal.withDeadline(Date.now() + answerLimitMs, () => handle.executeUpdate<boolean, []>(update));
  try {
    const isHeeded = await ridingThrough(OUTAGE_LIMIT_MS, () =>
      say().catch((error: unknown) => {
        // The server was there: it is no outage.
        if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) throw unanswered(evaluationId, answerLimitMs);
        throw error;
      }),
    );
    return isHeeded ? 'done' : 'ending';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return 'none';
    throw error;
  }
}

/** @throws SluiceError `evaluation_ending` */
async function untilEnded({ temporal }: SteerDependencies, evaluationId: string): Promise<void> {
  const late = AbortSignal.timeout(ENDING_LIMIT_MS);
  const handle: WorkflowHandle = temporal.workflow.getHandle(evaluationId);
  try {
    await ridingThrough(OUTAGE_LIMIT_MS, () => temporal.withAbortSignal(late, () => handle.result()));
  } catch (error) {
    // However it has ended; Temporal may even have lost it.
    if (error instanceof WorkflowFailedError || error instanceof WorkflowNotFoundError) return;
    if (!late.aborted) throw error;
    throw new SluiceError('evaluation_ending', {
      message: `${evaluationId} has not ended after ${ENDING_LIMIT_MS / 1_000} s`,
      remedy: `see that a worker runs, and go on with it when it has ended: sluice eval resume ${evaluationId}`,
      data: { evaluationId },
    });
  }
}

const unanswered = (evaluationId: string, limitMs: number): SluiceError =>
  new SluiceError('evaluation_unanswered', {
    message: `no worker has heard what was said to ${evaluationId} within ${limitMs / 1_000} s`,
    remedy: 'start one, and say it again: sluice worker (or sluice dev)',
    data: { evaluationId },
  });

const notRunning = (evaluationId: string): SluiceError =>
  new SluiceError('evaluation_not_running', {
    message: `${evaluationId} is not under way`,
    remedy: `see what became of it: sluice eval status ${evaluationId}`,
    data: { evaluationId },
  });
