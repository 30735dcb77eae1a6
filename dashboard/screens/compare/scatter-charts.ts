/** Each example as a point: the baseline's value across, the variant's up. What lies off the diagonal has changed. */

import { showWhole } from '../../../src/base/format.ts';
import type { PageMetric } from '../../../src/evaluation/report/page-data.ts';
import { betterWords, showDifference, showValue } from '../../../src/evaluation/report/values.ts';
import { type Frame, type Option, pageFont, tipOf, tooltip } from './chart-frame.ts';
import { BETTER, type Bubble, bubblesOf, EQUAL, MISSING, type Pairs, WORSE } from './example-pairs.ts';

/** Pixels of the largest. */
const LARGEST = { wide: 46, narrow: 34 };
/** Points beyond are drawn in the library's fast way. */
const MANY = 2_000;

interface ScatterView {
  readonly metric: PageMetric;
  readonly labels: readonly [baseline: string, variant: string];
  readonly pairs: Pairs;
  readonly ids: readonly string[];
}

export function scatterOption({ metric, labels, pairs, ids }: ScatterView, frame: Frame): Option {
  const { colours, width } = frame;
  const { format } = metric;
  const ends = endsOf(pairs);
  const bubbles = bubblesOf(pairs);
  const points = bubbles === null ? pointsOf(pairs) : [];
  const text = { color: colours.muted, fontSize: 12, fontFamily: pageFont() };
  const axis = (name: string, gap: number) => ({
    type: 'value',
    name,
    nameLocation: 'middle',
    nameGap: gap,
    nameTextStyle: { ...text, color: colours.ink },
    min: ends[0],
    max: ends[1],
    splitNumber: 4,
    axisLine: { show: false },
    axisTick: { show: false },
    axisLabel: {
      ...text,
      formatter: (value: number) => showValue(value, format),
      hideOverlap: true,
      showMinLabel: false,
      showMaxLabel: false,
    },
    splitLine: { lineStyle: { color: colours.line } },
  });
  return {
    grid: { left: 66, right: 14, top: 26, bottom: 52 },
    xAxis: axis(`${labels[0]} →`, 28),
    yAxis: axis(`${labels[1]} →`, 52),
    brush: {
      // Not opaque: what is selected is to be seen.
      brushStyle: { color: `${colours.accent}26`, borderColor: colours.accent, borderWidth: 1 },
      throttleType: 'debounce',
      throttleDelay: 60,
      xAxisIndex: 0,
      yAxisIndex: 0,
      outOfBrush: { colorAlpha: 1 },
    },
    tooltip: tooltip(colours, ({ seriesIndex, dataIndex }) => {
      // The diagonal is the first series.
      if (seriesIndex === 0) return '';
      const examples = bubbles === null ? [points[seriesIndex - 1]![dataIndex]!] : bubbles[dataIndex]!.examples;
      return tip({ metric, labels, pairs, ids }, examples);
    }),
    series: [
      diagonal(ends, frame),
      ...(bubbles === null ? pointSeries(pairs, points, frame) : [bubbleSeries(bubbles, frame, width < 420)]),
    ],
    ...cornerWords(metric, frame),
  };
}

/** The outcomes in the order of their series. */
const OUTCOMES = [EQUAL, BETTER, WORSE];
const colourOf = (outcome: number, { colours }: Frame): string =>
  outcome === EQUAL ? colours.grey : outcome === BETTER ? colours.accent : colours.ink;

const pointsOf = (pairs: Pairs): readonly (readonly number[])[] =>
  OUTCOMES.map((outcome) => [...pairs.order].filter((example) => pairs.outcome[example] === outcome));

const pointSeries = (pairs: Pairs, points: readonly (readonly number[])[], frame: Frame) =>
  OUTCOMES.map((outcome, place) => ({
    type: 'scatter',
    large: pairs.first.length > MANY,
    largeThreshold: MANY,
    symbolSize: pairs.first.length > MANY ? 4 : 7,
    itemStyle: { color: colourOf(outcome, frame), opacity: pairs.first.length > MANY ? 0.35 : 0.6 },
    data: points[place]!.map((example) => [pairs.first[example], pairs.second[example]]),
  }));

function bubbleSeries(bubbles: readonly Bubble[], frame: Frame, isNarrow: boolean) {
  const most = bubbles[0]?.examples.length ?? 1;
  const largest = isNarrow ? LARGEST.narrow : LARGEST.wide;
  return {
    type: 'scatter',
    data: bubbles.map(({ first, second, outcome, examples }) => ({
      value: [first, second],
      symbolSize: Math.max(6, largest * Math.sqrt(examples.length / most)),
      itemStyle: { color: colourOf(outcome, frame), opacity: 0.55 },
    })),
    label: {
      show: bubbles.length <= 16,
      position: 'top',
      color: frame.colours.ink,
      fontSize: 12,
      opacity: 1,
      formatter: ({ dataIndex }: { readonly dataIndex: number }) => showWhole(bubbles[dataIndex]!.examples.length),
    },
  };
}

const diagonal = ([from, to]: readonly [number, number], { colours }: Frame) => ({
  type: 'line',
  data: [
    [from, from],
    [to, to],
  ],
  symbol: 'none',
  silent: true,
  lineStyle: { color: colours.grey, width: 1, type: [4, 4] },
  tooltip: { show: false },
});

function endsOf({ first, second, outcome }: Pairs): readonly [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const [example, value] of first.entries()) {
    if (outcome[example]! >= MISSING) continue;
    low = Math.min(low, value, second[example]!);
    high = Math.max(high, value, second[example]!);
  }
  if (low > high) return [0, 1];
  const air = (high - low || Math.abs(high) || 1) * 0.08;
  return [low - air, high + air];
}

/** Where the variant is better, and where worse. */
function cornerWords({ better }: PageMetric, { colours }: Frame): Option {
  const word = (text: string, place: object) => ({
    type: 'text',
    silent: true,
    style: { text, fill: colours.muted, fontSize: 12, fontFamily: pageFont() },
    ...place,
  });
  const [above, below] =
    better === 'higher'
      ? ['variant better: above the diagonal', 'below: worse']
      : ['variant worse: above the diagonal', 'below: better'];
  return { graphic: [word(above, { left: 66, top: 4 }), word(below, { right: 14, bottom: 4 })] };
}

function tip({ metric, labels, pairs, ids }: ScatterView, examples: readonly number[]): HTMLElement | string {
  const [example] = examples;
  if (example === undefined) return '';
  const [first, second] = [pairs.first[example]!, pairs.second[example]!];
  const values = `${labels[0]} ${showValue(first, metric.format)}, ${labels[1]} ${showValue(second, metric.format)}`;
  return tipOf(
    examples.length === 1 ? ids[example]! : `${showWhole(examples.length)} examples`,
    values,
    `${showDifference(second - first, metric.format)} (${betterWords(metric.better)})`,
  );
}

interface SpeedView {
  readonly latency: PageMetric;
  readonly metric: PageMetric;
  readonly labels: readonly [baseline: string, variant: string];
  /** Of the latency, and of the metric. */
  readonly took: Pairs;
  readonly scored: Pairs;
}

/** How long each example took against how good it was: both sides as points, over which a box may be drawn. */
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
  const points = (side: 'first' | 'second') => speedPoints(took[side], scored[side]);
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
function speedPoints(across: Float64Array, up: Float64Array): readonly (readonly [number, number])[] {
  const points: [number, number][] = [];
  for (const [example, value] of across.entries())
    if (!Number.isNaN(value) && !Number.isNaN(up[example]!)) points.push([value, up[example]!]);
  return points;
}
