/**
 * Starts evaluations and follows them. What is asked is written to the store first, so that an evaluation can be gone on
 * with whatever becomes of Temporal: what is stored is not done again.
 */
import { randomUUID } from 'node:crypto';
import { SluiceError } from '../base/errors.ts';
import type { RequireSpace } from '../embedded/disk-space.ts';
import { scorerPlans } from '../evaluation/spec-of.ts';
import { EVALUATE_WORKFLOW, type EvaluateInput } from '../model/evaluate-messages.ts';
import type { EvaluationSpec } from '../model/evaluation-spec.ts';
import { ATTRIBUTES } from '../model/run-messages.ts';
import { planId } from '../plan/id.ts';
import type { Plan } from '../plan/plan.ts';
import type { EvaluationRow } from '../store/evaluations.ts';
import { OUTAGE_LIMIT_MS, ridingThrough } from '../temporal/outage.ts';
import type { CheckCatalogue } from './catalogue.ts';
import { type FollowOptions, follow } from './evaluation-follow.ts';
import { cancel, goOn, pause, type SteerDependencies } from './evaluation-steer.ts';

export type { FollowOptions } from './evaluation-follow.ts';

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
