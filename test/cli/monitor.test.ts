/** `sluice monitor`: what is listed, how one stands, and what starting and stopping say. */
import { describe, expect, test } from 'vitest';
import { supportedLive } from '../../pipelines/docs-bot.monitors.ts';
import type { MonitorCounts, WindowSums } from '../../src/store/monitor-results.ts';
import type { MonitorRow } from '../../src/store/monitors.ts';
import { fakeRuntime, run } from './fakes.ts';

const AT = Date.UTC(2026, 2, 1, 12);
const spec = { ...supportedLive.spec, budgetUsdPerDay: 2 };
const row = (more: Partial<MonitorRow> = {}): MonitorRow => ({
  ...{ monitorId: 'supported-live@2', name: 'supported-live', version: 2, pipeline: 'docs-bot', spec },
  ...{ state: 'running', starts: 1, startedBy: 'ada', startedAt: AT, stoppedAt: null, reason: null },
  ...{ alert: 'alerting', alertSince: AT },
  ...more,
});
const COUNTS: MonitorCounts = {
  ...{ triggered: 1_200, sampled: 240, waiting: 3, scored: 200, failed: 30, overBudget: 7, overQueue: 0, stopped: 0 },
  lastScoredAt: AT,
};
const WINDOW: WindowSums = {
  ...{ from: AT, to: AT, sampled: 60, scored: 45 },
  fields: { supported: { n: 45, mean: 0.5, variance: 0.01 }, grounded: { n: 45, mean: 0.2, variance: 0.16 } },
};

function world(given: MonitorRow = row(), health: object = {}) {
  const acts: unknown[] = [];
  const waiting = { waiting: 3, waitingMs: 1_000, sinceScoredMs: 1_000, isOutOfBudget: true };
  const store = {
    monitors: {
      get: async () => given,
      running: async () => ({ ...given, monitorId: 'supported-live@1' }),
      list: async () => [given, row({ monitorId: 'supported-live@1', state: 'stopped' })],
      counts: async () => COUNTS,
      reasons: async () => [{ state: 'failed', code: 'not_answered', runs: 30 }],
      window: async () => WINDOW,
      alerts: async () => [],
      audit: async () => [],
      payerOf: async () => 'supported-live@2/2026-03-01',
      health: async () => [{ monitorId: given.monitorId, ...waiting, ...health }],
    },
    runs: { spending: async () => ({ costUsd: 1.5 }) },
  };
  const client = {
    urlOf: (id: string) => `ui/${id}`,
    startMonitor: async (...asked: unknown[]) => {
      acts.push(asked);
      return given;
    },
    stopMonitor: async (...asked: unknown[]) => {
      acts.push(asked);
      return row({ state: 'stopped', reason: 'seen' });
    },
  };
  const services = { monitors: async () => new Map([['supported-live', supportedLive]]) };
  return { acts, fake: { ...fakeRuntime({ store, client }), services, environment: { USER: 'ada' } } };
}

