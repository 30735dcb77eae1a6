/** What both plots of the runs have: what they are given, how states look, and dragging over them. */
import type { EChartsType } from 'echarts/core';
import type { RunCondition } from '../../../src/model/run-fields.ts';
import type { Paint } from '../../parts/chart.tsx';
import type { RunsView } from './search.ts';

export interface PlotProps {
  readonly view: RunsView;
  /** Rows come first: a plot is asked for when they are there. */
  readonly isReady: boolean;
  readonly onNarrow: (conditions: readonly RunCondition[]) => void;
}

export const COLOURS: { readonly [state: string]: string } = {
  completed: 'accent',
  running: 'soft',
  degraded: 'grey',
  cancelled: 'band',
  failed: 'harm',
};

export const PLOT_HEIGHT = '11rem';

export const brush = (type: 'lineX' | 'rect', paint: Paint) => ({
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
export function onBrush(chart: EChartsType, told: (area: Area) => void): () => void {
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
