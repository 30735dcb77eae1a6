/** What people write as the reason of a change, and the views that they save, are redacted before they are stored. */
import type { Client } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createExperimentClient } from '../../src/client/experiment-client.ts';
import { readConfig } from '../../src/config/config.ts';
import { freezeSettings } from '../../src/experiment/method.ts';
import { type OpenedStore, openStoreOnly } from '../../src/host/store-only.ts';
import { planId } from '../../src/plan/id.ts';
import { createRedaction } from '../../src/redaction/redaction.ts';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { deploy, planFor, specOf } from '../experiment/clock-world.ts';
import { monitorSpec } from '../store/suite-monitors.ts';
import { allText } from '../support/all-text.ts';
import { startPglite, type TestDatabase } from '../support/postgres.ts';

const SECRET = 'zinnia@planted.example';
const why = `asked for by ${SECRET}`;
const by = 'test';
let running: TestDatabase;
let opened: OpenedStore;
let database: Database;

beforeAll(async () => {
  running = await startPglite();
  const config = readConfig({ DATABASE_URL: running.url, SLUICE_REDACT: 'all' });
  opened = await openStoreOnly({ folder: '/nowhere', config });
  database = openDatabase(running.url);
});
afterAll(async () => {
  await database?.close();
  await opened?.stop();
  await running?.stop();
});

/** Tables that hold the planted address. */
async function tablesWithSecret(): Promise<readonly string[]> {
  return [...(await allText(database))].filter(([, text]) => text.includes(SECRET)).map(([table]) => table);
}

test('deployments, experiments, monitors, keys and saved views', async () => {
  const { deployments, experiments, monitors, views, apiKeys, ledger } = opened.store;
  const spec = specOf('worded');
  const { pipeline } = spec;
  await deploy(opened.store, pipeline);
  const { experimentId } = await experiments.start({
    ...{
      name: spec.name,
      pipeline,
      kind: 'experiment',
      spec,
      settings: freezeSettings(spec, { nStar: 300, vRefs: [1, 1] }),
    },
    ...{ by, why, facts: { snapshots: {} }, expected: await experiments.version(pipeline) },
  });
  await experiments.move(experimentId, { to: 'paused', from: ['running'], by, reason: why });
  const deployment = {
    pipeline,
    planId: planId(planFor(pipeline)),
    variant: null,
    promoted: [],
    kind: 'deploy',
  } as const;
  await deployments.deploy({
    ...{ ...deployment, holdOut: 0.1, by, why, expected: await experiments.version(pipeline) },
    restaged: [{ experimentId, stage: 1, to: 'superseded', why, facts: { snapshots: {} } }],
  });
  await monitors.start(monitorSpec('worded'), { by, why });
  await monitors.stop('worded@1', { by, why });
  await views.save({ screen: 'runs', name: `of ${SECRET}`, view: { where: [`input contains ${SECRET}`] }, by });
  await apiKeys.create({
    keyId: 'k1',
    name: 'app',
    secretHash: 'h',
    scopes: ['ask'],
    owner: 'ada',
    by,
    expiresAt: null,
  });
  await apiKeys.revoke('app', by, why);

  expect(await tablesWithSecret()).toEqual([]);
  const redacted = 'asked for by [redacted:email]';
  expect((await deployments.current(pipeline))?.why).toBe(redacted);
  expect((await monitors.get('worded')).reason).toBe(redacted);
  expect(await views.list('runs')).toMatchObject([
    { name: 'of [redacted:email]', view: { where: ['input contains [redacted:email]'] } },
  ]);
  expect(JSON.stringify(await ledger.entries(experimentId, { after: 0, limit: 100 }))).toContain(redacted);
});

test('what a rollout is told goes redacted to its workflow', async () => {
  const told: unknown[] = [];
  const handle = {
    executeUpdate: async (_: string, { args }: { args: unknown }) => void told.push(args),
    signal: async () => undefined,
  };
  const temporal = {
    workflow: { getHandle: () => handle, start: async () => handle },
    withDeadline: (_: number, call: () => unknown) => call(),
  } as unknown as Client;
  const spec = specOf('told');
  const { pipeline } = spec;
  const { store } = opened;
  await deploy(store, pipeline);
  const { experimentId } = await store.experiments.start({
    ...{
      name: spec.name,
      pipeline,
      kind: 'rollout',
      winner: 'warm',
      spec,
      settings: freezeSettings(spec, { nStar: 300, vRefs: [1, 1] }),
    },
    ...{ by, why: 'begun', facts: { snapshots: {} }, expected: await store.experiments.version(pipeline) },
  });
  const redaction = createRedaction(readConfig({ SLUICE_REDACT: 'all' }).redaction);
  const queues = { control: 'control', eval: 'eval' };
  const client = createExperimentClient({ temporal, store, queues, check: async () => undefined, redaction });
  await client.steerExperiment(experimentId, { action: 'pause', by, why });
  expect(told).toEqual([[{ action: 'pause', by, why: 'asked for by [redacted:email]' }]]);
});
