/** Where labels correct an effect, that estimate comes first in every table and in the plot, and the scores' own after it. */
import { beforeAll, expect, it, vi } from 'vitest';
import type { ReportData } from '../../../src/evaluation/report/data.ts';
import { renderHtml } from '../../../src/evaluation/report/html.ts';
import { renderMarkdown } from '../../../src/evaluation/report/markdown.ts';
import { pageData } from '../../../src/evaluation/report/page-data.ts';
import { showEffect } from '../../../src/evaluation/report/values.ts';
import { makeReport } from './make-report.ts';

const corrected = { effect: 0.0123, lo: -0.0456, hi: 0.0789, labels: 120, method: 'ppi_mean' };
let data: ReportData;
let byLabels: string;
let alone: string;
beforeAll(async () => {
  const made = await makeReport({ examples: 40 });
  const [first, ...others] = made.report.metrics;
  const [side, ...more] = first!.sides;
  data = {
    ...made,
    report: { ...made.report, metrics: [{ ...first!, sides: [{ ...side!, corrected }, ...more] }, ...others] },
  };
  byLabels = showEffect({ diff: corrected.effect, lo: corrected.lo, hi: corrected.hi }, first!.format);
  alone = showEffect(side!.effect, first!.format);
});

it('in the HTML report without its script', async () => {
  expect((await renderHtml(data)).replaceAll('\\', '')).toContain(`${byLabels}; scores alone ${alone}`);
});

it('in Markdown', () => {
  const text = renderMarkdown(data).replaceAll('\\', '');
  expect(text).toContain(`${byLabels}; scores alone ${alone}`);
});

/** Named at run time: the charts are code for a browser, which these tests are not compiled for. */
const CHART = '../../../dashboard/screens/compare/row-charts.ts';

it('in the plot, where the other is drawn thinner below it', async () => {
  const { effectsOption }: { effectsOption(...of: readonly unknown[]): { series: unknown } } = await import(CHART);
  vi.stubGlobal('document', { body: {} });
  vi.stubGlobal('getComputedStyle', () => ({ fontFamily: 'serif' }));
  const metric = pageData(data).metrics[0]!;
  const frame = { width: 800, colours: { accent: 'accent', muted: 'muted', surface: 'surface', ink: 'ink' } };
  const option = effectsOption(metric, ['a', 'b', 'c', 'd'], frame);
  const [series] = option.series as readonly { renderItem(params: object, api: object): Drawn }[];
  const coord = ([value, row]: readonly [number, number]) => [value * 1_000, row * 30];
  const { children } = series!.renderItem(
    { dataIndex: 1, coordSys: { x: 0, y: 0, width: 800, height: 90 } },
    { coord },
  );
  const points = children.filter(({ type }) => type === 'circle').map(({ shape }) => shape!);
  expect(points.map(({ cx }) => cx)).toEqual([12.3, metric.sides[0]!.effect.diff! * 1_000]);
  expect(points[1]!.r).toBeLessThan(points[0]!.r);
  expect(points[1]!.cy).toBeGreaterThan(points[0]!.cy);
  expect(children.filter(({ type }) => type === 'path')).toHaveLength(2);
  vi.unstubAllGlobals();
});

interface Drawn {
  readonly children: readonly { readonly type: string; readonly shape?: { cx: number; cy: number; r: number } }[];
}
