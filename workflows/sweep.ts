/**
 * The sweeper: closes the rows of runs whose workflow was terminated or timed out, since such a workflow can record
 * nothing itself. One long-lived workflow per namespace; it starts anew after a while so that its history stays short.
 */
import { continueAsNew, proxyActivities, sleep } from '@temporalio/workflow';
import type { SweepRuns } from './messages.ts';

const { sweepRuns } = proxyActivities<{ sweepRuns: SweepRuns }>({
  startToCloseTimeout: '1 minute',
  retry: { initialInterval: '1 second', maximumInterval: '1 minute' },
});

const INTERVAL = '1 minute';
const ROUNDS_PER_EXECUTION = 200;

export async function sweep(): Promise<void> {
  for (let round = 0; round < ROUNDS_PER_EXECUTION; round++) {
    await sleep(INTERVAL);
    await sweepRuns();
  }
  await continueAsNew<typeof sweep>();
}
