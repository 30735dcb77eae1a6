import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { watchHealth } from '../../src/telemetry/health.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { type ReadFamily, readExposition } from './exposition.ts';
import { storeOf, wellParts } from './vitals-fake.ts';

const ODD = 'a "quoted"\\\nname';
const full = storeOf(
  {
    runs: async () => [
      { ...{ pipeline: ODD, started: 4, completed: 2, degraded: 0, failed: 1, cancelled: 0 }, seconds: [1, 2, 3] },
      { ...{ pipeline: 'new', started: 1, completed: 0, degraded: 0, failed: 0, cancelled: 0 }, seconds: null },
    ],
    unfinished: async () => [{ pipeline: 'new', runs: 1, oldestMs: 4_500 }],
    spending: async () => [
      {
        ...{ provider: 'p', model: 'priced', calls: 3, failed: 1, unknown: 1, usd: 0.5 },
        inputTokens: 7,
        outputTokens: 8,
      },
      { ...{ provider: 'p', model: 'odd', calls: 2, failed: 0, unknown: 2, usd: 0 }, inputTokens: 0, outputTokens: 0 },
    ],
    feedback: async () => [{ pipeline: 'new', up: 1, down: 2, other: 0 }],
    experiments: async () => [{ state: 'running', count: 1 }],
    scoreTasks: async () => [{ experimentId: 'rerank', queued: 3, done: 2, failed: 0 }],
    monitors: async () => [
      { ...{ monitorId: 'm@1', pipeline: 'new', triggered: 9, sampled: 5 }, ...{ scored: 3, failed: 1, skipped: 1 } },
    ],
    evaluations: async () => [{ state: 'running', count: 2 }],
  },
  {
    liveExperiments: async () => [
      {
        ...{ experimentId: 'rerank', pipeline: 'new', state: 'running', lookEveryMs: 60_000 },
        looks: 7,
        decision: 'continue',
        quietMs: 1_500,
      },
      {
        ...{ experimentId: 'young', pipeline: 'new', state: 'running', lookEveryMs: 60_000 },
        looks: 0,
        decision: null,
        quietMs: 9,
      },
    ],
  },
);

const health = watchHealth(wellParts({ vitals: { workers: async () => 0 } }));

async function scrape(metrics: ReturnType<typeof createMetrics>) {
  const families = readExposition(await metrics.scrape());
  return {
    families,
    valuesOf: (name: string) =>
      families.get(name)?.samples.map(({ labels, value }) => [...Object.values(labels), value]),
  };
}

function fullMetrics() {
  const metrics = createMetrics({ version: '1.2.3' });
  metrics.watch({ name: 'sluice_http_runs_in_flight', help: 'Runs.', read: () => 3 });
  metrics.watch({
    name: 'sluice_token_pieces_total',
    help: 'Pieces.',
    label: 'outcome',
    read: () => ({ sent: 5, dropped: 1 }),
  });
  metrics.http.count({ method: 'POST', route: '/v1/x', status: 429, seconds: 0.1, refusal: 'overloaded' });
  metrics.collect({ store: full, health });
  return metrics;
}

