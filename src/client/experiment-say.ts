/** What is said to the workflows of experiments, for what the store alone does not say. */
import {
  type Client,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { SluiceError } from '../base/errors.ts';
import { ROLLOUT_WORKFLOW_PREFIX, STEER_UPDATE, type Standing, type Steer } from '../model/experiment-messages.ts';
import type { FailureDetails } from '../model/run-messages.ts';
import { OUTAGE_LIMIT_MS, ridingThrough } from '../temporal/outage.ts';
import { wake } from './experiment-wake.ts';

/** What is said after the store has it takes effect anyway: it is not worth a longer wait. */
const TELLING_LIMIT_MS = 5_000;
/** How long a worker has to answer: far longer than one that runs needs. */
export const ANSWER_LIMIT_MS = 15_000;

/** Makes the workflow look at what the store says now; false where Temporal does not answer, and it will see it by itself. */
export async function tell(temporal: Client, experimentId: string): Promise<boolean> {
  try {
    await temporal.withDeadline(Date.now() + TELLING_LIMIT_MS, () => wake(temporal, experimentId));
    return true;
  } catch {
    return false;
  }
}

/**
 * Says it to the rollout: how far it goes is its workflow's to hold.
 *
 * @throws SluiceError what it was refused with, such as `experiment_ended`; `rollout_lost` where there is no workflow,
 *   `experiment_unanswered` where no worker hears it, `temporal_unreachable`
 */
export async function sayToRollout(
  temporal: Client,
  experimentId: string,
  said: Steer,
  answerLimitMs: number,
): Promise<void> {
  const handle = temporal.workflow.getHandle(ROLLOUT_WORKFLOW_PREFIX + experimentId);
  const say = () =>
    temporal.withDeadline(Date.now() + answerLimitMs, () =>
      handle.executeUpdate<Standing, [Steer]>(STEER_UPDATE, { args: [said] }),
    );
  await ridingThrough(OUTAGE_LIMIT_MS, () =>
    say().catch((error: unknown) => {
      // The server was there: it is no outage.
      if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) throw unanswered(experimentId, answerLimitMs);
      if (error instanceof WorkflowNotFoundError) throw lost(experimentId);
      throw error instanceof WorkflowUpdateFailedError ? refusalOf(error) : error;
    }),
  );
}

function refusalOf({ cause, message }: WorkflowUpdateFailedError): SluiceError {
  const failure = cause instanceof ApplicationFailure ? cause : undefined;
  const { remedy, data } = (failure?.details?.[0] ?? {}) as FailureDetails;
  return new SluiceError(failure?.type ?? 'steer_failed', {
    message: failure?.message ?? message,
    remedy: remedy ?? 'see what state it is in: sluice experiment status',
    ...(data && { data }),
  });
}

const unanswered = (experimentId: string, limitMs: number): SluiceError =>
  new SluiceError('experiment_unanswered', {
    message: `no worker has heard what was said to the rollout of ${experimentId} within ${limitMs / 1_000} s`,
    remedy: 'start one, and say it again: sluice worker (or sluice dev). To abort it needs none',
    data: { experimentId },
  });

const lost = (experimentId: string): SluiceError =>
  new SluiceError('rollout_lost', {
    message: `Temporal has no rollout of ${experimentId} under way: it stays on its step, and is not looked at`,
    remedy: `go on with it (sluice experiment resume ${experimentId}), or abort it (sluice rollout abort ${experimentId})`,
    data: { experimentId },
  });
