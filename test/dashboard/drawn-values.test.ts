/** The numbers behind the charts: what is missing is a gap, and every axis of the whole picture points the same way. */
import { beforeAll, describe, expect, it } from 'vitest';
import { bandOf, meanRows, scaled } from '../../dashboard/screens/compare/drawn-values.ts';
import type { ReportData } from '../../src/evaluation/report/data.ts';
import { type PageMetric, pageData } from '../../src/evaluation/report/page-data.ts';
import { makeReport } from '../evaluation/report/make-report.ts';

let data: ReportData;
let metrics: readonly PageMetric[];
const named = (name: string): PageMetric => metrics.find((metric) => metric.name === name)!;
beforeAll(async () => {
  data = await makeReport({ examples: 200 });
  metrics = pageData(data).metrics;
});

describe('rows of means', () => {
  const LABELS = ['baseline', 'hybrid', 'hybrid + rerank', 'rewrite'];

  it('begin with the baseline, and have beside each side the baseline over the same pairs', () => {
    const rows = meanRows(named('correct'), LABELS);
    expect(rows.map(({ label }) => label)).toEqual(LABELS);
    expect(rows[0]).toMatchObject({ tone: 'baseline', beside: null });
    const { sides } = named('correct');
    expect(rows.slice(1).map(({ mean, beside }) => [mean, beside])).toEqual(
      sides.map(({ variant, baseline }) => [variant.mean, baseline.mean]),
    );
    expect(rows[0]!.pairs).toBe(Math.max(...sides.map(({ pairs }) => pairs)));
  });

  it('have no mean where nothing was measured, and the count of what is missing', async () => {
    const holes = await makeReport({ examples: 30, missingShare: 1 });
    const correct = pageData(holes).metrics.find(({ name }) => name === 'correct')!;
    const rows = meanRows(correct, LABELS);
    expect(rows.map(({ mean }) => mean)).toEqual([null, null, null, null]);
    expect(rows.every(({ missing }) => missing > 25)).toBe(true);
  });
});

describe('bands', () => {
  it.each([
    [{ minimumEffect: 0.02, margin: null, better: 'higher' }, [-0.02, 0.02]],
    [{ minimumEffect: null, margin: 150, better: 'lower' }, [0, 150]],
    [{ minimumEffect: null, margin: 0.1, better: 'higher' }, [-0.1, 0]],
    [{ minimumEffect: null, margin: null, better: 'higher' }, null],
  ] as const)('of %j', (declared, band) => {
    expect(bandOf(declared)).toEqual(band);
  });
});

describe('scales', () => {
  it('are the declared ends, or what 9 of 10 values lie between; the worst is 0 and the best 1 also where lower is better', () => {
    const [recall, slow, latency] = [named('recall@10'), named('slow'), named('latency')];
    expect(recall.scale).toEqual({ worst: 0, best: 1, from: 'declared' });
    expect(slow.scale).toEqual({ worst: 1, best: 0, from: 'declared' });
    expect(scaled(0.02, slow)).toBeCloseTo(0.98);
    const { worst, best, from } = latency.scale!;
    expect(from).toBe('seen');
    expect(worst).toBeGreaterThan(best);
    expect([scaled(worst, latency), scaled(best, latency)]).toEqual([0, 1]);
    const place = data.report.metrics.findIndex(({ name }) => name === 'latency');
    const values = data.examples.columns[place]!.flatMap((column) => [...column!.values]);
    const inside = values.filter((value) => value >= best && value <= worst).length / values.length;
    expect(inside).toBeGreaterThan(0.89);
    expect(inside).toBeLessThan(0.92);
  });

  it('draw what lies beyond at the end, and nothing where there is no value or no scale', () => {
    const { latency, recall } = { latency: named('latency'), recall: named('recall@10') };
    expect(scaled(1e9, latency)).toBe(0);
    expect(scaled(0, latency)).toBe(1);
    expect(scaled(null, recall)).toBeNull();
    expect(scaled(0.5, { scale: null })).toBeNull();
  });
});
