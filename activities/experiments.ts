/**
 * The activities of the experiment and rollout workflows. Each may be repeated after a crash, a timeout or a lost
 * answer: analyses are identified by number, and changes of state are guarded by the previous state.
 */

import { steer } from '../src/experiment/steer.ts';
import {
  type AnalysisDependencies,
  actOnLook,
  finishRollout,
  lifecycleStatus,
  rampRollout,
  takeAnalysis,
} from '../src/experiment/take-analysis.ts';
import type { ExperimentActivities } from '../src/model/experiment-messages.ts';
import type { Store } from '../src/store/store.ts';
import { asActivity, BEAT_MS } from './as-activity.ts';

export interface ExperimentDependencies extends Omit<AnalysisDependencies, 'store' | 'now'> {
  readonly store: Pick<Store, 'experiments' | 'outcomes' | 'ledger' | 'plans' | 'indexes' | 'deployments'>;
  /** Default: this process's clock. */
  readonly now?: () => number;
}

export function createExperimentActivities({
  store,
  version,
  now = Date.now,
}: ExperimentDependencies): Omit<ExperimentActivities, 'scoreRuns'> {
  const { experiments } = store;
  return {
    lookAtExperiment: (request) => asActivity(BEAT_MS, () => takeAnalysis({ store, now, version }, request)),
    actOnLook: (look) => asActivity(BEAT_MS, () => actOnLook(experiments, look)),
    steerExperiment: ({ experimentId, ...said }) =>
      asActivity(BEAT_MS, async () => lifecycleStatus(await steer(experiments, experimentId, said))),
    rampRollout: (request) => asActivity(BEAT_MS, () => rampRollout(store, request)),
    finishRollout: ({ experimentId }) => asActivity(BEAT_MS, () => finishRollout(store, experimentId)),
  };
}
