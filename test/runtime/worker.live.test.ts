/** A worker that cannot begin leaves nothing behind. */

import { Client } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { workflowBundle } from '../../src/runtime/bundle.ts';
import { startWorker } from '../../src/runtime/worker.ts';
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
