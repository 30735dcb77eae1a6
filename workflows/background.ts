/**
 * A monitor: turns in which its runs are scored and its window is watched, until it is stopped; and in parallel
 * alerts are delivered. Results are in the store; nothing but the end of each turn passes through here.
 */
import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  continueAsNew,
  isCancellation,
  proxyActivities,
  sleep,
} from '@temporalio/workflow';
import type { MonitorActivities, MonitorInput } from '../src/model/monitor-spec.ts';
import type { RerunActivities, RerunInput } from '../src/model/rerun-spec.ts';
import type { FailureData, SweepRuns, SweepSettings } from '../src/model/run-messages.ts';

/** A turn adds some six events, and an alert as many; 4,096 are when Temporal calls a history long. */
const MONITOR_TURNS_PER_HISTORY = 300;
const PAUSE = '15 seconds';

/** Tried for as long as it takes: an outage, or a time without workers, is waited for. */
const retryForever = { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '30 seconds' } as const;

export async function monitor(input: MonitorInput): Promise<void> {
  const { monitorId, starts, queue, turnsPerHistory = MONITOR_TURNS_PER_HISTORY } = input;
  const { scoreMonitor, endMonitor } = proxyActivities<MonitorActivities>({
    taskQueue: queue,
    startToCloseTimeout: '2 hours',
    heartbeatTimeout: '30 seconds',
    retry: retryForever,
  });
  const telling = new Map<number, Promise<void>>();
  try {
    for (let turn = 0; turn < turnsPerHistory; turn += 1) {
      const made = await scoreMonitor({ monitorId, starts, telling: [...telling.keys()] }).catch(ignoreTransient);
      if (made?.isOver) {
        await Promise.all(telling.values());
        return;
      }
      for (const alertNo of made?.alerts ?? [])
        telling.set(
          alertNo,
          tell(queue, monitorId, alertNo)
            .catch(() => undefined) // not delivered: the next turn tries again
            .finally(() => telling.delete(alertNo)),
        );
      if (made === undefined) await sleep(PAUSE);
    }
    await Promise.all(telling.values());
  } catch (error) {
    // A cancellation in Temporal stops the scoring.
    if (isCancellation(error)) await CancellationScope.nonCancellable(() => endMonitor({ monitorId, starts }));
    throw error;
  }
  await continueAsNew<typeof monitor>(input);
}

/** A turn that failed for good, or took too long, is no reason to end: the next may do better. One of nothing is. */
function ignoreTransient(error: unknown): undefined {
  if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
  if (error.cause instanceof ApplicationFailure && error.cause.type === 'monitor_unknown') throw error.cause;
}

/** Some twenty minutes of tries. */
async function tell(queue: string, monitorId: string, alertNo: number): Promise<void> {
  const { tellAlert, giveUpAlert } = proxyActivities<MonitorActivities>({
    taskQueue: queue,
    startToCloseTimeout: '30 seconds',
    retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '5 minutes', maximumAttempts: 12 },
  });
  try {
    await tellAlert({ monitorId, alertNo });
  } catch (error) {
    if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
    const { cause } = error;
    const code = cause instanceof ApplicationFailure ? (cause.type ?? 'Error') : 'alert_untold';
    await giveUpAlert({ monitorId, alertNo, error: { code, message: (cause ?? error).message } });
  }
}

// A backtest or a shadow: lanes, each of which has its runs made again in turns, until none is left, or it is ended. What is
// done is in the store; nothing but the end of each turn passes through here.

/** Each adds some six events, and 4,096 are when Temporal calls a history long. */
const RERUN_TURNS_PER_HISTORY = 500;

/** Outlasts an outage of the database of about ten minutes. */
const retryThroughOutage = {
  initialInterval: '1 second',
  backoffCoefficient: 2,
  maximumInterval: '30 seconds',
  maximumAttempts: 25,
} as const;

export async function rerun(input: RerunInput): Promise<{ readonly how: string }> {
  const { rerunId, queue, lanes, turnsPerHistory = RERUN_TURNS_PER_HISTORY } = input;
  // Cancelled ones are waited for: what goes on behind the back of the end would write after it.
  const options = {
    taskQueue: queue,
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    retry: retryThroughOutage,
  } as const;
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

// The sweeper: closes the rows of runs whose workflow was terminated or timed out, since such a workflow can record
// nothing itself. One long-lived workflow per namespace; it starts anew after a while so that its history stays short.

const { sweepRuns } = proxyActivities<{ sweepRuns: SweepRuns }>({
  startToCloseTimeout: '1 minute',
  retry: { initialInterval: '1 second', maximumInterval: '1 minute' },
});

/** A round adds eleven events: well within the 4,096 at which a history counts as long. */
const USUAL: SweepSettings = { intervalMs: 60_000, rounds: 200 };

export async function sweep(settings: SweepSettings = USUAL): Promise<void> {
  for (let round = 0; round < settings.rounds; round++) {
    await sleep(settings.intervalMs);
    await sweepRuns();
  }
  await continueAsNew<typeof sweep>(settings);
}
