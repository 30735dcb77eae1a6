/**
 * An experiment on live traffic: it sleeps, looks, and does what the look has decided, until that is an end or there is a
 * winner to roll out. Requests never pass through here, and nothing is decided here: a look is an activity, its decision is
 * in the ledger, and this branches on what is recorded.
 */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { allHandlersFinished, condition, continueAsNew, ParentClosePolicy, startChild } from '@temporalio/workflow';
import { abortedWhenCancelled, startLooking, whileScoring } from './experiment-looking.ts';
import {
  type ExperimentInput,
  ROLLOUT_WORKFLOW,
  ROLLOUT_WORKFLOW_PREFIX,
  type RolloutInput,
} from './experiment-messages.ts';

export async function experiment(input: ExperimentInput): Promise<{ readonly state: string }> {
  const { experimentId, looksPerHistory } = input;
  let state = 'running';
  const looking = startLooking(input, 'experiment', { headline: () => `**${state}** \`${experimentId}\`` });
  return abortedWhenCancelled(experimentId, () =>
    whileScoring(input, async () => {
      for (let looks = 0; looks < looksPerHistory; looks += 1) {
        const standing = await looking.next();
        state = standing?.state ?? state;
        if (standing === undefined || (standing.isLive && standing.phase === 'experiment')) continue;
        if (standing.isLive) await startRollout(input, looking.lookNo);
        await condition(allHandlersFinished);
        return { state };
      }
      await condition(allHandlersFinished);
      const { lookNo, isWoken } = looking;
      return continueAsNew<typeof experiment>({ ...input, lookNo, isWoken });
    }),
  );
}

/** It goes on without this workflow; one that has been started already, by a client or before a crash, is the one. */
async function startRollout({ isWoken: _, ...clock }: ExperimentInput, lookNo: number): Promise<void> {
  const { experimentId } = clock;
  const args: [RolloutInput] = [{ ...clock, lookNo }];
  try {
    await startChild(ROLLOUT_WORKFLOW, {
      workflowId: ROLLOUT_WORKFLOW_PREFIX + experimentId,
      args,
      parentClosePolicy: ParentClosePolicy.ABANDON,
      staticSummary: `${experimentId}: its winner is rolled out`,
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}
