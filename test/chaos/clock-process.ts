/**
 * A worker of experiments alone, which says where it is in a look and goes on when it is told to: so that what troubles it
 * comes at that moment, and not near it.
 */
import { NativeConnection, Worker } from '@temporalio/worker';
import { createExperimentActivities } from '../../activities/experiments.ts';
import { readConfig } from '../../src/config/config.ts';
import { openDatabase } from '../../src/store/database.ts';
import { createStore } from '../../src/store/store.ts';
import { payloadConverterPath, workflowBundle } from '../../src/worker/bundle.ts';
import { installLogging } from '../../src/worker/logging.ts';

/** Before a look; in it, when the sums are read and the ledger has nothing; after it, with its decision; after the act. */
export type Place = 'before' | 'within' | 'looked' | 'acted';

export interface Moment {
  readonly no: number;
  readonly place: Place;
  readonly experimentId: string;
  /** Of a look that has been made. */
  readonly decision?: string;
}

const config = readConfig(process.env);
installLogging(config);
process.once('disconnect', () => process.exit(1)); // whoever started it is gone
const store = createStore(openDatabase(config.databaseUrl!));
const waiting = new Map<number, () => void>();
process.on('message', (no: number) => waiting.get(no)?.());
let moments = 0;
const reach = (moment: Omit<Moment, 'no'>) =>
  new Promise<void>((resolve) => {
    moments += 1;
    const no = moments;
    waiting.set(no, resolve);
    process.send!({ no, ...moment } satisfies Moment);
  });

const outcomes: typeof store.outcomes = {
  ...store.outcomes,
  async look(experimentId, request) {
    const data = await store.outcomes.look(experimentId, request);
    await reach({ place: 'within', experimentId });
    return data;
  },
};
const { lookAtExperiment, actOnLook, ...others } = createExperimentActivities({
  store: { ...store, outcomes },
  version: 'chaos',
});
const worker = await Worker.create({
  connection: await NativeConnection.connect({ address: process.env.TEMPORAL_ADDRESS! }),
  taskQueue: config.queues.control,
  workflowBundle: await workflowBundle(config.cache!),
  dataConverter: { payloadConverterPath },
  activities: {
    ...others,
    async lookAtExperiment(request: Parameters<typeof lookAtExperiment>[0]) {
      const { experimentId } = request;
      await reach({ place: 'before', experimentId });
      const outcome = await lookAtExperiment(request);
      await reach({ place: 'looked', experimentId, ...(outcome.isRecorded && { decision: outcome.decision }) });
      return outcome;
    },
    async actOnLook(look: Parameters<typeof actOnLook>[0]) {
      const standing = await actOnLook(look);
      await reach({ place: 'acted', experimentId: look.experimentId, decision: look.decision });
      return standing;
    },
  },
  stickyQueueScheduleToStartTimeout: '1 second',
});
process.send!('ready');
await worker.run();
