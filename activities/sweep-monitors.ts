/**
 * Starts the workflows of monitors anew where Temporal has none that runs: one whose start was cut short, that was terminated,
 * or whose server was replaced. Without it runs would be sampled and never scored.
 */
import type { Client } from '@temporalio/client';
import { monitorWorkflowId } from '../src/model/monitor-messages.ts';
import type { MonitorRow, Monitors } from '../src/store/monitors.ts';
import { isRunning } from './sweep-runs.ts';

/** Far more than anybody has at once. */
const MOST_RUNNING = 1_000;

/** @param start starts the workflow that a monitor needs; one that runs already is the one */
export function createSweepMonitors(
  monitors: Pick<Monitors, 'list'>,
  client: Client,
  start: (row: MonitorRow) => Promise<void>,
): () => Promise<void> {
  return async () => {
    for (const row of await monitors.list({ running: true, limit: MOST_RUNNING }))
      if (!(await isRunning(client, monitorWorkflowId(row.monitorId, row.starts)))) await start(row);
  };
}
