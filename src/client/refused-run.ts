/**
 * Requests whose arm no worker can run, while what is deployed could be: the variant's workers are gone. They are told so,
 * and count as failed runs of their arms. Else a variant that nobody can run would stand there without a failure, and its
 * breaker would never trip.
 */
import { randomUUID } from 'node:crypto';
import type { CountRun } from '../../activities/count-run.ts';
import { createFollowRun } from '../../activities/follow-run.ts';
import { SluiceError } from '../base/errors.ts';
import { withoutNodes } from '../model/reached.ts';
import type { FailureData } from '../model/run-messages.ts';
import type { Json, Plan } from '../plan/plan.ts';
import type { DeploymentRow } from '../store/deployments.ts';
import type { Store } from '../store/store.ts';
import type { Runnable } from './client.ts';

export interface RefusalDependencies {
  readonly store: Store;
  readonly register: (plan: Plan) => Promise<string>;
  /** Whether a plan could be run now. */
  readonly check: (plan: Plan) => Promise<void>;
  readonly countRun: CountRun;
}

/** What `serve` gave, or anything else that a run may be of. */
type Asked = Runnable & { readonly deployment?: DeploymentRow | null };

/** Throws the error that it is given, when what it means for experiments is kept. */
export type Refuse = (pipeline: Asked, input: Json, error: unknown) => Promise<never>;

export function createRefuse({ store, register, check, countRun }: RefusalDependencies): Refuse {
  const follow = createFollowRun({ store, countRun, outputsOf: async () => [] });

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
      await count(pipeline, input, error).catch(() => undefined); // whoever asks is told of the one, and not of the other
    throw error;
  };
}

const OF_WORKERS: ReadonlySet<string> = new Set(['no_worker', 'step_unregistered', 'key_missing']);

type InExperiments = Runnable & Required<Pick<Asked, 'served'>> & { readonly deployment: DeploymentRow };

function isInExperiments(pipeline: Asked): pipeline is InExperiments {
  return Boolean(pipeline.deployment) && (pipeline.served?.assignments.length ?? 0) > 0;
}
