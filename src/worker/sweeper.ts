/** Starts the sweeper where none runs; every worker asks for it, and the first one gets it. */
import type { Client } from '@temporalio/client';
import { SWEEP_WORKFLOW } from '../model/run-messages.ts';

const SWEEPER_ID = 'sluice-sweeper';

export async function ensureSweeper(client: Client, taskQueue: string): Promise<void> {
  await client.workflow.start(SWEEP_WORKFLOW, {
    workflowId: `${SWEEPER_ID}-${taskQueue}`,
    workflowIdConflictPolicy: 'USE_EXISTING',
    taskQueue,
    staticSummary: 'closes the rows of runs whose workflow was ended from outside',
  });
}
