/**
 * Starts and stops monitors, and says how they stand. What is said is first one write to the store, from which on runs are
 * sampled or not, from any client; the workflow that scores them follows it.
 */
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { SluiceError } from '../base/errors.ts';
import type { RequireSpace } from '../embedded/disk-space.ts';
import { scorerPlans } from '../evaluation/spec-of.ts';
import { MONITOR_WORKFLOW, type MonitorInput, type MonitorSpec, monitorWorkflowId } from '../model/monitor-spec.ts';
import { ATTRIBUTES } from '../model/run-messages.ts';
import { type MonitorStatus, monitorStatus } from '../monitor/window.ts';
import type { Plan } from '../plan/plan.ts';
import type { MonitorAct, MonitorRow } from '../store/monitors.ts';
import type { Store } from '../store/store.ts';
import { OUTAGE_LIMIT_MS, ridingThrough } from '../temporal/outage.ts';
import { scoringQueueOf } from './experiment-clock.ts';

/** Each takes a monitor's id (`grounded@1`), the beginning of one, or its name: then what runs, else its newest version. */
export interface MonitorClient {
  /**
   * Scores a sample of the runs from now on. One that runs in the same words is the one; one of its name that runs in others is
   * stopped, and its scores stay with its version.
   *
   * @throws SluiceError `step_unregistered`, `no_worker`, `key_missing` where its scorer could not be run; `disk_full`;
   *   `temporal_unreachable`, and then a worker's sweeper starts it within a minute or two
   */
  startMonitor(spec: MonitorSpec, act: MonitorAct): Promise<MonitorRow>;
  /** What waits is not scored any more. @throws SluiceError `monitor_unknown`, `monitor_stopped` */
  stopMonitor(idOrName: string, act: MonitorAct): Promise<MonitorRow>;
  /** @throws SluiceError `monitor_unknown` */
  monitorStatus(idOrName: string): Promise<MonitorStatus>;
}

export interface MonitorClockDependencies {
  readonly temporal: Client;
  readonly queues: { readonly control: string; readonly eval: string };
}

/** Starts the workflow that a monitor needs; one that runs already is the one. @throws SluiceError `temporal_unreachable` */
export async function startMonitorClock(
  { temporal, queues }: MonitorClockDependencies,
  { monitorId, starts, pipeline, spec }: MonitorRow,
): Promise<void> {
  const input: MonitorInput = { monitorId, starts, queue: scoringQueueOf(queues) };
  await ridingThrough(OUTAGE_LIMIT_MS, () =>
    temporal.workflow.start(MONITOR_WORKFLOW, {
      ...{ workflowId: monitorWorkflowId(monitorId, starts), taskQueue: queues.control, args: [input] },
      workflowIdConflictPolicy: 'USE_EXISTING',
      staticSummary: `${monitorId} scores ${spec.sample * 100} % of ${pipeline} by ${spec.scorer.id}`,
      searchAttributes: { [ATTRIBUTES.pipeline]: [pipeline] },
    }),
  );
}

interface MonitorClientDependencies extends MonitorClockDependencies {
  readonly store: Pick<Store, 'monitors' | 'runs'>;
  /** Whether a plan could be run now. */
  readonly check: (plan: Plan) => Promise<void>;
  /** As in `ClientDependencies`. */
  readonly requireSpace?: RequireSpace;
}

export function createMonitorClient({
  store,
  check,
  requireSpace,
  ...clock
}: MonitorClientDependencies): MonitorClient {
  const { monitors } = store;
  return {
    async startMonitor(spec, act) {
      await requireSpace?.();
      for (const plan of scorerPlans({ scorers: [spec.scorer] })) await check(plan);
      const row = await monitors.start(spec, act);
      await startMonitorClock(clock, row);
      return row;
    },
    async stopMonitor(idOrName, act) {
      const { monitorId, starts } = await monitors.get(idOrName);
      if (!(await monitors.stop(monitorId, act))) throw stoppedBefore(await monitors.get(monitorId));
      const handle = clock.temporal.workflow.getHandle(monitorWorkflowId(monitorId, starts));
      // It ends by itself, too: this is for the calls under way.
      await ridingThrough(OUTAGE_LIMIT_MS, () => handle.cancel()).catch((error: unknown) => {
        if (!(error instanceof WorkflowNotFoundError)) throw error;
      });
      return monitors.get(monitorId);
    },
    monitorStatus: async (idOrName) => monitorStatus(store, await monitors.get(idOrName)),
  };
}

const stoppedBefore = ({ monitorId, name, reason }: MonitorRow): SluiceError =>
  new SluiceError('monitor_stopped', {
    message: `${monitorId} does not run: ${reason ?? 'it was stopped'}`,
    remedy: `see what came of it: sluice monitor status ${monitorId}; or start it: sluice monitor start ${name}`,
    data: { monitorId },
  });
