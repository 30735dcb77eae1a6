/**
 * What follows from a run that has been recorded: what its nodes gave is kept, shadows and monitors take it in, and its
 * experiments count it. All of it may be done again.
 */
import { enqueueShadows } from '../src/experiment/rerun/enqueue-shadows.ts';
import type { InExperiments } from '../src/model/run-messages.ts';
import { enqueueForMonitors } from '../src/monitor/score-monitor.ts';
import type { NodeOutput } from '../src/store/runs.ts';
import type { Store } from '../src/store/store.ts';
import type { CountRun } from './count-run.ts';

export interface FollowDependencies {
  readonly store: Store;
  readonly countRun: CountRun;
  /** What the nodes of a run gave, by its history. */
  readonly outputsOf: (runId: string) => Promise<readonly NodeOutput[]>;
}

export type FollowRun = (runId: string, experiments: InExperiments | undefined) => Promise<void>;

export function createFollowRun({ store, countRun, outputsOf }: FollowDependencies): FollowRun {
  return async (runId, experiments) => {
    const outputs = await outputsOf(runId);
    await store.runs.recordOutputs(runId, outputs);
    await enqueueShadows(store, { runId });
    await enqueueForMonitors(store, runId);
    if (experiments !== undefined) await countRun(runId, experiments.assigned, outputs);
  };
}
