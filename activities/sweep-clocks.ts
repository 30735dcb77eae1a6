/**
 * Starts the workflows of live experiments anew where Temporal has none that runs: one whose start was cut short, that was
 * terminated, or whose server was replaced. Its arms are served by what the store says, and without its workflow nobody
 * would look at them, and no breaker could end it.
 */
import type { Client } from '@temporalio/client';
import { phaseOf } from '../src/experiment/live/standing.ts';
import { EXPERIMENT_WORKFLOW_PREFIX, ROLLOUT_WORKFLOW_PREFIX } from '../src/model/experiment-messages.ts';
import type { ExperimentRow, Experiments } from '../src/store/experiments.ts';
import { isRunning } from './sweep-runs.ts';

/** Far more than anybody has at once. */
const MOST_LIVE = 1_000;

/** @param start starts the workflow that an experiment needs; one that runs already is the one */
export function createSweepClocks(
  experiments: Pick<Experiments, 'list'>,
  client: Client,
  start: (row: ExperimentRow) => Promise<void>,
): () => Promise<void> {
  return async () => {
    for (const row of await experiments.list({ live: true, limit: MOST_LIVE })) {
      const prefix = phaseOf(row) === 'experiment' ? EXPERIMENT_WORKFLOW_PREFIX : ROLLOUT_WORKFLOW_PREFIX;
      if (!(await isRunning(client, prefix + row.experimentId))) await start(row);
    }
  };
}
