/** The effect over the looks, each with the interval that is valid at all of them at once; the baseline is the grey line. */

import { useCallback, useMemo, useState } from 'react';
import { showTimeToday, showWhole } from '../../../src/base/format.ts';
import {
  differenceUnit,
  showDifference,
  showEffect,
  showRange,
  showTick,
} from '../../../src/evaluation/report/values.ts';
import { toneOf } from '../../../src/experiment/brief-words.ts';
import type { OnlineMetric } from '../../../src/model/experiment-spec.ts';
import type { ExperimentDesign, LookPoint, Looks } from '../../api-types.ts';
import { Chart, type Paint } from '../../parts/chart.tsx';

interface Point {
  readonly at: number;
  readonly effect: number | null;
  readonly interval: readonly [number, number] | null;
  readonly isHarm: boolean;
  readonly look: LookPoint;
}

export function EffectOverTime({
  asked,
  looks: { looks, total },
}: {
  readonly asked: ExperimentDesign;
  readonly looks: Looks;
}) {
  const variants = asked.arms.slice(1).map(({ name }) => name);
  const shown = asked.metrics.filter(({ kind }) => kind !== 'quantile');
  const [name, setName] = useState(shown[0]?.name ?? '');
  const [variant, setVariant] = useState(variants[0] ?? '');
  const metric = shown.find((each) => each.name === name);
  const points = useMemo(
    () => (metric === undefined ? [] : pointsOf(looks, metric, variant)),
    [looks, metric, variant],
  );
  if (metric === undefined) return <p className="muted">It measures nothing that is tested.</p>;
  const withInterval = points.filter(({ interval }) => interval !== null).length;
  return (
    <>
      <div className="bar">
        <label htmlFor="effect-of">Effect on</label>
        <select id="effect-of" value={name} onChange={(event) => setName(event.target.value)}>
          {shown.map((each) => (
            <option key={each.name} value={each.name}>
              {each.name} ({each.role})
            </option>
          ))}
        </select>
        {variants.length > 1 && (
          <>
            <label htmlFor="effect-arm">of</label>
            <select id="effect-arm" value={variant} onChange={(event) => setVariant(event.target.value)}>
              {variants.map((each) => (
                <option key={each}>{each}</option>
              ))}
            </select>
          </>
        )}
        <span className="muted">
          {metric.better === 'higher' ? 'Up' : 'Down'} is better
          {metric.margin !== null && '; dashed is the harm that is tolerated'}
        </span>
      </div>
      {withInterval === 0 ? (
        <p className="muted">
          {total === 0 ? 'No look' : `${showWhole(total)} ${total === 1 ? 'look' : 'looks'}`} so far, and no interval:
          too few {asked.unitName}s have matured. The first appears by itself.
        </p>
      ) : (
        <Drawn points={points} metric={metric} variant={variant} />
      )}
      {cutAt(points) !== null && <p className="muted">The first intervals are wider than what is drawn.</p>}
      {looks.length < total && (
        <p className="muted">
          {looks.length} of {showWhole(total)} looks are drawn, evenly apart.
        </p>
      )}
    </>
  );
}

const pointsOf = (looks: readonly LookPoint[], { name, role }: OnlineMetric, variant: string): readonly Point[] =>
  looks.flatMap((look) => {
    const row = look.rows.find((each) => each.metric === name && each.variant === variant);
    if (row === undefined) return [];
    const isHarm = toneOf({ status: row.status, role }) === 'harm';
    return [{ at: look.at, effect: row.effect, interval: row.interval, isHarm, look }];
  });

interface DrawnProps {
  readonly points: readonly Point[];
  readonly metric: OnlineMetric;
  readonly variant: string;
}

function Drawn({ points, metric, variant }: DrawnProps) {
  const { name, format } = metric;
  const option = useCallback((paint: Paint) => optionOf(points, metric, paint), [points, metric]);
  const last = points.at(-1)!;
  const between = last.interval === null ? 'no interval yet' : showRange(...last.interval, format);
  return (
    <Chart
      label={`Effect of ${variant} on ${name} at ${points.length} looks; at the last ${showDifference(last.effect, format)}, ${between}`}
      option={option}
      height="17rem"
    />
  );
}

