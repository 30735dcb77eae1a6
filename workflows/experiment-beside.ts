/** What goes on around the looks of an experiment or a rollout: its activities, scores in the background, and its cancellation. */
import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  isCancellation,
  proxyActivities,
  sleep,
} from '@temporalio/workflow';
import type { Clock, ExperimentActivities, ScoringActivities } from '../src/model/experiment-messages.ts';

/** Tried for as long as it takes: an outage, or a time without workers, is waited for. */
const retry = { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '30 seconds' } as const;

export const activities = proxyActivities<ExperimentActivities>({
  startToCloseTimeout: '2 minutes',
  heartbeatTimeout: '6 seconds',
  // A rollback does not queue behind ingests.
  priority: { priorityKey: 1 },
  retry,
});

/**
 * The whole of an experiment's or a rollout's workflow: sampled runs are scored beside `work`, where they are; and where
 * somebody cancels the workflow, the experiment is aborted, since the safe meaning of that is the baseline for everybody.
 */
export async function live<T>(clock: Clock, work: () => Promise<T>): Promise<T> {
  const { experimentId } = clock;
  try {
    return await whileScoring(clock, work);
  } catch (error) {
    if (!isCancellation(error)) throw error;
    await CancellationScope.nonCancellable(
      () =>
        activities
          .steerExperiment({ experimentId, action: 'abort', by: 'temporal', why: 'its workflow was cancelled' })
          .catch(() => undefined), // it had ended
    );
    throw error;
  }
}

async function whileScoring<T>({ experimentId, lookEveryMs, scoringQueue }: Clock, work: () => Promise<T>): Promise<T> {
  if (scoringQueue === undefined) return work();
  const { scoreRuns } = proxyActivities<ScoringActivities>({
    taskQueue: scoringQueue,
    startToCloseTimeout: '1 day',
    heartbeatTimeout: '30 seconds',
    retry,
  });
  const scope = new CancellationScope();
  const scoring = scope.run(async () => {
    for (;;) {
      await scoreRuns({ experimentId }).catch((error: unknown) => {
        if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
      });
      await sleep(lookEveryMs);
    }
  });
  const ended = scoring.catch(() => undefined); // it ends by being cancelled
  try {
    return await work();
  } finally {
    scope.cancel();
    await ended;
  }
}

/** Something else may have been sent past our client: that fails at once, where it would else be tried for ever. */
export function checkClock(clock: Partial<Clock> | null | undefined): void {
  const { experimentId, lookEveryMs, looksPerHistory } = clock ?? {};
  if (typeof experimentId === 'string' && isAbove0(lookEveryMs) && isAbove0(looksPerHistory)) return;
  throw ApplicationFailure.nonRetryable(
    'the input is no experiment: it needs experimentId, lookEveryMs and looksPerHistory',
    'experiment_unreadable',
  );
}

const isAbove0 = (value: unknown): boolean => typeof value === 'number' && value > 0;
