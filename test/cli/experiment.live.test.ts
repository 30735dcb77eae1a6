/** An experiment from its start to its end, from the command line, through a real server. */
import { Client } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createExperimentClient } from '../../src/client/experiment-client.ts';
import { planId } from '../../src/plan/id.ts';
import { type ClockWorker, startClockWorker } from '../experiment/clock-workers.ts';
import { type Live, startLive } from '../support/live.ts';
import { bot, definedAs } from './experiment-world.ts';
import { run as runCommand } from './fakes.ts';

let live: Live;
let worker: ClockWorker;
beforeAll(async () => {
  live = await startLive();
  worker = await startClockWorker(live, {});
});
afterAll(async () => {
  await worker?.stop();
  await live?.stop();
});

const definition = definedAs('tone', { lookEvery: '1 second' });

async function run(line: string) {
  const { store, config, connection } = live;
  const experiments = createExperimentClient({
    ...{ temporal: new Client({ connection }), store, queues: config.queues, check: async () => undefined },
  });
  const runtime = { ...live, client: { ...live.client, ...experiments }, stop: async () => undefined };
  return runCommand(['experiment', ...line.split(' ')], {
    runtime: { ...runtime, urlOf: live.client.urlOf, isUiServed: true },
    services: { experiments: async () => new Map([[definition.id, definition]]) },
    environment: { USER: 'mo' },
  });
}

test('is started, followed, and ended, each by one command', async () => {
  const { store } = live;
  await store.plans.put(planId(bot.plan), bot.plan);
  await store.deployments.deploy({
    ...{ pipeline: bot.id, planId: planId(bot.plan), variant: null, promoted: [], holdOut: 0, kind: 'deploy' },
    ...{ by: 'mo', why: 'to begin with', restaged: [], expected: await store.experiments.version(bot.id) },
  });
  const started = await run('start tone --why first');
  expect(started).toMatchObject({ code: 0 });
  expect(started.stdout).toContain('http://localhost:8233/namespaces/default/workflows/experiment-tone');
  const following = run('status tone --follow');
  await expect.poll(() => store.ledger.lastLook('tone'), { timeout: 60_000, interval: 50 }).toBeDefined();
  const status = await run('status tone');
  expect(status.stdout).toContain('tone on bot: Collecting: 0 of 50 users in the smaller arm.');
  expect((await run('abort tone --why enough')).stdout).toContain('by mo: enough');
  const followed = await following;
  expect(followed.code).toBe(0);
  expect(followed.stderr).toMatch(/look \d+ .* continue \(warming up\)/);
  expect(followed.stdout).toContain('tone on bot: Aborted at');
  expect((await run('audit tone')).code).toBe(0);
});
