/** All metrics in one picture: the worst in the middle and the best at the edge, whichever direction is good; gaps are gaps. */

import { useCallback, useMemo, useState } from 'react';
import { showWhole } from '../../../src/base/format.ts';
import type { Comparison, PageMetric } from '../../../src/evaluation/report/page-data.ts';
import { MISSING, showValue } from '../../../src/evaluation/report/values.ts';
import { type Frame, type Option, pageFont, tipOf, tooltip } from './chart-frame.ts';
import { meanRows, scaled } from './drawn-values.ts';
import { FramedChart } from './framed-chart.tsx';

const MOST_AXES = 10;
/** Fewer axes make no figure. */
const FEWEST_AXES = 3;

interface ProfileProps {
  readonly page: Comparison['page'];
  readonly side: number;
}

export function Profile({ page: { metrics, sides }, side }: ProfileProps) {
  const able = useMemo(() => metrics.filter(({ scale }) => scale !== null), [metrics]);
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set(able.slice(MOST_AXES).map(({ name }) => name)));
  const shown = useMemo(() => able.filter(({ name }) => !hidden.has(name)), [able, hidden]);
  const option = useCallback(
    (frame: Frame) => profileOption({ metrics: shown, labels: sides, side }, frame),
    [shown, sides, side],
  );
  const toggle = (name: string) => setHidden((now) => (now.has(name) ? without(now, name) : new Set([...now, name])));
  const hasAny = shown.some((metric) => metric.sides.some(({ variant }) => variant.mean !== null));
  return (
    <section className="card" aria-labelledby="profile-title">
      <h2 id="profile-title">All metrics</h2>
      {able.length < FEWEST_AXES ? (
        <p className="muted">A picture needs at least {FEWEST_AXES} metrics whose values differ.</p>
      ) : !hasAny ? (
        <p className="muted">No metric could be compared: no example has a value on both sides.</p>
      ) : (
        <>
          <p className="muted keys">
            <span className="key accent" /> {sides[side]} <span className="key grey" /> {sides[0]}
            {sides.length > 2 && ', others faint'}. The edge is the best; what is missing is a gap.
          </p>
          <FramedChart
            label="All metrics of each side; the cards below have the same values"
            option={option}
            height="21rem"
          />
          <details>
            <summary>Axes</summary>
            {able.map((metric) => (
              <label key={metric.name} className="axis-choice">
                <input
                  type="checkbox"
                  checked={!hidden.has(metric.name)}
                  disabled={!hidden.has(metric.name) && shown.length <= FEWEST_AXES}
                  onChange={() => toggle(metric.name)}
                />{' '}
                {metric.name} <span className="muted">{scaleWords(metric)}</span>
              </label>
            ))}
          </details>
        </>
      )}
    </section>
  );
}

const without = (set: ReadonlySet<string>, name: string) => new Set([...set].filter((each) => each !== name));

function scaleWords({ scale, format, better }: PageMetric): string {
  if (scale === null) return '';
  const turned = better === 'lower' ? ', lower is better: turned' : '';
  const ends = scale.from === 'declared' ? 'the ends of its scale' : 'between which 9 of 10 values of all sides lie';
  return `from ${showValue(scale.worst, format)} to ${showValue(scale.best, format)}, ${ends}${turned}`;
}

const LABEL_LENGTH = { wide: 18, narrow: 11 };
const isNarrow = (width: number): boolean => width < 420;

interface ProfileView {
  readonly metrics: readonly PageMetric[];
  readonly labels: readonly string[];
  /** The side in the accent colour. */
  readonly side: number;
}

interface Spoke {
  readonly value: readonly [radius: number | null, angle: number];
  readonly shown: string;
}

/**
 * Drawn as lines about a pole, since a radar of the library would draw what is missing in the middle, as if it were the
 * worst: a line has a gap there.
 */
function profileOption({ metrics, labels, side }: ProfileView, { colours, width }: Frame): Option {
  const rows = metrics.map((metric) => meanRows(metric, labels));
  const lineOf = (of: number): readonly Spoke[] => {
    const spokes = metrics.map((metric, angle): Spoke => {
      const { mean, missing } = rows[angle]![of]!;
      const shown = mean === null ? `${MISSING} (${showWhole(missing)} missing)` : showValue(mean, metric.format);
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
