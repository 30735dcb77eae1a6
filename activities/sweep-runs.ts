/**
 * Finds run rows still `running` whose workflow is not, and closes them with the reason. A run whose workflow is not
 * there may be one that its client is still trying to start, for as long as it rides out an outage of Temporal.
 */
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { SweepRuns } from '../src/model/run-messages.ts';
import type { Store } from '../src/store/store.ts';
import type { CloseRun } from './close-run.ts';

/** Most younger runs will record themselves. */
const OLDER_THAN_MS = 60_000;

export interface SweepAges {
  readonly olderThanMs?: number;
  /** How long after its row was written a client may still start a run's workflow. */
  readonly startableMs: number;
}

export function createSweepRuns(
  runs: Pick<Store['runs'], 'unfinished'>,
  closeRun: CloseRun,
  client: Client,
  { olderThanMs = OLDER_THAN_MS, startableMs }: SweepAges,
): SweepRuns {
  return async () => {
    let closed = 0;
    const givenUp = new Set((await runs.unfinished(startableMs)).map(({ runId }) => runId));
    for (const { runId } of await runs.unfinished(olderThanMs)) {
      const status = await statusOf(client, runId);
      // A workflow that still runs records itself.
      if (RUNS.has(status)) continue;
      if (status === NOT_FOUND && !givenUp.has(runId)) continue;
      const how = status.toLowerCase().replaceAll('_', ' ');
      const outcome = status === 'CANCELLED' ? 'cancelled' : 'failed';
      if (await closeRun(runId, outcome, `the workflow ended without a record: ${how}`)) closed += 1;
    }
    return { closed };
  };
}

const NOT_FOUND = 'NOT_FOUND';
const RUNS: ReadonlySet<string> = new Set(['RUNNING', 'PAUSED']);

/** `NOT_FOUND` where Temporal has none of this id. */
async function statusOf(client: Client, workflowId: string): Promise<string> {
  try {
    return (await client.workflow.getHandle(workflowId).describe()).status.name;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return NOT_FOUND;
    throw error;
  }
}

/** Whether Temporal has a workflow of this id that has not ended. */
export const isRunning = async (client: Client, workflowId: string): Promise<boolean> =>
  RUNS.has(await statusOf(client, workflowId));
