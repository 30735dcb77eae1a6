/** Requests whose variant no worker can run: they are told so, and count against it. */
import type { Client } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { createRunClient, type RunClient, type Runnable } from '../../src/client/client.ts';
import { runIdOf } from '../../src/client/start-run.ts';
import { readConfig } from '../../src/config/config.ts';
import { freezeSettings } from '../../src/experiment/method.ts';
import type { ExperimentRow } from '../../src/store/experiments.ts';
import type { Store } from '../../src/store/store.ts';
import { startStore, type TestStore } from '../support/test-store.ts';
import { deploy, planFor, specOf } from './clock-world.ts';

const REFUSED = 12;
const config = readConfig({});
let running: TestStore;
let store: Store;
let client: RunClient;
let row: ExperimentRow;
/** Workflows that were told to look now. */
const woken: string[] = [];

beforeAll(async () => {
  running = await startStore();
  store = running.store;
  const temporal = {
    workflow: { getHandle: (id: string) => ({ signal: async () => void woken.push(id) }) },
  } as unknown as Client;
  client = createRunClient({ temporal, store, config, namespace: 'default', uiUrl: 'http://localhost:8233' });
  row = await start();
});
afterAll(() => running?.stop());

/** A variant whose node has a task queue of its own, where nobody is. */
async function start(): Promise<ExperimentRow> {
  const { arms, ...spec } = specOf('gone');
  const [baseline, warm] = arms;
  const edits = [{ node: 'said', facet: 'options', options: { policy: { taskQueue: 'nobody-run' } } }] as const;
  await deploy(store, spec.pipeline);
  const whole = { ...spec, share: 1, arms: [baseline!, { ...warm!, edits }] };
  return store.experiments.start({
    ...{ name: spec.name, pipeline: spec.pipeline, kind: 'experiment', spec: whole, by: 'test', why: 'to see' },
    settings: freezeSettings(whole, { nStar: 300, vRefs: [1, 1] }),
    ...{ facts: { snapshots: {} }, expected: await store.experiments.version(spec.pipeline) },
  });
}

const pipeline = (): Runnable => ({
  ...{ id: row.pipeline, plan: planFor(row.pipeline), input: z.object({ text: z.string() }) },
});

/** Asks for so many units that get the variant. */
async function askFor(units: number): Promise<void> {
  for (let unit = 0, asked = 0; asked < units; unit += 1) {
    const served = await client.serve(pipeline(), { text: 'a' }, { unit: `unit-${unit}` });
    if (served.served.assignments[0]?.arm !== 'warm') continue;
    asked += 1;
    await expect(client.start(served, { text: 'a' })).rejects.toMatchObject({ code: 'no_worker' });
  }
}

async function seen() {
  const { spec, startedAt, experimentId } = row;
  const settings = { metrics: spec.metrics, failed: 1, breakerWindowMs: spec.breaker.windowMs, startedAt };
  const { breaker, exposed } = await store.outcomes.look(experimentId, {
    ...{ ...settings, watermark: Date.now() + 60_000, fromStage: 1, stopped: [], arms: 2 },
  });
  return { breaker, exposed };
}

test('where nothing could be run at all, the variant is not to blame', async () => {
  await askFor(2);
  expect(await seen()).toEqual({ breaker: [], exposed: [] });
});

test('where the rest could be run, each is a failed run of the arm, and its breaker wakes the experiment', async () => {
  await store.catalogue.publish({
    ...{ workerId: 'w', taskQueue: config.queues.run, steps: [{ step: 'speak@1' }], leaseMs: 600_000 },
  });
  await askFor(REFUSED);
  expect(await seen()).toEqual({
    breaker: [{ arm: 1, window: 1, requests: REFUSED, failures: REFUSED }],
    exposed: [{ stage: 1, arm: 1, n: REFUSED }],
  });
  const { runs } = await store.runs.list({ pipeline: row.pipeline, limit: REFUSED });
  expect(runs).toHaveLength(REFUSED);
  for (const run of runs) expect(run).toMatchObject({ state: 'failed', error: { code: 'no_worker' } });
  expect(woken).toContain(`experiment-${row.experimentId}`);
});

test('a request that is repeated has its first answer, though what is served by now could not be run', async () => {
  const options = { idempotencyKey: 'asked-before' };
  const runId = runIdOf(row.pipeline, options.idempotencyKey);
  const begun = { pipeline: row.pipeline, planId: 'p', arms: {}, unit: null, input: { text: 'a' } };
  await store.plans.put('p', planFor(row.pipeline));
  await store.runs.begin({ ...begun, runId, ...options });
  await store.runs.close(runId, 'failed', { code: 'said', message: 'it had failed' });
  const before = await seen();
  for (let unit = 0; ; unit += 1) {
    const served = await client.serve(pipeline(), { text: 'a' }, { unit: `unit-${unit}` });
    if (served.served.assignments[0]?.arm !== 'warm') continue;
    const { finished } = await client.start(served, { text: 'a' }, options);
    expect(await finished).toMatchObject({ runId, error: { code: 'said' } });
    break;
  }
  expect(await seen()).toEqual(before);
});
