/** Workers of evaluations that tests start and stop, and whose activities they may hold up. */
import { NativeConnection, Worker } from '@temporalio/worker';
import { createEvaluateActivities } from '../../activities/evaluate.ts';
import type { EvaluateActivities } from '../../src/model/evaluate-messages.ts';
import { payloadConverterPath, workflowBundle } from '../../src/worker/bundle.ts';
import { installLogging } from '../../src/worker/logging.ts';
import { implementSmall, type SmallWorld } from '../evaluation/small-evaluation.ts';
import type { Live } from '../support/live.ts';

type Name = keyof EvaluateActivities;
/** What is done before an activity; what it throws is what the activity fails with. */
type Before = { readonly [name in Name]?: () => Promise<void> };

export interface Workers {
  /** Resolves when they poll: one for workflows, one for the activities. */
  start(before: Before): Promise<void>;
  stop(): Promise<void>;
}

const GRACE_MS = 100;
const CONCURRENCY = 8;

export function workersOf({ store, config, environment, temporal }: Live, world: SmallWorld): Workers {
  let running:
    | { readonly workers: readonly Worker[]; readonly ended: Promise<unknown>; close(): Promise<void> }
    | undefined;
  const implementations = implementSmall(world);
  installLogging(config);

  return {
    async start(before) {
      const connection = await NativeConnection.connect({ address: temporal.address });
      const shared = { connection, namespace: temporal.namespace, shutdownGraceTime: GRACE_MS };
      const { queues } = config;
      const real = createEvaluateActivities({ store, implementations, concurrency: CONCURRENCY });
      const activities = Object.fromEntries(
        (Object.keys(real) as Name[]).map((name) => [
          name,
          async (input: never) => {
            await before[name]?.();
            return real[name](input);
          },
        ]),
      );
      const workers = await Promise.all([
        Worker.create({
          ...shared,
          taskQueue: queues.control,
          workflowBundle: await workflowBundle(environment.SLUICE_CACHE!),
          dataConverter: { payloadConverterPath },
          stickyQueueScheduleToStartTimeout: '1 second',
        }),
        Worker.create({ ...shared, taskQueue: queues.eval, activities, maxHeartbeatThrottleInterval: '100 ms' }),
      ]);
      running = {
        workers,
        ended: Promise.all(workers.map((worker) => worker.run())),
        close: () => connection.close(),
      };
    },
    async stop() {
      const stopping = running;
      running = undefined;
      for (const worker of stopping?.workers ?? []) worker.shutdown();
      await stopping?.ended;
      await stopping?.close();
    },
  };
}

export interface Gate {
  /** Resolves when somebody stands before it. */
  readonly reached: Promise<void>;
  readonly opened: Promise<void>;
  readonly hold: () => Promise<void>;
  open(): void;
}

export function newGate(): Gate {
  const [reached, opened] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  return {
    reached: reached.promise,
    opened: opened.promise,
    hold() {
      reached.resolve();
      return opened.promise;
    },
    open: () => opened.resolve(),
  };
}
