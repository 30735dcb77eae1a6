/** What a worker begins and ends, beyond the runs: one that cannot begin leaves nothing behind. */

import { Client } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { workflowBundle } from '../../src/worker/bundle.ts';
import { startWorker } from '../../src/worker/worker.ts';
import { type Live, startLive } from '../support/live.ts';

let live: Live;
beforeAll(async () => {
  live = await startLive();
});
afterAll(() => live?.stop());

test('a worker whose steps cannot be published stops polling', async () => {
  const connection = await NativeConnection.connect({ address: live.temporal.address });
  const refused = new Error('the database is away');
  const starting = startWorker({
    config: live.config,
    connection,
    client: new Client({ connection: live.connection, namespace: live.temporal.namespace }),
    store: { ...live.store, catalogue: { ...live.store.catalogue, publish: () => Promise.reject(refused) } },
    implementations: [],
    workflowBundle: await workflowBundle(live.config.cache!),
  });
  await expect(starting).rejects.toBe(refused);
  await connection.close(); // refuses while a worker uses it
});

const behaviorOf = async (of: Live) => {
  const client = new Client({ connection: of.connection, namespace: of.temporal.namespace });
  const handle = client.workflow.getHandle(`sluice-sweeper-${of.config.queues.control}`);
  const { events } = await handle.fetchHistory();
  expect(events?.some((event) => event.timerStartedEventAttributes)).toBe(true); // it sleeps until its first round
  const { raw } = await handle.describe();
  return raw.workflowExecutionInfo?.versioningInfo?.behavior ?? null;
};
const patience = { timeout: 60_000, interval: 200 };

test('the sweeper goes over to later builds, and to none where builds are not told apart', async () => {
  const settings = { SLUICE_WORKER_VERSIONING: '1', SLUICE_BUILD_ID: 'sweeper-test' };
  const [plain, versioned] = [await startLive(() => []), await startLive(() => [], settings)];
  try {
    // The server hears of a build with its first poll.
    await vi.waitFor(() => versioned.client.setCurrentVersion('sweeper-test'), patience);
    const autoUpgrade = 2;
    await vi.waitFor(async () => expect(await behaviorOf(versioned)).toBe(autoUpgrade), patience);
    await vi.waitFor(async () => expect(await behaviorOf(plain)).toBe(null), patience);
  } finally {
    await versioned.stop();
    await plain.stop();
  }
});
