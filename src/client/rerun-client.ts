/**
 * Starts backtests and shadows, follows and ends them. What is asked is written to the store first; a shadow takes runs in
 * from then on, from any client.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { SluiceError } from '../base/errors.ts';
import type { AnyVariant, WritesHaveDryRun } from '../dsl/edit.ts';
import type { AnyScorer } from '../dsl/scorer.ts';
import { scorerPlans } from '../evaluation/spec-of.ts';
import { mayBeUnrecorded } from '../experiment/rerun/rerun.ts';
import { rerunSpecOf, scorersFor } from '../experiment/rerun/rerun-request.ts';
import { RERUN_WORKFLOW, type RerunInput, type RerunSpec } from '../model/rerun-spec.ts';
import { ATTRIBUTES } from '../model/run-messages.ts';
import type { Plan } from '../plan/plan.ts';
import type { RerunProgress, RerunRow } from '../store/reruns.ts';
import type { Store } from '../store/store.ts';
import { type OnOutage, OUTAGE_LIMIT_MS, ridingThrough } from '../temporal/outage.ts';
import type { CheckCatalogue } from './catalogue.ts';
import { scoringQueueOf } from './experiment-clock.ts';

const NAME_DIGITS = 8;
/** Parts of a backtest that workers make side by side. */
const LANES = 4;
const POLL_MS = 250;

export interface NewRerunRequest {
  readonly spec: RerunSpec;
  /** The variant as it is in code: whether it could be run is asked of it. */
  readonly plan: Plan;
  /** Null: no limit. */
  readonly budgetUsd: number | null;
  readonly startedBy: string;
  /** Of a backtest: the runs. Of a shadow: the part of the runs to come. */
  readonly of: { readonly runIds: readonly string[] } | { readonly share: number };
}

export interface FollowRerunOptions {
  readonly onProgress?: (progress: RerunProgress) => void;
  /** Stops following; it goes on. */
  readonly signal?: AbortSignal;
  readonly onOutage?: OnOutage;
}

export interface ShadowOptions {
  /** The part of the runs that is repeated, above 0 and at most 1. */
  readonly share: number;
  /** What scores both sides; default: nothing. Those that need an expected answer are left out. */
  readonly scorers?: readonly AnyScorer[];
  /** Default: no limit. */
  readonly budgetUsd?: number;
  readonly by: string;
}

/** Each takes a unique prefix of an id, too. */
export interface RerunClient {
  /**
   * Repeats a share of the live runs of a variant's pipeline under it, from now on; nobody is shown the answers. The compiler
   * refuses a pipeline in which a step writes and has no dry run.
   *
   * @throws SluiceError as `startRerun`
   */
  startShadow<V extends AnyVariant>(variant: V & WritesHaveDryRun<V>, options: ShadowOptions): Promise<RerunRow>;
  /** @throws SluiceError `runs_none`, `share_invalid`; `step_unregistered`, `no_worker`, `key_missing`, `dry_run_missing` where it could not be run */
  startRerun(request: NewRerunRequest): Promise<RerunRow>;
  /** Resolves when it has ended, however it has. @throws SluiceError what it failed with */
  followRerun(rerunId: string, options?: FollowRerunOptions): Promise<RerunRow>;
  /** Ends a shadow, or a backtest before its time: what has come of it stays. @throws SluiceError `rerun_ended` */
  stopRerun(rerunId: string): Promise<RerunRow>;
}

interface RerunDependencies {
  readonly temporal: Client;
  readonly store: Store;
  readonly queues: { readonly control: string; readonly eval: string };
  /** Whether a plan could be run now. */
  readonly check: CheckCatalogue;
}

