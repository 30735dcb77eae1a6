/** What the dashboard reads of experiments, plans and monitors, asked of an app without servers. */
import { beforeEach, describe, expect, test } from 'vitest';
import { hashSecret, makeApiKey } from '../../src/api/api-key.ts';
import { createApp } from '../../src/api/app.ts';
import type { ServerDependencies } from '../../src/api/environment.ts';
import type { App } from '../../src/api/route.ts';
import { evenly } from '../../src/api/routes/experiments.ts';
import { SluiceError } from '../../src/base/errors.ts';
import { effectRows } from '../../src/experiment/report-table.ts';
import type { AnalysisRecord } from '../../src/model/analysis-data.ts';
import type { MonitorSpec } from '../../src/model/monitor-spec.ts';
import type { ApiKeyRow, Scope } from '../../src/store/api-keys.ts';
import type { MonitorAct, MonitorRow } from '../../src/store/monitors.ts';
import { supportBot } from '../dsl/example.ts';
import { armsOf, dataOf, look, specOf } from '../experiment/analysis-fixtures.ts';
import { LIMITS } from './api-support.ts';

const keys = new Map<string, ApiKeyRow>();

function keyWith(...scopes: readonly Scope[]): { readonly authorization: string } {
  const { key, keyId, secret } = makeApiKey();
  keys.set(keyId, {
    ...{ keyId, name: 'ops', secretHash: hashSecret(secret), scopes, owner: 'ops', createdAt: 0 },
    ...{ createdBy: 'mo', expiresAt: null, revokedAt: null, isExpired: false },
  });
  return { authorization: `Bearer ${key}` };
}

const spec = specOf();
const LOOKS: readonly AnalysisRecord[] = Array.from({ length: 300 }, (_, index) =>
  look(spec, dataOf(armsOf([1_000, 400, 10], [1_000, 460, 12])), { lookNo: index + 1 }),
);
const entryOf = (record: AnalysisRecord | undefined) =>
  record && { content: JSON.stringify(record), lookNo: record.lookNo };

const MONITOR = {
  ...{ name: 'grounded', pipeline: 'support', sample: 0.2, windowMs: 3_600_000, fields: { score: 'mean' } },
  scorer: { id: 'grounded', fields: { score: { format: 'share', worst: 0, best: 1 } } },
  ...{ alert: null, budgetUsdPerDay: null },
} as unknown as MonitorSpec;
const rowOf = (monitorSpec: MonitorSpec): MonitorRow => ({
  ...{ monitorId: `${monitorSpec.name}@1`, name: monitorSpec.name, version: 1, pipeline: 'support', spec: monitorSpec },
  ...{ state: 'running', starts: 1, startedBy: 'mo', startedAt: 1, stoppedAt: null, reason: null },
  ...{ alert: 'unknown', alertSince: null },
});
const DEFINED = { ...MONITOR, name: 'defined' };

/** A variant in code, with other steps than its pipeline serves. */
const CAREFUL = {
  id: supportBot.id,
  plan: { ...supportBot.plan, nodes: supportBot.plan.nodes.slice(0, 1) },
} as unknown as typeof supportBot;

let looks: readonly AnalysisRecord[];
let acts: { spec: MonitorSpec; act: MonitorAct }[];
let app: App;
beforeEach(() => {
  looks = LOOKS;
  acts = [];
  const monitors = {
    list: async () => [rowOf(MONITOR)],
    counts: async () => ({ triggered: 9, sampled: 2, waiting: 0, scored: 2, failed: 0 }),
    get: async (id: string) => {
      if (id === 'grounded') return rowOf(MONITOR);
      throw new SluiceError('monitor_unknown', { message: 'none', remedy: 'none' });
    },
  };
  const store = {
    apiKeys: { find: async (keyId: string) => keys.get(keyId) },
    experiments: { get: async () => ({ experimentId: 'e-1', spec }), serving: async () => undefined },
    ledger: {
      lastLook: async () => entryOf(looks.at(-1)),
      look: async (_: string, lookNo: number) => entryOf(looks[lookNo - 1]),
    },
    monitors,
  };
  const client = {
    startMonitor: async (started: MonitorSpec, act: MonitorAct) => {
      acts.push({ spec: started, act });
      return rowOf(started);
    },
  };
  app = createApp({
    runtime: { store, client, connection: {}, streams: {}, temporal: {} } as unknown as ServerDependencies['runtime'],
    pipelines: new Map([
      [supportBot.id, supportBot],
      [`${supportBot.id}:careful`, CAREFUL],
    ]),
    definedMonitors: new Map([['defined', { id: 'defined', spec: DEFINED }]]) as never,
    limits: LIMITS,
    ...{ version: '1.2.3', log: () => undefined },
  });
});

