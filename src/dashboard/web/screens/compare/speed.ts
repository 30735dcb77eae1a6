/** How long each example took against how good it was: both sides as points, over which a box may be drawn. */
import type { Frame, Option } from '../../../../evaluation/report/page/charts/frame.ts';
import { pageFont } from '../../../../evaluation/report/page/charts/frame.ts';
import type { Pairs } from '../../../../evaluation/report/page/examples/pairs.ts';
import type { PageMetric } from '../../../../evaluation/report/page-data.ts';
import { showValue } from '../../../../evaluation/report/values.ts';

export interface SpeedView {
  readonly latency: PageMetric;
  readonly metric: PageMetric;
  readonly labels: readonly [baseline: string, variant: string];
  /** Of the latency, and of the metric. */
  readonly took: Pairs;
  readonly scored: Pairs;
}

/** Points beyond are drawn in the library's fast way. */
const MANY = 2_000;

export function speedOption({ latency, metric, labels, took, scored }: SpeedView, { colours }: Frame): Option {
  const text = { color: colours.muted, fontSize: 12, fontFamily: pageFont() };
  const axis = (of: PageMetric, gap: number) => ({
    ...{ type: 'value', name: of.name, nameLocation: 'middle', nameGap: gap, scale: true, splitNumber: 4 },
    nameTextStyle: { ...text, color: colours.ink },
    axisLabel: {
      ...text,
      formatter: (value: number) => showValue(value, of.format),
      hideOverlap: true,
      showMinLabel: false,
      showMaxLabel: false,
    },
    ...(of.format === 'share' && SHARES),
    splitLine: { lineStyle: { color: colours.line } },
  });
  const points = (side: 'first' | 'second') => pointsOf(took[side], scored[side]);
  const series = (name: string, side: 'first' | 'second', color: string) => ({
    ...{ name, type: 'scatter', data: points(side), symbolSize: 6, itemStyle: { color, opacity: 0.55 } },
    ...{ large: took.first.length > MANY, largeThreshold: MANY, silent: true },
  });
  return {
    grid: { left: 66, right: 14, top: 26, bottom: 52 },
    legend: { top: 0, right: 0, textStyle: text, itemHeight: 8 },
    xAxis: axis(latency, 28),
    yAxis: axis(metric, 52),
    brush: {
      brushStyle: { color: `${colours.accent}26`, borderColor: colours.accent, borderWidth: 1 },
      ...{ throttleType: 'debounce', throttleDelay: 60, xAxisIndex: 0, yAxisIndex: 0 },
      outOfBrush: { colorAlpha: 1 },
    },
    series: [series(labels[0], 'first', colours.grey), series(labels[1], 'second', colours.accent)],
  };
}

/** Points at either end are seen whole. */
const SHARES = { min: -0.05, max: 1.05 };

/** Without those of which either is missing: they have no place. */
function pointsOf(across: Float64Array, up: Float64Array): readonly (readonly [number, number])[] {
  const points: [number, number][] = [];
  for (const [example, value] of across.entries())
    if (!Number.isNaN(value) && !Number.isNaN(up[example]!)) points.push([value, up[example]!]);
  return points;
}