describe('metrics', () => {
  test('say what the store says, in base units; what is not known has no line', async () => {
    const { valuesOf } = await scrape(fullMetrics());
    expect(valuesOf('sluice_build_info')).toEqual([['1.2.3', 1]]);
    expect(valuesOf('sluice_recent_runs_ended')).toContainEqual([ODD, 'failed', 1]);
    expect(valuesOf('sluice_recent_run_duration_seconds')).toEqual([
      [ODD, '0.5', 1],
      [ODD, '0.95', 2],
      [ODD, '0.99', 3],
    ]);
    expect(valuesOf('sluice_unfinished_run_age_seconds')).toEqual([['new', 4.5]]);
    expect(valuesOf('sluice_provider_cost_usd_today')).toEqual([['p', 'priced', 0.5]]);
    expect(valuesOf('sluice_provider_unknown_cost_calls_today')).toEqual([
      ['p', 'priced', 1],
      ['p', 'odd', 2],
    ]);
    expect(valuesOf('sluice_experiment_looks_total')).toEqual([
      ['rerank', 'new', 7],
      ['young', 'new', 0],
    ]);
    expect(valuesOf('sluice_experiment_decision')).toEqual([['rerank', 'new', 'continue', 1]]);
    expect(valuesOf('sluice_monitor_runs_total')).toContainEqual(['m@1', 'new', 'skipped', 1]);
    expect(valuesOf('sluice_http_runs_in_flight')).toEqual([[3]]);
    expect(valuesOf('sluice_token_pieces_total')).toEqual([
      ['sent', 5],
      ['dropped', 1],
    ]);
    expect(valuesOf('sluice_health_status')).toEqual([[2]]);
    expect(valuesOf('sluice_health_check_status')).toContainEqual(['workers', 2]);
    expect(valuesOf('sluice_stalled')?.map(([check]) => check)).not.toContain('workers');
  });

  test('are named as Prometheus has it: counters end in _total, units are base units, each has its help', async () => {
    const { families } = await scrape(fullMetrics());
    const ours = [...families.values()].filter(({ name }) => name.startsWith('sluice_'));
    expect(ours.length).toBeGreaterThan(30);
    expect(ours.filter(isNamedBadly).map(({ name }) => name)).toEqual([]);
    expect(ours.filter(({ samples }) => samples.length === 0).map(({ name }) => name)).toEqual([
      ...['sluice_monitor_queued', 'sluice_monitor_alerting', 'sluice_trace_export_age_seconds'],
    ]);
    expect(families.has('process_cpu_seconds_total')).toBe(true);
  });

  test('are in docs/reference/metrics.md, each with its type and labels, and alerts are about no other', async () => {
    const { families } = await scrape(fullMetrics());
    const read = (page: string) => readFileSync(join(import.meta.dirname, '../../docs', page), 'utf8');
    const text = read('reference/metrics.md');
    const rows = [...text.matchAll(/^\| `(sluice_\w+)` \| (\w+) \| ([^|]+) \|/gm)].map(([, ...cells]) => cells);
    const ours = [...families.values()].filter(({ name }) => name.startsWith('sluice_'));
    expect(rows.map(([name, type]) => [name, type]).sort()).toEqual(ours.map(({ name, type }) => [name, type]).sort());
    for (const [name = '', type, labels = ''] of rows) {
      const [sample] = families.get(name)!.samples;
      const said = labels.split(', ').filter((label) => label !== '–');
      if (sample !== undefined && type !== 'histogram')
        expect([name, Object.keys(sample.labels)]).toEqual([name, said]);
    }
    const used = new Set(read('operations/metrics.md').match(/\bsluice_\w+/g));
    expect(used.size).toBeGreaterThan(10);
    expect([...used].filter((name) => !families.has(name))).toEqual([]);
  });

  test('a question that fails takes its own lines away, and comes back', async () => {
    let [at, isBroken] = [0, false];
    const workers = async () => {
      if (isBroken) throw new Error('gone');
      return 4;
    };
    const metrics = createMetrics({ version: '1', now: () => at });
    metrics.collect({ store: storeOf({}, { workers }), health });
    expect((await scrape(metrics)).valuesOf('sluice_workers')).toEqual([[4]]);
    [at, isBroken] = [5_000, true];
    const broken = await scrape(metrics);
    expect(broken.valuesOf('sluice_workers')).toEqual([]);
    expect(broken.valuesOf('sluice_collector_up')).toContainEqual(['workers', 0]);
    expect(broken.valuesOf('sluice_collector_up')).toContainEqual(['runs', 1]);
    [at, isBroken] = [10_000, false];
    const whole = await scrape(metrics);
    expect(whole.valuesOf('sluice_workers')).toEqual([[4]]);
    expect(whole.valuesOf('sluice_collector_up')).toContainEqual(['workers', 1]);
  });

  test('an answer is kept for five seconds, and longer where it took long', async () => {
    let [at, asked, tookMs] = [0, 0, 0];
    const workers = async () => {
      asked += 1;
      at += tookMs;
      return asked;
    };
    const metrics = createMetrics({ version: '1', now: () => at });
    metrics.collect({ store: storeOf({}, { workers }), health });
    await Promise.all(Array.from({ length: 9 }, () => metrics.scrape()));
    at = 4_999;
    await metrics.scrape();
    expect(asked).toBe(1);
    [at, tookMs] = [5_000, 1_000];
    await metrics.scrape();
    expect(asked).toBe(2);
    at += 19_999;
    await metrics.scrape();
    expect(asked).toBe(2);
    at += 1;
    expect((await scrape(metrics)).valuesOf('sluice_workers')).toEqual([[3]]);
  });

  test('few questions are asked at a time', async () => {
    let [underWay, most] = [0, 0];
    const slowly = async () => {
      underWay += 1;
      most = Math.max(most, underWay);
      await new Promise(setImmediate);
      underWay -= 1;
      return [];
    };
    const metrics = createMetrics({ version: '1' });
    const store = storeOf({ runs: slowly, unfinished: slowly, spending: slowly, feedback: slowly, monitors: slowly });
    metrics.collect({ store, health });
    await metrics.scrape();
    expect(most).toBe(2);
  });

  test('those of two servers in one process are apart', async () => {
    const [one, other] = [createMetrics({ version: '1' }), createMetrics({ version: '1' })];
    one.http.count({ method: 'GET', route: '/v1/runs', status: 200, seconds: 0.1 });
    expect((await scrape(one)).valuesOf('sluice_http_requests_total')).toEqual([['GET', '/v1/runs', '200', 1]]);
    expect((await scrape(other)).valuesOf('sluice_http_requests_total')).toEqual([]);
  });

  test.each([
    ['a sample without a type', 'a 1\n'],
    ['a name with a dash', '# HELP a-b c\n# TYPE a-b gauge\n'],
    ['a line that was there', '# HELP a b\n# TYPE a gauge\na{b="c"} 1\na{b="c"} 2\n'],
    ['a label that is open', '# HELP a b\n# TYPE a gauge\na{b="c} 1\n'],
    ['no number', '# HELP a b\n# TYPE a gauge\na one\n'],
  ])('the reader of these tests refuses %s', (_, text) => expect(() => readExposition(text)).toThrow());
});

function isNamedBadly({ name, help, type, samples }: ReadFamily): boolean {
  // Labels of histograms and summaries alone.
  if (type === 'gauge' && samples.some(({ labels }) => 'le' in labels || 'quantile' in labels)) return true;
  if (name.endsWith('_total') !== (type === 'counter') || !help.endsWith('.')) return true;
  return /_(ms|millis|minutes|hours|kb|mb)(_|$)/.test(name);
}