/** The first intervals are so wide that nothing else could be read: beyond this they are cut off; null: they need not be. */
function cutAt(points: readonly Point[]): number | null {
  const ends = points
    .flatMap(({ interval }) => (interval === null ? [] : [Math.max(...interval.map(Math.abs))]))
    .sort((one, other) => one - other);
  const usual = 1.2 * (ends[Math.floor(0.9 * (ends.length - 1))] ?? 0);
  if (usual === 0 || ends.at(-1)! <= 1.5 * usual) return null;
  // Up to a round number, as it stands at the axis.
  const step = 10 ** Math.floor(Math.log10(usual)) / 2;
  return Math.ceil(usual / step) * step;
}

/** As ECharts calls what draws a series of one's own. */
interface Drawing {
  value(dimension: number): number;
  coord(at: readonly number[]): readonly [number, number];
}

const WHISKER = { most: 9, least: 2 };

function optionOf(points: readonly Point[], { format, margin, better }: OnlineMetric, paint: Paint) {
  const known = points.filter(({ interval }) => interval !== null);
  const width = Math.min(WHISKER.most, Math.max(WHISKER.least, 420 / Math.max(1, known.length)));
  const most = cutAt(known);
  const limit = margin === null ? [] : [better === 'lower' ? margin : -margin];
  return {
    xAxis: {
      type: 'time',
      axisLine: { onZero: false, lineStyle: { color: paint('line') } },
      axisLabel: { color: paint('muted'), hideOverlap: true },
    },
    yAxis: {
      type: 'value',
      ...(most !== null && { min: -most, max: most }),
      axisLabel: { color: paint('muted'), formatter: (value: number) => showTick(value, format) },
      name: differenceUnit(format),
      nameTextStyle: { color: paint('muted'), align: 'left' },
      splitLine: { lineStyle: { color: paint('line') } },
    },
    tooltip: {
      trigger: 'axis',
      formatter: (over: readonly { readonly dataIndex: number }[]) => tooltipOf(known[over[0]?.dataIndex ?? 0], format),
    },
    series: [
      {
        type: 'custom',
        clip: true,
        data: known.map(({ at, interval, isHarm }) => [at, interval![0], interval![1], isHarm ? 1 : 0]),
        encode: { x: 0, y: [1, 2] },
        renderItem: (_: unknown, api: Drawing) => {
          const [x, bottom] = api.coord([api.value(0), api.value(1)]);
          const [, top] = api.coord([api.value(0), api.value(2)]);
          const isHarm = api.value(3) === 1;
          return {
            type: 'rect',
            shape: { x: x - width / 2, y: top, width, height: bottom - top },
            style: { fill: paint(isHarm ? 'harm-soft' : 'soft'), stroke: isHarm ? paint('harm') : undefined },
          };
        },
        markLine: {
          silent: true,
          symbol: 'none',
          animation: false,
          data: [
            {
              yAxis: 0,
              lineStyle: { color: paint('grey'), type: 'solid', width: 2 },
              label: { formatter: 'baseline', position: 'insideStartTop', color: paint('muted') },
            },
            ...limit.map((at) => ({
              yAxis: at,
              lineStyle: { color: paint('edge'), type: 'dashed' },
              label: { formatter: 'limit', position: 'insideEndTop', color: paint('muted') },
            })),
          ],
        },
      },
      {
        type: 'line',
        data: known.map(({ at, effect }) => [at, effect]),
        showSymbol: known.length < 40,
        symbolSize: 5,
        lineStyle: { color: paint('accent'), width: 1.5 },
        itemStyle: { color: paint('accent') },
      },
    ],
  };
}

function tooltipOf(point: Point | undefined, format: OnlineMetric['format']): string {
  if (point?.interval == null) return '';
  const { look, effect, interval } = point;
  return [
    `look ${look.lookNo}, ${showTimeToday(look.at)}`,
    showEffect({ diff: effect, lo: interval[0], hi: interval[1] }, format),
    `${look.decision} (${look.reason.replaceAll('_', ' ')}), ${showWhole(look.exposed)} exposed`,
  ].join('<br>');
}
