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

/** A turn adds some six events, and an alert as many; 4,096 are when Temporal calls a history long. */
const TURNS_PER_HISTORY = 300;
const PAUSE = '15 seconds';

/** Tried for as long as it takes: an outage, or a time without workers, is waited for. */
const retry = { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '30 seconds' } as const;

export async function monitor(input: MonitorInput): Promise<void> {
  const { monitorId, starts, queue, turnsPerHistory = TURNS_PER_HISTORY } = input;
  const { scoreMonitor, endMonitor } = proxyActivities<MonitorActivities>({
    taskQueue: queue,
    startToCloseTimeout: '2 hours',
    heartbeatTimeout: '30 seconds',
    retry,
  });
  const telling = new Map<number, Promise<void>>();
  try {
    for (let turn = 0; turn < turnsPerHistory; turn += 1) {
      const made = await scoreMonitor({ monitorId, starts, telling: [...telling.keys()] }).catch(passing);
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
function passing(error: unknown): undefined {
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