export function createRerunClient({ temporal, store, queues, check }: RerunDependencies): RerunClient {
  const { reruns } = store;
  const client: RerunClient = {
    startShadow(variant: AnyVariant, { share, scorers = [], budgetUsd, by }: ShadowOptions) {
      const spec = rerunSpecOf({
        ...{ kind: 'shadow', pipeline: variant.variantOf, variant, scorers: scorersFor(scorers) },
      });
      return client.startRerun({
        spec,
        plan: variant.plan,
        budgetUsd: budgetUsd ?? null,
        startedBy: by,
        of: { share },
      });
    },
    async startRerun({ spec, plan, budgetUsd, startedBy, of }) {
      checkRuns(spec, of);
      await check(plan, mayBeUnrecorded(plan, spec));
      for (const each of scorerPlans(spec)) await check(each, () => true);
      const rerunId = `${spec.kind}-${spec.pipeline}-${randomUUID().slice(0, NAME_DIGITS)}`;
      const [share, runIds] = 'share' in of ? [of.share, []] : [null, of.runIds];
      const row = await reruns.create({ rerunId, spec, share, budgetUsd, startedBy, runIds });
      // A shadow has one lane: its runs come one by one.
      const lanes = 'share' in of ? 1 : Math.min(LANES, runIds.length);
      const input: RerunInput = { rerunId, queue: scoringQueueOf(queues), lanes };
      await ridingThrough(OUTAGE_LIMIT_MS, () =>
        temporal.workflow.start(RERUN_WORKFLOW, {
          ...{
            workflowId: rerunId,
            taskQueue: queues.control,
            args: [input],
            workflowIdConflictPolicy: 'USE_EXISTING',
          },
          staticSummary: `${spec.kind} of ${spec.pipeline} under ${spec.variant}`,
          searchAttributes: { [ATTRIBUTES.pipeline]: [spec.pipeline] },
        }),
      );
      return row;
    },
    async followRerun(idOrPrefix, { onProgress, signal, onOutage } = {}) {
      const { rerunId } = await reruns.get(idOrPrefix);
      const handle = temporal.workflow.getHandle(rerunId);
      let isOver = false;
      const ended = ridingThrough(OUTAGE_LIMIT_MS, () => handle.result(), onOutage)
        .catch(() => undefined) // what it failed with is in its row
        .then(() => {
          isOver = true;
        });
      while (!isOver && !signal?.aborted) {
        onProgress?.(await reruns.progress(rerunId));
        await Promise.race([ended, delay(POLL_MS, undefined, { ...(signal && { signal }) }).catch(() => undefined)]);
      }
      onProgress?.(await reruns.progress(rerunId));
      const row = await reruns.get(rerunId);
      if (row.state === 'failed' || (isOver && row.state === 'running')) throw failed(row);
      return row;
    },
    async stopRerun(idOrPrefix) {
      const { rerunId, state } = await reruns.get(idOrPrefix);
      if (state !== 'running' || !(await reruns.end(rerunId, 'stopped', null))) throw ended(rerunId, state);
      await ridingThrough(OUTAGE_LIMIT_MS, () => temporal.workflow.getHandle(rerunId).cancel()).catch(
        (error: unknown) => {
          if (!(error instanceof WorkflowNotFoundError)) throw error;
        },
      );
      return reruns.get(rerunId);
    },
  };
  return client;
}

function checkRuns({ pipeline }: RerunSpec, of: NewRerunRequest['of']): void {
  if ('share' in of) {
    if (of.share > 0 && of.share <= 1) return;
    throw new SluiceError('share_invalid', {
      message: `a shadow cannot repeat ${of.share} of the runs`,
      remedy: 'give a part above 0, at most 1: --share 0.1',
    });
  }
  if (of.runIds.length > 0) return;
  throw new SluiceError('runs_none', {
    message: `there are no recorded runs of '${pipeline}' to run again`,
    remedy: `make some: sluice ask ${pipeline} QUESTION; or ask for others: --last, --since, --thumb`,
  });
}

const ended = (rerunId: string, state: string): SluiceError =>
  new SluiceError('rerun_ended', {
    message: `${rerunId} has ended before: it is ${state}`,
    remedy: `see what came of it: sluice backtest show ${rerunId}`,
    data: { rerunId, state },
  });

const failed = ({ rerunId, error }: RerunRow): SluiceError =>
  new SluiceError(error?.code ?? 'rerun_lost', {
    message: error?.message ?? `${rerunId} was ended in Temporal before it was done`,
    remedy: `what was done is kept: sluice backtest show ${rerunId}; begin another for the rest`,
    data: { rerunId },
  });
