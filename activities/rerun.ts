/** What the workflow of backtests and shadows asks of its worker. */
import { drain } from '../src/experiment/rerun/drain.ts';
import type { RerunWorker } from '../src/experiment/rerun/play-rerun.ts';
import type { RerunActivities } from '../src/model/rerun-messages.ts';
import { asActivity, BEAT_MS } from './as-activity.ts';

export function createRerunActivities(worker: RerunWorker): RerunActivities {
  const { reruns } = worker.store;
  return {
    rerunRuns: (lane) => asActivity(BEAT_MS, (signal) => drain(worker, lane, signal)),
    endRerun: ({ rerunId, how, error }) =>
      asActivity(BEAT_MS, async () => {
        await reruns.end(rerunId, how, error && { code: error.code, message: error.message });
      }),
  };
}
