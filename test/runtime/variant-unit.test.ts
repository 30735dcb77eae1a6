/** A variant that is asked for by name: it is run as it is, and its run has the unit that it was asked for. */
import type { Client } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRunClient, type RunClient } from '../../src/client/client.ts';
import { readConfig } from '../../src/config/config.ts';
import { planId } from '../../src/plan/id.ts';
import type { Store } from '../../src/store/store.ts';
import { patient, talker } from '../server/talker.ts';
import { startStore, type TestStore } from '../support/test-store.ts';

const config = readConfig({});
let running: TestStore;
let store: Store;
let client: RunClient;

beforeAll(async () => {
  running = await startStore();
  store = running.store;
  const temporal = {
    workflow: {
      getHandle: () => ({ cancel: async () => undefined }),
      executeUpdateWithStart: () => new Promise(() => undefined),
    },
  } as unknown as Client;
  client = createRunClient({ temporal, store, config, namespace: 'default', uiUrl: 'http://localhost:8233' });
  const { plan } = talker;
  await store.plans.put(planId(plan), plan);
  await store.deployments.deploy({
    ...{ pipeline: plan.pipeline, planId: planId(plan), variant: null, promoted: [], holdOut: 0, kind: 'deploy' },
    ...{ by: 'test', why: 'to begin with', restaged: [], expected: 0 },
  });
  const steps = [{ step: 'reply@1' }];
  await store.catalogue.publish({ workerId: 'w', taskQueue: config.queues.run, steps, leaseMs: 600_000 });
});
afterAll(() => running?.stop());

const input = { question: 'How?', before: [] };

test('the run has the unit, and is found by it', async () => {
  const served = await client.serve(patient, input, { unit: 'user-7' });
  expect(served).toMatchObject({ plan: patient.plan, deployment: null, served: { unit: 'user-7', assignments: [] } });
  const { runId } = await client.start(served, input);
  expect(await store.runs.get(runId)).toMatchObject({ unit: 'user-7', variant: 'patient', arms: {} });
  expect(await store.content.ofUnit('user-7', 10)).toEqual([{ runId, isRunning: true }]);
});

test('a unit that is none is refused', async () => {
  await expect(client.serve(patient, input, { unit: '' })).rejects.toMatchObject({ code: 'unit_invalid' });
});
