/** The parts of ECharts that are used, and how a chart lives in its place: drawn when it comes near, and again as that changes. */
import { CustomChart, LineChart, ScatterChart } from 'echarts/charts';
import { BrushComponent, GraphicComponent, GridComponent, PolarComponent, TooltipComponent } from 'echarts/components';
import { type ECharts, init, use } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';
import { readColours } from '../theme.ts';
import type { Frame, Option } from './frame.ts';

use([
  CustomChart,
  LineChart,
  ScatterChart,
  BrushComponent,
  GraphicComponent,
  GridComponent,
  PolarComponent,
  TooltipComponent,
  CanvasRenderer,
]);

export type { ECharts };

export interface ChartPlan {
  /** Pixels; null: as the style has it. */
  readonly height: number | null;
  /** Read aloud in place of the picture. */
  readonly label: string;
  readonly option: (frame: Frame) => Option;
  /** Called once, when the chart is there. */
  readonly onMade?: (chart: ECharts) => void;
}

export interface LiveChart {
  /** Draws again, where it was drawn before. */
  redraw(): void;
  /** Draws now, wherever it is. */
  draw(): void;
}

/** How far ahead of the window charts are drawn. */
const AHEAD = '600px';

export function placeChart(element: HTMLElement, plan: ChartPlan): LiveChart {
  let chart: ECharts | undefined;
  let width = 0;
  const redraw = (): void => {
    if (chart === undefined) return;
    chart.setOption({ animation: false, ...plan.option({ colours: readColours(), width }) }, { notMerge: true });
  };
  const draw = (): void => {
    if (chart !== undefined || element.clientWidth === 0) return;
    width = element.clientWidth;
    chart = init(element, null, { renderer: 'canvas' });
    redraw();
    plan.onMade?.(chart);
    resizes.observe(element);
  };
  const resizes = new ResizeObserver(() => {
    if (chart === undefined || element.clientWidth === width || element.clientWidth === 0) return;
    width = element.clientWidth;
    chart.resize();
    redraw();
  });
  const nearness = new IntersectionObserver(
    (entries) => {
      if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
      nearness.disconnect();
      draw();
    },
    { rootMargin: AHEAD },
  );
  element.setAttribute('role', 'img');
  element.setAttribute('aria-label', plan.label);
  // Nothing is measured here: for each chart the whole page would be laid out again.
  if (plan.height !== null) element.style.height = `${plan.height}px`;
  nearness.observe(element);
  return { redraw, draw };
}
