/** Two values of each run: drag over it to see only those, or open one. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { EChartsType } from 'echarts/core';
import { useCallback, useMemo } from 'react';
import { useLocation } from 'wouter';
import { shortNumber, showTimeToday } from '../../../src/base/format.ts';
import type { RunCondition } from '../../../src/model/run-fields.ts';
import { type ApiError, call } from '../../api.ts';
import { Chart, type Paint } from '../../parts/chart.tsx';
import { Loaded } from '../../parts/states.tsx';
import { NAMES } from './condition-words.ts';
import { brush, COLOURS, onBrush, PLOT_HEIGHT, type PlotProps } from './plot.ts';
import type { RunsView } from './search.ts';
import { type Bin, STATES, stackedPoints } from './stacked-points.ts';

interface Points {
  readonly points: readonly {
    readonly runId: string;
    readonly state: string;
    readonly x: number;
    readonly y: number;
  }[];
  readonly drawn: number;
}

interface ScatterProps extends PlotProps {
  readonly onAxes: (axes: RunsView['axes']) => void;
}

const AXES = ['latencyMs', 'costUsd', 'tokens', 'score', 'thumb', 'started'] as const;

export function Scatter({ view, isReady, onNarrow, onAxes }: ScatterProps) {
  const { where, axes } = view;
  const query = useQuery<Points, ApiError>({
    enabled: isReady,
    placeholderData: keepPreviousData,
    queryKey: ['points', where, axes],
    queryFn: ({ signal }) => call('plotRuns', { body: { where, ...axes, limit: 2_000 }, signal }),
  });
  return (
    <section className="card">
      <div className="bar">
        <h2>Each run</h2>
        {(['y', 'x'] as const).map((axis) => (
          <label key={axis}>
            {axis === 'x' ? 'against' : <span className="visually-hidden">up</span>}{' '}
            <select value={axes[axis]} onChange={({ target }) => onAxes({ ...axes, [axis]: target.value })}>
              {AXES.map((name) => (
                <option key={name} value={name}>
                  {NAMES[name]}
                </option>
              ))}
            </select>
          </label>
        ))}
      </div>
      <Loaded query={query} what="the points">
        {(points) =>
          points.points.length === 0 ? (
            <p className="muted">None of the {points.drawn} runs that were drawn has both values.</p>
          ) : (
            <Dots points={points} axes={axes} onNarrow={onNarrow} />
          )
        }
      </Loaded>
    </section>
  );
}

interface DotsProps {
  readonly points: Points;
  readonly axes: RunsView['axes'];
  readonly onNarrow: PlotProps['onNarrow'];
}

function Dots({ points: { points, drawn }, axes, onNarrow }: DotsProps) {
  const [, go] = useLocation();
  const option = useCallback(
    (paint: Paint) => ({
      tooltip: { formatter: ({ value }: { value: readonly [number, number, string] }) => value[2] },
      xAxis: axis(paint),
      yAxis: axis(paint),
      brush: brush('rect', paint),
      toolbox: { show: false },
      series: STATES.map((state) => ({
        name: state,
        type: 'scatter',
        symbolSize: 6,
        itemStyle: { color: paint(COLOURS[state]!), opacity: 0.75 },
        data: points.filter((point) => point.state === state).map(({ x, y, runId }) => [x, y, runId]),
      })),
    }),
    [points],
  );
  const onReady = useCallback(
    (chart: EChartsType) => {
      const undo = onBrush(chart, ({ coordRange }) => {
        const [[x1, x2], [y1, y2]] = coordRange as unknown as readonly [
          readonly [number, number],
          readonly [number, number],
        ];
        onNarrow([...between(axes.x, x1, x2), ...between(axes.y, y1, y2)]);
      });
      chart.on('click', (event) => go(`/runs/${(event.value as readonly unknown[])[2]}`));
      return undo;
    },
    [axes, onNarrow, go],
  );
  const label = `${NAMES[axes.y] ?? axes.y} against ${NAMES[axes.x] ?? axes.x}, of ${points.length} runs`;
  return (
    <>
      <Chart label={label} option={option} height={PLOT_HEIGHT} onReady={onReady} />
      {points.length < drawn && (
        <p className="muted">
          {drawn - points.length} of {drawn} runs that were drawn have not both values.
        </p>
      )}
    </>
  );
}

const between = (field: string, from: number, to: number): readonly RunCondition[] => [
  { field, op: '>=', value: from },
  { field, op: '<=', value: to },
];

/** What it is of is said above the chart, where it is chosen. */
const axis = (paint: Paint) => ({
  type: 'value',
  scale: true,
  axisLabel: { color: paint('muted'), formatter: shortNumber },
  splitLine: { lineStyle: { color: paint('line') } },
});

// Runs over time. Dragging filters by time.

export function Histogram({ view, isReady, onNarrow }: PlotProps) {
  const { where } = view;
  const query = useQuery<{ bins: readonly Bin[] }, ApiError>({
    enabled: isReady,
    placeholderData: keepPreviousData,
    queryKey: ['histogram', where],
    queryFn: ({ signal }) => call('countRuns', { body: { where, bins: 48 }, signal }),
  });
  return (
    <section className="card">
      <h2>Runs over time</h2>
      <Loaded query={query} what="the histogram">
        {({ bins }) => <Bars bins={bins} onNarrow={onNarrow} />}
      </Loaded>
    </section>
  );
}

function Bars({ bins, onNarrow }: { bins: readonly Bin[]; onNarrow: PlotProps['onNarrow'] }) {
  const option = useCallback(
    (paint: Paint) => ({
      tooltip: { trigger: 'axis', axisPointer: { type: 'shadow' } },
      xAxis: { type: 'time', axisLabel: { color: paint('muted'), hideOverlap: true } },
      yAxis: {
        type: 'value',
        minInterval: 1,
        axisLabel: { color: paint('muted') },
        splitLine: { lineStyle: { color: paint('line') } },
      },
      brush: brush('lineX', paint),
      toolbox: { show: false },
      series: [...stackedPoints(bins)].map(([state, data]) => ({
        name: state,
        type: 'bar',
        stack: 'runs',
        barCategoryGap: '10%',
        itemStyle: { color: paint(COLOURS[state]!) },
        data,
      })),
    }),
    [bins],
  );
  const onReady = useCallback(
    (chart: EChartsType) =>
      onBrush(chart, ({ coordRange: [from, to] }) =>
        onNarrow([
          { field: 'started', op: 'after', value: Math.floor(from as number) },
          { field: 'started', op: 'before', value: Math.ceil(to as number) },
        ]),
      ),
    [onNarrow],
  );
  const label = useMemo(() => {
    const total = bins.reduce((sum, { n }) => sum + n, 0);
    if (total === 0) return 'Runs over time: none';
    return `Runs over time: ${total} from ${showTimeToday(bins[0]!.from)} to ${showTimeToday(bins.at(-1)!.to)}`;
  }, [bins]);
  return <Chart label={label} option={option} height={PLOT_HEIGHT} onReady={onReady} />;
}
