/** Finds run rows still `running` whose workflow is not, and closes them with the reason. */
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { Store } from '../src/store/store.ts';
import type { FailureData, SweepRuns } from '../workflows/messages.ts';

/** Younger rows may belong to a workflow that is just being started. */
const OLDER_THAN_MS = 60_000;

export function createSweepRuns(runs: Store['runs'], client: Client, olderThanMs = OLDER_THAN_MS): SweepRuns {
  return async () => {
    let closed = 0;
    for (const { runId } of await runs.unfinished(olderThanMs)) {
      const status = await statusOf(client, runId);
      // A workflow that still runs records itself.
      if (status === 'RUNNING' || status === 'PAUSED') continue;
      const how = status.toLowerCase().replaceAll('_', ' ');
      const error: FailureData = { code: 'terminated', message: `the workflow ended without a record: ${how}` };
      await runs.close(runId, status === 'CANCELLED' ? 'cancelled' : 'failed', { ...error });
      closed += 1;
    }
    return { closed };
  };
}

async function statusOf(client: Client, workflowId: string): Promise<string> {
  try {
    return (await client.workflow.getHandle(workflowId).describe()).status.name;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return 'NOT_FOUND';
    throw error;
  }
}
