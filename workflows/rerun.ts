/**
 * A backtest or a shadow: lanes, each of which has its runs made again in turns, until none is left, or it is ended. What is
 * done is in the store; nothing but the end of each turn passes through here.
 */
import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  continueAsNew,
  isCancellation,
  proxyActivities,
} from '@temporalio/workflow';
import type { RerunActivities, RerunInput } from '../src/model/rerun-spec.ts';
import type { FailureData } from '../src/model/run-messages.ts';

/** Each adds some six events, and 4,096 are when Temporal calls a history long. */
const TURNS_PER_HISTORY = 500;

/** Outlasts an outage of the database of about ten minutes. */
const retry = {
  initialInterval: '1 second',
  backoffCoefficient: 2,
  maximumInterval: '30 seconds',
  maximumAttempts: 25,
} as const;

export async function rerun(input: RerunInput): Promise<{ readonly how: string }> {
  const { rerunId, queue, lanes, turnsPerHistory = TURNS_PER_HISTORY } = input;
  // Cancelled ones are waited for: what goes on behind the back of the end would write after it.
  const options = { taskQueue: queue, cancellationType: 'WAIT_CANCELLATION_COMPLETED', retry } as const;
  const { rerunRuns } = proxyActivities<RerunActivities>({
    ...options,
    startToCloseTimeout: '12 hours',
    heartbeatTimeout: '6 seconds',
  });
  const { endRerun } = proxyActivities<RerunActivities>({ ...options, startToCloseTimeout: '1 minute' });
  const end = async (how: Parameters<typeof endRerun>[0]['how'], error: FailureData | null) => {
    await CancellationScope.nonCancellable(() => endRerun({ rerunId, how, error }));
    return { how };
  };

  let turns = 0;
  let isOutOfBudget = false;
  /** Whether it has come to its end. */
  async function runLane(lane: number): Promise<boolean> {
    while (turns < turnsPerHistory && !isOutOfBudget) {
      turns += 1;
      const turn = await rerunRuns({ rerunId, lane, lanes });
      isOutOfBudget ||= turn.isOutOfBudget;
      if (turn.isOver) return true;
    }
    return false;
  }
  try {
    const areOver = await allOf(Array.from({ length: lanes }, (_, lane) => () => runLane(lane)));
    if (isOutOfBudget) return await end('out_of_budget', null);
    if (!areOver.every(Boolean)) return await continueAsNew<typeof rerun>(input);
    return await end('completed', null);
  } catch (error) {
    if (isCancellation(error) || CancellationScope.current().consideredCancelled) {
      await end('stopped', null);
      throw error;
    }
    if (!(error instanceof ActivityFailure)) throw error;
    const { cause } = error;
    const code = cause instanceof ApplicationFailure ? (cause.type ?? 'Error') : 'rerun_failed';
    const message = (cause ?? error).message;
    await end('failed', { code, message });
    throw ApplicationFailure.create({ message, type: code, nonRetryable: true });
  }
}

/** The first failure stops the others, and is thrown when they have ended. */
function allOf(lanes: readonly (() => Promise<boolean>)[]): Promise<boolean[]> {
  return CancellationScope.cancellable(async () => {
    const running = lanes.map((run) => run());
    try {
      return await Promise.all(running);
    } catch (error) {
      CancellationScope.current().cancel();
      await Promise.allSettled(running);
      throw error;
    }
  });
}
