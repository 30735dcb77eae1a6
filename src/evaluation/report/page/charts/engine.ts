/** The parts of ECharts that are used, and how a chart lives in its place: drawn when it comes near, and again as that changes. */
import { CustomChart, LineChart, ScatterChart } from 'echarts/charts';
import { BrushComponent, GraphicComponent, GridComponent, PolarComponent, TooltipComponent } from 'echarts/components';
import { type ECharts, type EChartsCoreOption, init, use } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';
import { type Colours, readColours } from '../theme.ts';

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

/** The page's own, since a canvas inherits none. */
export const pageFont = (): string => getComputedStyle(document.body).fontFamily;

export type Option = EChartsCoreOption;
export type { ECharts };

export interface Frame {
  readonly colours: Colours;
  /** Pixels. */
  readonly width: number;
}

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

/** Lines of text for a tooltip: an element, as styles written in HTML are not allowed here. */
export function tipOf(...lines: readonly string[]): HTMLElement {
  const box = document.createElement('div');
  for (const [place, line] of lines.entries()) {
    const part = document.createElement(place === 0 ? 'strong' : 'div');
    part.textContent = line;
    box.append(part);
  }
  return box;
}

interface TipPlace {
  readonly seriesIndex: number;
  readonly dataIndex: number;
}

export const tooltip = (colours: Colours, formatter: (at: TipPlace) => HTMLElement | string) => ({
  trigger: 'item',
  confine: true,
  formatter,
  backgroundColor: colours.surface,
  borderColor: colours.line,
  textStyle: { color: colours.ink, fontSize: 13, fontFamily: pageFont() },
  extraCssText: 'max-width: 22rem; white-space: normal;',
});