describe('status', () => {
  test('says of how many runs what became, what the window comes to, and what stands in the way', async () => {
    const { code, stdout } = await run(['monitor', 'status', 'supported-live'], world().fake);
    expect(code).toBe(0);
    expect(stdout).toBe(`supported-live@2 on docs-bot: alerting since 2026-03-01 12:00:00 UTC
  1,200 runs matched · 240 sampled (20 %) · 200 scored · 3 waiting · 30 failed
  7 left out by budget · last scored 2026-03-01 12:00:00 UTC
  runs of the last 6 hours: 45 scores, 75 % of those sampled
  field      of  mean or rate   99 % interval  alerts
  supported  45           0.5    0.46 to 0.54  below 0.7
  grounded   45           20%  9.01% to 38.7%  –
  without a score: 30 not_answered
  its budget of today is used up: nothing more is sampled before midnight, UTC
  $1.50 today of at most $2.00
`);
  });

  test('says when nothing is scored any more, and of one that is stopped why', async () => {
    const stalled = world(row({ alert: 'unknown' }), { waitingMs: 3_600_000, sinceScoredMs: 3_600_000 });
    const { stdout } = await run(['monitor', 'status', 'supported-live'], stalled.fake);
    expect(stdout).toContain('docs-bot: running, with less than 20 scores to judge by');
    expect(stdout).toContain('stalled: 3 runs waiting, and nothing is scored');
    const stopped = await run(['monitor', 'status', 'x'], world(row({ state: 'stopped', reason: 'too dear' })).fake);
    expect(stopped.stdout).toContain('docs-bot: stopped: too dear');
  });

  test('has its history where it is asked for', async () => {
    const { fake } = world();
    const alert = { monitorId: 'm', alertNo: 1, at: AT, was: 'ok', isNow: 'alerting', evidence: { mean: 0.6123 } };
    const { store } = fake.runtime as unknown as { store: { monitors: object } };
    Object.assign(store.monitors, {
      alerts: async () => [{ ...alert, deliveredAt: null, error: { code: 'x', message: 'no hook' } }],
      audit: async () => [
        { at: AT, who: 'ada', action: 'monitor.start', subject: 'm', was: null, isNow: null, why: 'new' },
      ],
    });
    const { stdout } = await run(['monitor', 'status', 'supported-live', '--history'], fake);
    expect(stdout).toContain('2026-03-01 12:00:00 UTC  ok → alerting  mean 0.612    nobody: no hook\n');
    expect(stdout).toContain('2026-03-01 12:00:00 UTC  ada  monitor.start  new\n');
  });

  test('has all of it as data, a window without an interval as null', async () => {
    const { stdout } = await run(['monitor', 'status', 'supported-live', '--json'], world().fake);
    expect(JSON.parse(stdout)).toMatchObject({
      ...{ monitorId: 'supported-live@2', alert: 'alerting', counts: COUNTS, isStalled: false, isOutOfBudget: true },
      ...{ spentTodayUsd: 1.5, window: { coverage: 0.75, fields: { grounded: { kind: 'rate', n: 45, mean: 0.2 } } } },
    });
  });
});

test('list has the version that runs, or ran last, of each; and what could be started', async () => {
  const { fake } = world();
  const other = { ...supportedLive, id: 'other' };
  const services = { monitors: async () => new Map([...(await fake.services.monitors()), ['other', other]]) };
  const listed = async (...options: string[]) => {
    const { stdout } = await run(['monitor', 'list', '--json', ...options], { ...fake, services });
    return (JSON.parse(stdout) as { monitor: string; state: string }[]).map(({ monitor, state }) => [monitor, state]);
  };
  const shown = [
    ['supported-live@2', 'running'],
    ['other', 'not started'],
  ];
  expect(await listed()).toEqual(shown);
  expect(await listed('--all')).toEqual([shown[0], ['supported-live@1', 'stopped'], shown[1]]);
  const { stdout } = await run(['monitor', 'list'], { ...fake, services });
  expect(stdout).toContain('start one: sluice monitor start other');
});

describe('start and stop', () => {
  test('say what is scored from now on, and which version that ends', async () => {
    const { acts, fake } = world();
    const { code, stdout } = await run(['monitor', 'start', 'supported-live', '--why', 'a new prompt'], fake);
    expect(code).toBe(0);
    expect(acts).toEqual([[supportedLive.spec, { by: 'ada', why: 'a new prompt' }]]);
    expect(stdout).toContain('supported-live@2 scores 20 % of the runs of docs-bot by supported-live');
    expect(stdout).toContain('supported-live@1 is stopped: its scores stay with it');
    expect(stdout).toContain('ui/monitor-supported-live@2-1');
  });
  test('need a definition, and servers that stay', async () => {
    const { fake } = world();
    const unknown = await run(['monitor', 'start', 'suported-live'], fake);
    expect(unknown).toMatchObject({ code: 1, stderr: expect.stringContaining("did you mean 'supported-live'?") });
    const passing = { ...fake, runtime: { ...fake.runtime, isEphemeral: true } };
    expect(await run(['monitor', 'start', 'supported-live'], passing)).toMatchObject({
      ...{ code: 2, stderr: expect.stringContaining('sluice dev') },
    });
  });
  test('end it by its name', async () => {
    const { acts, fake } = world();
    const { stdout } = await run(['monitor', 'stop', 'supported-live', '--why', 'seen'], fake);
    expect(acts).toEqual([['supported-live', { by: 'ada', why: 'seen' }]]);
    expect(stdout).toBe('supported-live@2 is stopped\n  what came of it: sluice monitor status supported-live@2\n');
  });
});
