/** When the runs were: drag over it to see only those. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { EChartsType } from 'echarts/core';
import { useCallback, useMemo } from 'react';
import { showTimeToday } from '../../../src/base/format.ts';
import { ask, type Trouble } from '../../api.ts';
import { Chart, type Paint } from '../../parts/chart.tsx';
import { Loaded } from '../../parts/states.tsx';
import { brush, COLOURS, onBrush, PLOT_HEIGHT, type PlotProps } from './plot.ts';
import { type Bin, stackedPoints } from './stacked-points.ts';

export function Histogram({ view, isReady, onNarrow }: PlotProps) {
  const { where } = view;
  const query = useQuery<{ bins: readonly Bin[] }, Trouble>({
    enabled: isReady,
    placeholderData: keepPreviousData,
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
