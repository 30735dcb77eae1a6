/** What came to a pipeline before an experiment, as the experiment would have counted it. */
import { describe, expect, test } from 'vitest';
import { measureTraffic } from '../../src/experiment/traffic.ts';
import type { ExperimentSpec } from '../../src/model/experiment-spec.ts';
import type { TrafficFeedback, TrafficRun } from '../../src/store/traffic.ts';
import { DAY_MS, metricOf, specOf } from './analysis-fixtures.ts';

const NOW = Date.UTC(2026, 2, 15);
const MINUTE_MS = 60_000;

function runOf(runId: string, unit: string | null, daysAgo: number, more: Partial<TrafficRun> = {}): TrafficRun {
  const startedAt = NOW - daysAgo * DAY_MS;
  return {
    ...{ runId, unit, arms: {}, state: 'completed', startedAt, finishedAt: startedAt + 100, costUsd: 0.5 },
    ...{ inputTokens: 10, outputTokens: 1, input: null, output: null },
    ...more,
  };
}

const measure = (spec: ExperimentSpec, runs: readonly TrafficRun[], feedback: readonly TrafficFeedback[] = []) =>
  measureTraffic(
    {
      traffic: {
        runs: async () => runs.toSorted((a, b) => a.startedAt - b.startedAt),
        feedback: async () => feedback,
      },
      payloads: { put: async () => undefined, get: async () => new Map() },
    },
    spec,
    NOW,
  );

const said = (runId: string, thumb: 1 | -1, daysAgo: number): TrafficFeedback => ({
  ...{ feedbackId: `of-${runId}`, runId, thumb, score: null, at: NOW - daysAgo * DAY_MS + MINUTE_MS },
});

const failed = metricOf({ name: 'failed', better: 'lower' });
const latency = metricOf({ name: 'latency', kind: 'mean', source: { from: 'run', field: 'latencyMs' }, format: 'ms' });
const up = metricOf({ name: 'up', source: { from: 'feedback', field: 'up' }, absent: 'zero' });
const spec = (...metrics: ExperimentSpec['metrics']) => specOf({ metrics });

describe('units', () => {
  test('are counted once, over the days since the first run; runs of nobody are counted apart', async () => {
    const runs = [runOf('a', 'ada', 8), runOf('b', 'ada', 4), runOf('c', 'bob', 2), runOf('d', null, 1)];
    expect(await measure(spec(failed), runs)).toMatchObject({
      ...{ units: 2, days: 8, runs: 4, withoutUnit: 1, unitsPerDay: 0.25 },
    });
  });

  test('of less than a day are those of a day: nobody knows that they come again', async () => {
    expect(await measure(spec(failed), [runOf('a', 'ada', 0.01)])).toMatchObject({ days: 1, unitsPerDay: 1 });
  });

  test('without runs nothing is known', async () => {
    expect(await measure(spec(failed), [])).toMatchObject({ unitsPerDay: null, metrics: [null], units: 0 });
  });

  test('are read off the input where the experiment does, and only those of its target count', async () => {
    const asked = {
      ...spec(failed),
      unit: { $from: ['input', 'user'] as const },
      target: { $from: ['input', 'isPaying'] as const },
    };
    const input = (user: string | null, isPaying: boolean) => ({ input: { user, isPaying } });
    const runs = [
      runOf('a', 'x', 2, input('ada', true)),
      runOf('b', 'y', 2, input('ada', true)),
      runOf('c', 'z', 2, input('bob', false)),
      runOf('d', 'z', 2, input(null, true)),
    ];
    expect(await measure(asked, runs)).toMatchObject({ units: 1, offTarget: 1, withoutUnit: 1 });
  });
});

