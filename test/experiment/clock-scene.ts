/** Where the clocks of experiments are tested: a server, a database, a worker with hooks, and what is asked of them all. */
import { Client } from '@temporalio/client';
import { expect } from 'vitest';
import { createExperimentClient, type ExperimentClient } from '../../src/client/experiment-client.ts';
import {
  ROLLOUT_WORKFLOW_PREFIX,
  STEP_QUERY,
  type Steer,
  type StepPlace,
} from '../../src/model/experiment-messages.ts';
import type { ExperimentSpec } from '../../src/model/experiment-spec.ts';
import type { ExperimentRow } from '../../src/store/experiments.ts';
import type { Store } from '../../src/store/store.ts';
import { startLive } from '../support/live.ts';
import { type Hooks, startClockWorker } from './clock-workers.ts';
import { deploy, type Fed, feed, settingsOf } from './clock-world.ts';

export const LOOKS_PER_HISTORY = 3;
export const by = 'test';
export const why = 'to see';

export type Scene = Awaited<ReturnType<typeof openScene>>;

export async function openScene() {
  const live = await startLive();
  const { store, config } = live;
  const temporal = new Client({ connection: live.connection });
  /** Looks and feeding exclude each other: units that are fed half would mature without what came of them. */
  let [looking, feeding] = [0, Promise.resolve()];
  const scene: { hooks: Hooks } = { hooks: {} };
  const worker = await startClockWorker(live, {
    async before(name, input) {
      await scene.hooks.before?.(name, input);
      if (name !== 'lookAtExperiment') return;
      await feeding;
      looking += 1;
    },
    left(name) {
      if (name === 'lookAtExperiment') looking -= 1;
    },
    after: (name, input) => scene.hooks.after?.(name, input),
  });
  const clientOf = (through: Client): ExperimentClient =>
    createExperimentClient({
      ...{ temporal: through, store, queues: config.queues, looksPerHistory: LOOKS_PER_HISTORY },
      check: async () => undefined,
    });
  const client = clientOf(temporal);
  const handleOf = (prefix: string, { experimentId }: ExperimentRow) =>
    temporal.workflow.getHandle(prefix + experimentId);
  return Object.assign(scene, asked(store), {
    ...{ store, queues: config.queues, temporal, client, clientOf, handleOf },
    async start(spec: ExperimentSpec): Promise<ExperimentRow> {
      await deploy(store, spec.pipeline);
      return client.startExperiment({ spec, settings: settingsOf(spec), by, why });
    },
    async feed({ experimentId }: ExperimentRow, fed: Fed): Promise<void> {
      const { promise, resolve } = Promise.withResolvers<void>();
      feeding = promise;
      try {
        await expect.poll(() => looking).toBe(0);
        await feed(store, await store.experiments.get(experimentId), fed);
      } finally {
        resolve();
      }
    },
    steer: ({ experimentId }: ExperimentRow, action: Steer['action']) =>
      client.steerExperiment(experimentId, { action, by, why }),
    placeOf: (row: ExperimentRow) => handleOf(ROLLOUT_WORKFLOW_PREFIX, row).query<StepPlace>(STEP_QUERY),
    async stop() {
      await worker.stop();
      await live.stop();
    },
  });
}

/** What the store says. */
function asked({ experiments, ledger }: Store) {
  const rowOf = ({ experimentId }: ExperimentRow) => experiments.get(experimentId);
  const entriesOf = ({ experimentId }: ExperimentRow) => ledger.entries(experimentId, { after: 0, limit: 1_000 });
  /** Numbers of looks. */
  const looksOf = async (row: ExperimentRow) =>
    (await entriesOf(row)).flatMap(({ lookNo }) => (lookNo === null ? [] : [lookNo]));
  return {
    ...{ rowOf, entriesOf, looksOf },
    untilState: (row: ExperimentRow, state: string) => expect.poll(async () => (await rowOf(row)).state).toBe(state),
    untilRamp: (row: ExperimentRow, ramp: number) => expect.poll(async () => (await rowOf(row)).ramp).toBe(ramp),
    async untilLooks(row: ExperimentRow, more: number): Promise<void> {
      const begun = (await looksOf(row)).length;
      await expect.poll(async () => (await looksOf(row)).length).toBeGreaterThanOrEqual(begun + more);
    },
  };
}
