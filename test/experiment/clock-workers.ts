/** A worker of experiments that tests start and stop, whose activities they may hold up, or lose the answers of. */
import { NativeConnection, Worker } from '@temporalio/worker';
import { createExperimentActivities } from '../../activities/experiments.ts';
import { payloadConverterPath, workflowBundle } from '../../src/worker/bundle.ts';
import { installLogging } from '../../src/worker/logging.ts';
import type { Live } from '../support/live.ts';

type Activities = ReturnType<typeof createExperimentActivities>;
type Name = keyof Activities;

export interface Hooks {
  /** Before an activity; what it throws is what the activity fails with. */
  before?: (name: Name, input: { readonly experimentId: string }) => Promise<void> | void;
  /** When it is over, however it went. */
  left?: (name: Name) => void;
  /** When it has done all that it does; what it throws is what comes instead of its answer. */
  after?: (name: Name, input: { readonly experimentId: string }) => Promise<void> | void;
}

export interface ClockWorker {
  stop(): Promise<void>;
}

const GRACE_MS = 100;

export async function startClockWorker(
  { store, config, environment, temporal }: Live,
  hooks: Hooks,
): Promise<ClockWorker> {
  installLogging(config);
  const connection = await NativeConnection.connect({ address: temporal.address });
  const real = createExperimentActivities({ store, version: 'test' });
  const activities = Object.fromEntries(
    (Object.keys(real) as Name[]).map((name) => [
      name,
      async (input: { readonly experimentId: string }) => {
        await hooks.before?.(name, input);
        const answer = await real[name](input as never).finally(() => hooks.left?.(name));
        await hooks.after?.(name, input);
        return answer;
      },
    ]),
  );
  const worker = await Worker.create({
    ...{ connection, namespace: temporal.namespace, shutdownGraceTime: GRACE_MS, taskQueue: config.queues.control },
    workflowBundle: await workflowBundle(environment.SLUICE_CACHE!),
    dataConverter: { payloadConverterPath },
    activities,
    stickyQueueScheduleToStartTimeout: '1 second',
  });
  const ended = worker.run();
  return {
    async stop() {
      worker.shutdown();
      await ended;
      await connection.close();
    },
  };
}
