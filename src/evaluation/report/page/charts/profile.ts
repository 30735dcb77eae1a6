/**
 * All metrics in one picture: an axis each, the worst in the middle and the best at the edge, whichever direction is good.
 * Drawn as lines about a pole, since a radar of the library would draw what is missing in the middle, as if it were the
 * worst: a line has a gap there.
 */
import type { PageMetric } from '../../page-data.ts';
import { MISSING, showValue } from '../../values.ts';
import { meanRows, scaled } from './drawn-values.ts';
import { type Frame, type Option, pageFont, tipOf, tooltip } from './frame.ts';

/** Fewer axes make no figure. */
export const FEWEST_AXES = 3;
const LABEL_LENGTH = { wide: 18, narrow: 11 };
const isNarrow = (width: number): boolean => width < 420;

export interface ProfileView {
  readonly metrics: readonly PageMetric[];
  readonly labels: readonly string[];
  /** The side in the accent colour. */
  readonly side: number;
}

interface Spoke {
  readonly value: readonly [radius: number | null, angle: number];
  readonly shown: string;
}

export function profileOption({ metrics, labels, side }: ProfileView, { colours, width }: Frame): Option {
  const rows = metrics.map((metric) => meanRows(metric, labels));
  const lineOf = (of: number): readonly Spoke[] => {
    const spokes = metrics.map((metric, angle): Spoke => {
      const { mean, missing } = rows[angle]![of]!;
      const shown =
        mean === null ? `${MISSING} (${missing.toLocaleString('en')} missing)` : showValue(mean, metric.format);
      return { value: [scaled(mean, metric), angle], shown };
    });
    return [...spokes, { ...spokes[0]!, value: [spokes[0]!.value[0], metrics.length] }];
  };
  const order = labels.map((_, of) => of).sort((one, other) => rank(one, side) - rank(other, side));
  const text = { color: colours.muted, fontSize: 12, fontFamily: pageFont() };
  return {
    polar: { radius: isNarrow(width) ? '72%' : '76%' },
    angleAxis: {
      type: 'value',
      min: 0,
      max: metrics.length,
      interval: 1,
      startAngle: 90,
      axisLine: { lineStyle: { color: colours.line } },
      axisTick: { show: false },
      axisLabel: {
        ...text,
        color: colours.ink,
        formatter: (angle: number) => shortName(metrics[angle]?.name ?? '', isNarrow(width)),
      },
      splitLine: { lineStyle: { color: colours.line } },
    },
    radiusAxis: {
      min: 0,
      max: 1,
      interval: 0.25,
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: { show: false },
      splitLine: { lineStyle: { color: colours.line } },
    },
    tooltip: tooltip(colours, ({ dataIndex, seriesIndex }) => {
      const of = order[seriesIndex]!;
      const angle = dataIndex % metrics.length;
      return tipOf(`${labels[of]}: ${lineOf(of)[angle]!.shown}`, metrics[angle]!.name);
    }),
    series: order.map((of) => {
      const color = of === 0 ? colours.grey : of === side ? colours.accent : colours.muted;
      const isQuiet = of !== 0 && of !== side;
      return {
        type: 'line',
        coordinateSystem: 'polar',
        data: lineOf(of).map(({ value: [radius, angle] }) => [radius ?? '-', angle]),
        connectNulls: false,
        symbol: 'circle',
        symbolSize: of === side ? 8 : 5,
        itemStyle: { color, opacity: isQuiet ? 0.45 : 1 },
        lineStyle: {
          color,
          width: of === side ? 2.5 : 1.5,
          type: of === 0 ? [5, 4] : 'solid',
          opacity: isQuiet ? 0.45 : 1,
        },
      };
    }),
  };
}

/** The chosen side is drawn last, the baseline before it. */
const rank = (of: number, side: number): number => (of === side ? 2 : of === 0 ? 1 : 0);

function shortName(name: string, narrow: boolean): string {
  const length = narrow ? LABEL_LENGTH.narrow : LABEL_LENGTH.wide;
  return name.length > length ? `${name.slice(0, length - 1)}…` : name;
}
