/** When the runs were, and two values of each: drag over either to see only those. */
import { useQuery } from '@tanstack/react-query';
import type { EChartsType } from 'echarts/core';
import { useCallback, useMemo } from 'react';
import { useLocation } from 'wouter';
import { ask, type Trouble } from '../../api.ts';
import { time } from '../../format.ts';
import { Chart, type Paint } from '../../parts/chart.tsx';
import { Loaded } from '../../parts/states.tsx';
import { type Condition, NAMES, type RunsView } from './search.ts';

interface Bin {
  readonly from: number;
  readonly to: number;
  readonly state: string;
  readonly n: number;
}

interface Points {
  readonly points: readonly {
    readonly runId: string;
    readonly state: string;
    readonly x: number;
    readonly y: number;
  }[];
  readonly both: number;
  readonly total: number;
}

interface PlotProps {
  readonly view: RunsView;
  readonly onNarrow: (conditions: readonly Condition[]) => void;
}

const STATES = ['completed', 'running', 'degraded', 'cancelled', 'failed'] as const;
const COLOURS: { readonly [state: string]: string } = {
  completed: 'accent',
  running: 'soft',
  degraded: 'grey',
  cancelled: 'band',
  failed: 'harm',
};
const PLOT_HEIGHT = '11rem';

export function Histogram({ view, onNarrow }: PlotProps) {
  const { where } = view;
  const query = useQuery<{ bins: readonly Bin[] }, Trouble>({
    queryKey: ['histogram', where],
    queryFn: ({ signal }) => ask('/v1/search/runs/histogram', { method: 'POST', body: { where, bins: 48 }, signal }),
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
      brush: BRUSH('lineX', paint),
      toolbox: { show: false },
      series: STATES.map((state) => ({
        name: state,
        type: 'bar',
        stack: 'runs',
        barCategoryGap: '10%',
        itemStyle: { color: paint(COLOURS[state]!) },
        data: bins.filter((bin) => bin.state === state).map(({ from, to, n }) => [(from + to) / 2, n]),
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
    return `Runs over time: ${total} from ${time(bins[0]!.from)} to ${time(bins.at(-1)!.to)}`;
  }, [bins]);
  return <Chart label={label} option={option} height={PLOT_HEIGHT} onReady={onReady} />;
}

export function Scatter({ view, onNarrow }: PlotProps) {
  const { where, axes } = view;
  const query = useQuery<Points, Trouble>({
    queryKey: ['points', where, axes],
    queryFn: ({ signal }) => ask('/v1/search/runs/points', { method: 'POST', body: { where, ...axes, limit: 2_000 }, signal }),
  });
  return (
    <section className="card">
      <h2>
        {NAMES[axes.y] ?? axes.y} against {NAMES[axes.x] ?? axes.x}
      </h2>
      <Loaded query={query} what="the points">
        {(points) =>
          points.both === 0 ? (
            <p className="muted">None of these {points.total} runs has both values.</p>
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

function Dots({ points: { points, both, total }, axes, onNarrow }: DotsProps) {
  const [, go] = useLocation();
  const option = useCallback(
    (paint: Paint) => ({
      tooltip: { formatter: ({ value }: { value: readonly [number, number, string] }) => value[2] },
      xAxis: axis(axes.x, paint),
      yAxis: axis(axes.y, paint),
      brush: BRUSH('rect', paint),
      toolbox: { show: false },
      series: STATES.map((state) => ({
        name: state,
        type: 'scatter',
        symbolSize: 6,
        itemStyle: { color: paint(COLOURS[state]!), opacity: 0.75 },
        data: points.filter((point) => point.state === state).map(({ x, y, runId }) => [x, y, runId]),
      })),
    }),
    [points, axes],
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
      {both < total && (
        <p className="muted">
          {total - both} of {total} runs have not both values, and are not drawn.
        </p>
      )}
    </>
  );
}

const between = (field: string, from: number, to: number): readonly Condition[] => [
  { field, op: '>=', value: from },
  { field, op: '<=', value: to },
];

const axis = (field: string, paint: Paint) => ({
  type: 'value',
  name: NAMES[field] ?? field,
  nameLocation: 'middle',
  nameGap: 22,
  scale: true,
  nameTextStyle: { color: paint('muted') },
  axisLabel: { color: paint('muted') },
  splitLine: { lineStyle: { color: paint('line') } },
});

const BRUSH = (type: 'lineX' | 'rect', paint: Paint) => ({
  toolbox: [type],
  xAxisIndex: 0,
  ...(type === 'rect' && { yAxisIndex: 0 }),
  throttleType: 'debounce',
  throttleDelay: 300,
  brushStyle: { color: paint('soft'), borderColor: paint('accent'), opacity: 0.4 },
});

interface Area {
  readonly brushType: string;
  readonly coordRange: readonly unknown[];
}

/** Dragging is brushing from the start; what was brushed is told once, when it is done. */
function onBrush(chart: EChartsType, told: (area: Area) => void): () => void {
  const begin = () => {
    const [{ toolbox }] = (chart.getOption() as { brush: readonly [{ toolbox: readonly string[] }] }).brush;
    const take = { brushType: toolbox[0] === 'rect' ? 'rect' : 'lineX', brushMode: 'single' };
    chart.dispatchAction({ type: 'takeGlobalCursor', key: 'brush', brushOption: take });
  };
  chart.on('brushEnd', (event) => {
    const [area] = (event as unknown as { areas: readonly Area[] }).areas;
    chart.dispatchAction({ type: 'brush', areas: [] });
    if (area) told(area);
  });
  const once = () => {
    chart.off('finished', once);
    begin();
  };
  chart.on('finished', once);
  return () => chart.off('brushEnd');
}
