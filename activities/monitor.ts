/** What the workflow of monitors asks of its worker. */

import type { MonitorActivities } from '../src/model/monitor-messages.ts';
import { type MonitorWorker, scoreMonitor } from '../src/monitor/score-monitor.ts';
import { type AlertAddress, sendAlert } from '../src/monitor/send-alert.ts';
import type { Store } from '../src/store/store.ts';
import { asActivity, BEAT_MS } from './as-activity.ts';

export interface MonitorDependencies extends Omit<MonitorWorker, 'tells'> {
  readonly store: Pick<Store, 'monitors' | 'runs'>;
  /** Who is told of alerts; absent: nobody. */
  readonly alerts?: AlertAddress | undefined;
}

export function createMonitorActivities({ alerts, ...worker }: MonitorDependencies): MonitorActivities {
  const { monitors } = worker.store;
  const tells = alerts !== undefined;
  return {
    scoreMonitor: (input) => asActivity(BEAT_MS, (signal) => scoreMonitor({ ...worker, tells }, input, signal)),
    tellAlert: (alert) =>
      asActivity(BEAT_MS, async () => {
        if (alerts !== undefined) await sendAlert(worker.store, alerts, alert);
      }),
    giveUpAlert: ({ monitorId, alertNo, error: { code, message } }) =>
      asActivity(BEAT_MS, () => monitors.endDelivery(monitorId, alertNo, { code, message })),
    endMonitor: ({ monitorId, starts }) =>
      asActivity(BEAT_MS, async () => {
        const row = await monitors.get(monitorId);
        // Another start of it is somebody else's.
        if (row.starts === starts)
          await monitors.stop(monitorId, { by: 'temporal', why: 'its workflow was cancelled' });
      }),
  };
}
