/**
 * The sweeper: closes the rows of runs whose workflow was terminated or timed out, since such a workflow can record
 * nothing itself. One long-lived workflow per namespace; it starts anew after a while so that its history stays short.
 */
import { continueAsNew, proxyActivities, sleep } from '@temporalio/workflow';
import type { SweepRuns, SweepSettings } from '../src/model/run-messages.ts';

const { sweepRuns } = proxyActivities<{ sweepRuns: SweepRuns }>({
  startToCloseTimeout: '1 minute',
  retry: { initialInterval: '1 second', maximumInterval: '1 minute' },
});

/** A round adds eleven events: well within the 4,096 at which a history counts as long. */
const USUAL: SweepSettings = { intervalMs: 60_000, rounds: 200 };

export async function sweep(settings: SweepSettings = USUAL): Promise<void> {
  for (let round = 0; round < settings.rounds; round++) {
    await sleep(settings.intervalMs);
    await sweepRuns();
  }
  await continueAsNew<typeof sweep>(settings);
}
