/** Makes an experiment, or its rollout, look now: a breaker has tripped, and the next look may be minutes away. */
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { EXPERIMENT_WORKFLOW_PREFIX, ROLLOUT_WORKFLOW_PREFIX, WAKE_SIGNAL } from '../model/experiment-messages.ts';

/** Whichever of the two is under way is told; where neither is, nobody is. */
export async function wake(client: Client, experimentId: string): Promise<void> {
  for (const prefix of [EXPERIMENT_WORKFLOW_PREFIX, ROLLOUT_WORKFLOW_PREFIX])
    await client.workflow
      .getHandle(`${prefix}${experimentId}`)
      .signal(WAKE_SIGNAL)
      .catch((error: unknown) => {
        if (!(error instanceof WorkflowNotFoundError)) throw error;
      });
}