describe('a metric', () => {
  test('is of units: the mean of their runs, and whether any failed', async () => {
    const runs = [
      runOf('a', 'ada', 3),
      runOf('b', 'ada', 3, { state: 'failed', startedAt: NOW - 3 * DAY_MS + 10, finishedAt: NOW - 3 * DAY_MS + 310 }),
      runOf('c', 'bob', 2, { finishedAt: NOW - 2 * DAY_MS + 400 }),
    ];
    const { metrics, unitsOf } = await measure(spec(failed, latency), runs);
    expect(unitsOf).toEqual([2, 2]);
    // Of two: 1 and 0; (100 + 300)/2 and 400.
    expect(metrics).toEqual([
      { mean: 0.5, variance: 0.5 },
      { mean: 300, variance: 20_000 },
    ]);
  });

  test('counts what came within its window, of units whose window is over', async () => {
    const runs = [
      runOf('a', 'ada', 3),
      runOf('late', 'ada', 2, { state: 'failed' }),
      runOf('c', 'bob', 3),
      runOf('young', 'cleo', 5 / (24 * 60), { state: 'failed' }),
    ];
    expect(await measure(spec(failed), runs)).toMatchObject({ unitsOf: [2], metrics: [{ mean: 0, variance: 0 }] });
  });

  test('of feedback has silence as 0, where the metric does', async () => {
    const runs = [runOf('a', 'ada', 3), runOf('b', 'bob', 3), runOf('c', 'cleo', 3), runOf('d', 'dan', 3)];
    const thumbs = [said('a', 1, 3), said('b', -1, 3)];
    expect((await measure(spec(up), runs, thumbs)).metrics).toEqual([{ mean: 0.25, variance: expect.closeTo(0.25) }]);
    const rated = await measure(spec({ ...up, absent: 'missing' }), runs, thumbs);
    expect(rated).toMatchObject({ unitsOf: [2], metrics: [{ mean: 0.5 }] });
  });

  test('of unknown cost is missing, never 0; of one unit alone nothing is known of how units differ', async () => {
    const cost = metricOf({ name: 'cost', kind: 'mean', source: { from: 'run', field: 'costUsd' } });
    const runs = [runOf('a', 'ada', 3), runOf('b', 'bob', 3, { costUsd: null })];
    expect(await measure(spec(cost), runs)).toMatchObject({ unitsOf: [1], metrics: [null] });
  });

  test('of the output is read there; scores and nodes are not known beforehand', async () => {
    const lengthAt = (from: readonly [string, ...string[]]) =>
      metricOf({ name: from.join('.'), kind: 'mean', source: { from: 'value', wiring: { $from: from } } });
    const score = metricOf({ name: 'score', kind: 'mean', source: { from: 'score', scorer: 's', field: 'f' } });
    const output = (length: number) => ({ output: { length } });
    const runs = [runOf('a', 'ada', 3, output(2)), runOf('b', 'bob', 3, output(4))];
    const { metrics } = await measure(spec(lengthAt(['output', 'length']), lengthAt(['draft', 'length']), score), runs);
    expect(metrics).toEqual([{ mean: 3, variance: 2 }, null, null]);
  });

  test('of a ratio varies as its linearised values do', async () => {
    const perToken = metricOf({
      ...{ name: 'per-token', kind: 'ratio', source: { from: 'run', field: 'inputTokens' } },
      denominator: { from: 'run', field: 'outputTokens' },
    });
    const runs = [
      runOf('a', 'ada', 3, { inputTokens: 10, outputTokens: 1 }),
      runOf('b', 'bob', 3, { inputTokens: 20, outputTokens: 3 }),
    ];
    // 30 to 4 is 7.5; 10 - 7.5 and 20 - 22.5, over a mean of 2.
    expect((await measure(spec(perToken), runs)).metrics).toEqual([{ mean: 7.5, variance: 3.125 }]);
  });

  test('is of what is served: what variants did is left out', async () => {
    const runs = [
      runOf('a', 'ada', 3, { arms: { x: 'baseline' } }),
      runOf('b', 'bob', 3),
      runOf('c', 'cleo', 3, { arms: { x: 'wide' }, state: 'failed' }),
    ];
    expect(await measure(spec(failed), runs)).toMatchObject({ units: 3, unitsOf: [2], metrics: [{ mean: 0 }] });
  });
});
