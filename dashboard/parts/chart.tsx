/** A chart of Apache ECharts that follows its box, the theme and its data. What it shows is said in words as well. */
import { BarChart, CustomChart, LineChart, ScatterChart } from 'echarts/charts';
import {
  BrushComponent,
  GridComponent,
  LegendComponent,
  MarkAreaComponent,
  MarkLineComponent,
  ToolboxComponent,
  TooltipComponent,
} from 'echarts/components';
import { type EChartsCoreOption, type EChartsType, init, use } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';
import { useEffect, useRef } from 'react';
import { colour, useThemeVersion } from '../theme.ts';

use([BarChart, LineChart, ScatterChart, CustomChart, GridComponent, TooltipComponent, LegendComponent]);
use([BrushComponent, ToolboxComponent, MarkLineComponent, MarkAreaComponent, CanvasRenderer]);

/** Colours of the style, by name. */
export type Paint = (name: string) => string;

interface ChartProps {
  /** What it says, in words: its title for those who do not see it. */
  readonly label: string;
  readonly option: (paint: Paint) => EChartsCoreOption;
  readonly height?: string;
  /** Given the chart once it is made: for what ECharts tells by events. Returns what takes that back. */
  readonly onReady?: (chart: EChartsType) => (() => void) | undefined;
}

export function Chart({ label, option, height, onReady }: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<EChartsType>(undefined);
  const theme = useThemeVersion();

  useEffect(() => {
    const made = init(box.current!, undefined, { renderer: 'canvas' });
    chart.current = made;
    const undo = onReady?.(made);
    const observer = new ResizeObserver(() => made.resize());
    observer.observe(box.current!);
    return () => {
      observer.disconnect();
      undo?.();
      made.dispose();
      chart.current = undefined;
    };
  }, [onReady]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the colours change with the theme
  useEffect(() => {
    chart.current?.setOption({ ...plain(), ...option(colour) }, { notMerge: true });
  }, [option, theme, onReady]);

  return <div className="chart" ref={box} role="img" aria-label={label} style={height ? { height } : undefined} />;
}

/** What all charts have: no motion, the page's own ink. */
const plain = (): EChartsCoreOption => ({
  animation: false,
  textStyle: { color: colour('ink'), fontFamily: 'inherit' },
  grid: { left: 8, right: 12, top: 24, bottom: 8, containLabel: true },
});