const read = async (path: string) => {
  const response = await app.request(path, { headers: keyWith('read') });
  // biome-ignore lint/suspicious/noExplicitAny: what came is what the tests look at
  return { status: response.status, body: (await response.json()) as any };
};

describe('looks', () => {
  test('are as many as a chart has room for, the first and the last among them, as the table has them', async () => {
    const { status, body } = await read('/v1/experiments/e-1/looks');
    expect([status, body.total, body.looks.length]).toEqual([200, 300, 120]);
    expect([body.looks[0].lookNo, body.looks.at(-1).lookNo]).toEqual([1, 300]);
    const [row] = effectRows(spec, LOOKS[0]!);
    expect(body.looks[0].rows[0]).toEqual({
      ...{ metric: row!.metric, variant: row!.variant, effect: row!.effect },
      ...{ interval: row!.interval, status: row!.status },
    });
    expect(body.looks[0].exposed).toBe(2_000);
  });

  test('that are not there leave an empty list, and a report of nobody', async () => {
    looks = [];
    expect((await read('/v1/experiments/e-1/looks')).body).toEqual({ total: 0, looks: [] });
    const { body } = await read('/v1/experiments/e-1/report');
    expect([body.lookNo, body.table, body.ratio.p, body.counts]).toEqual([null, [], null, null]);
    expect(body.funnel.map(({ exposed }: { exposed: number }) => exposed)).toEqual([0, 0]);
  });

  test('are evenly apart, each once', () => {
    expect(evenly(3, 5)).toEqual([1, 2, 3]);
    expect(evenly(9, 5)).toEqual([1, 3, 5, 7, 9]);
    expect(new Set(evenly(121, 120)).size).toBe(120);
  });
});

test('a report has the newest look by arm and metric, and whether the arms came as planned', async () => {
  const { body } = await read('/v1/experiments/e-1/report');
  expect(body.lookNo).toBe(300);
  expect(body.funnel[1]).toMatchObject({ isServed: true, exposed: 1_000, matured: 1_000, recorded: 1_000 });
  expect(body.table.map(({ metric }: { metric: string }) => metric)).toEqual(spec.metrics.map(({ name }) => name));
  expect(body.ratio.p).toBeGreaterThan(body.ratio.haltsBelow);
});

test('the plan of a definition is there before it was ever run', async () => {
  const { status, body } = await read(`/v1/pipelines/${supportBot.id}/plan`);
  expect([status, body.plan]).toEqual([200, JSON.parse(JSON.stringify(supportBot.plan))]);
  expect((await read('/v1/pipelines/nonesuch/plan')).body.code).toBe('pipeline_unknown');
});

describe('monitors', () => {
  test('are those that were started, then those that the code has besides, without counts', async () => {
    const { body } = await read('/v1/monitors');
    expect(body.monitors).toMatchObject([
      { monitorId: 'grounded@1', state: 'running', counts: { sampled: 2 } },
      { monitorId: 'defined', version: null, state: 'not_started', counts: null },
    ]);
  });

  const start = (id: string, scope: Scope) =>
    app.request(`/v1/monitors/${id}/start`, {
      method: 'POST',
      headers: { ...keyWith(scope), 'content-type': 'application/json' },
      body: JSON.stringify({ why: 'a new prompt' }),
    });

  test('start as the code has them, or as they ran last, signed by the key', async () => {
    expect([(await start('defined', 'operate')).status, (await start('grounded', 'operate')).status]).toEqual([
      200, 200,
    ]);
    expect(acts).toEqual([
      { spec: DEFINED, act: { by: 'key:ops', why: 'a new prompt' } },
      { spec: MONITOR, act: { by: 'key:ops', why: 'a new prompt' } },
    ]);
  });

  test('do not start for a key that only reads, nor where nobody knows them', async () => {
    expect((await start('defined', 'read')).status).toBe(403);
    const unknown = await start('defned', 'operate');
    expect(unknown.status).toBe(404);
    expect(((await unknown.json()) as { remedy: string }).remedy).toContain('defined');
    expect(acts).toEqual([]);
  });
});

test('of a pipeline that is not deployed, the steps of its definition are live, for everybody', async () => {
  const { status, body } = await read(`/v1/pipelines/${supportBot.id}/live`);
  expect(status).toBe(200);
  expect(body.deploymentNo).toBeNull();
  expect(body.steps.length).toBeGreaterThan(0);
  expect(body.steps[0]).toMatchObject({ by: 'deployment', experimentId: null, share: 1 });
  const ofVariant = await read(`/v1/pipelines/${encodeURIComponent(`${supportBot.id}:careful`)}/live`);
  expect(ofVariant.body).toEqual(body);
  expect((await read('/v1/pipelines/nobody/live')).status).toBe(404);
});
