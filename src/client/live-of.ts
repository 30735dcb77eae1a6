/** Which steps of a pipeline are live where, as the store has it. */
import { type LiveStep, liveSteps } from '../experiment/live-steps.ts';
import { planId } from '../plan/id.ts';
import type { Plan } from '../plan/plan.ts';
import type { Store } from '../store/store.ts';

export interface LiveOf {
  /** Null: the definition in code is served. */
  readonly deploymentNo: number | null;
  readonly planId: string;
  readonly steps: readonly LiveStep[];
}

/** @param defined its definition in code, which is served where nothing is deployed */
export async function liveOf(
  { experiments, plans }: Pick<Store, 'experiments' | 'plans'>,
  pipeline: string,
  defined: Plan,
): Promise<LiveOf> {
  const serving = await experiments.serving(pipeline);
  // Nothing is tried on what is not deployed.
  if (serving === undefined)
    return {
      ...{ deploymentNo: null, planId: planId(defined) },
      steps: liveSteps({ plan: defined, holdOut: 0, promoted: [], experiments: [] }),
    };
  const { deployment } = serving;
  const { holdOut, promoted, deploymentNo } = deployment;
  const plan = await plans.get(deployment.planId);
  return {
    ...{ deploymentNo, planId: deployment.planId },
    steps: liveSteps({ plan, holdOut, promoted, experiments: serving.experiments }),
  };
}
