/**
 * An experiment on live traffic: it sleeps, looks, and does what the look has decided, until that is an end or there is a
 * winner to roll out. Requests never pass through here, and nothing is decided here: a look is an activity, its decision is
 * in the ledger, and this branches on what is recorded.
 */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { continueAsNew, ParentClosePolicy, startChild, workflowInfo } from '@temporalio/workflow';
import {
  type ExperimentInput,
  ROLLOUT_WORKFLOW,
  ROLLOUT_WORKFLOW_PREFIX,
  type RolloutInput,
} from '../src/model/experiment-messages.ts';
import { checkClock, live } from './experiment-beside.ts';
import { startLooking } from './experiment-looking.ts';

export async function experiment(input: ExperimentInput): Promise<{ readonly state: string }> {
  checkClock(input);
  const { experimentId } = input;
  let state = input.last?.state ?? 'running';
  const looking = startLooking(input, 'experiment', { headline: () => `**${state}** \`${experimentId}\`` });
  return live(input, async () => {
    while (!looking.isLong()) {
      const standing = await looking.next();
      state = standing?.state ?? state;
      if (standing === undefined || (standing.isLive && standing.phase === 'experiment')) continue;
      if (standing.isLive) await startRollout({ ...input, ...looking.carried() });
      await looking.untilAnswered();
      return { state };
    }
    await looking.untilAnswered();
    return continueAsNew<typeof experiment>({ ...input, ...looking.carried() });
  });
}

/** It goes on without this workflow; one that has been started already, by a client or before a crash, is the one. */
async function startRollout({ last: _, ...clock }: RolloutInput): Promise<void> {
  const { experimentId } = clock;
  try {
    await startChild(ROLLOUT_WORKFLOW, {
      workflowId: ROLLOUT_WORKFLOW_PREFIX + experimentId,
      args: [clock],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      typedSearchAttributes: workflowInfo().typedSearchAttributes,
      staticSummary: `${experimentId}: its winner is rolled out`,
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}
