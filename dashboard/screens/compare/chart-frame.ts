/** What pictures are made of besides their data: colours, room, letters, and tooltips. Without the library that draws them. */

import type { CustomSeriesRenderItemAPI, CustomSeriesRenderItemParams } from 'echarts';
import type { EChartsCoreOption } from 'echarts/core';
import { toldApart } from './drawn-values.ts';

/** The page's own, since a canvas inherits none. */
export const pageFont = (): string => getComputedStyle(document.body).fontFamily;

export type Option = EChartsCoreOption;

/** Colours of the style, by the names it has for them. */
interface Colours {
  readonly ink: string;
  readonly muted: string;
  readonly line: string;
  readonly surface: string;
  readonly accent: string;
  readonly soft: string;
  readonly grey: string;
  readonly harm: string;
  readonly band: string;
}

export interface Frame {
  readonly colours: Colours;
  /** Pixels. */
  readonly width: number;
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

/** What rows are drawn of. An interval is drawn before its point: how sure comes before how much. */
export const rectangle = (x: number, y: number, width: number, height: number, fill: string) => ({
  type: 'rect' as const,
  shape: { x: Math.min(x, x + width), y, width: Math.abs(width), height },
  style: { fill },
  silent: true,
});

export const upright = (x: number, from: number, to: number, stroke: string, lineDash?: number[]) => ({
  type: 'line' as const,
  shape: { x1: x, y1: from, x2: x, y2: to },
  style: { stroke, lineWidth: 1.5, ...(lineDash && { lineDash }) },
  silent: true,
});

/** How large an interval and its point are: usually, and of what stands beside it. */
interface Weight {
  readonly end: number;
  readonly line: number;
  readonly radius: number;
}
const USUAL: Weight = { end: 5, line: 2.5, radius: 5 };
export const THIN: Weight = { end: 2.5, line: 1, radius: 2.5 };

/** An interval with its ends. */
export const interval = (x1: number, x2: number, y: number, stroke: string, { end, line } = USUAL) => ({
  type: 'path' as const,
  shape: {
    pathData: `M${x1} ${y}L${x2} ${y}M${x1} ${y - end}L${x1} ${y + end}M${x2} ${y - end}L${x2} ${y + end}`,
    layout: 'center' as const,
  },
  style: { stroke, lineWidth: line, fill: 'none' },
});

export const point = (x: number, y: number, color: string, hollow: string | null, { radius } = USUAL) => ({
  type: 'circle' as const,
  shape: { cx: x, cy: y, r: radius },
  style: { fill: hollow ?? color, stroke: color, lineWidth: 2 },
});

export const words = (x: number, y: number, text: string, fill: string) => ({
  type: 'text' as const,
  style: { x, y, text, fill, fontSize: 13, fontFamily: pageFont(), verticalAlign: 'middle' as const },
  silent: true,
});

/** Charts with a row for each side: its name at the left, a number at the right, and between them an axis of values. */
export const ROW_HEIGHT = 30;
const AXIS_HEIGHT = 26;
/** Pixels; a chart that is narrower is on a phone. */
export const NARROW = 420;

export const heightOf = (rows: number): number => rows * ROW_HEIGHT + AXIS_HEIGHT + 6;

interface RowAxes {
  readonly labels: readonly string[];
  readonly range: readonly [from: number, to: number];
  readonly format: (value: number) => string;
  /** Pixels for the numbers at the right. */
  readonly room: number;
}

export function rowAxes({ colours, width }: Frame, { labels, range, format, room }: RowAxes): Option {
  const left = width < NARROW ? 96 : 130;
  const text = { color: colours.muted, fontSize: 12, fontFamily: pageFont() };
  return {
    grid: { left, right: room, top: 4, bottom: AXIS_HEIGHT },
    xAxis: {
      type: 'value',
      min: range[0],
      max: range[1],
      splitNumber: width < NARROW ? 2 : 4,
      axisLabel: { ...text, formatter: format, hideOverlap: true, showMinLabel: false, showMaxLabel: false },
      splitLine: { lineStyle: { color: colours.line } },
    },
    yAxis: {
      type: 'category',
      inverse: true,
      data: labels,
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: {
        ...{ ...text, color: colours.ink, width: left - 12, overflow: 'truncate' },
        formatter: (label: string) => toldApart(label, labels, Math.floor((left - 12) / LETTER)),
      },
    },
  };
}

/** Pixels of a letter, most often. */
const LETTER = 6.5;

interface RowPlace {
  readonly row: number;
  /** Pixels of a value, and of the row's middle. */
  readonly at: (value: number) => number;
  readonly y: number;
  /** The right end of the axis. */
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export function rowPlace(params: CustomSeriesRenderItemParams, api: CustomSeriesRenderItemAPI): RowPlace {
  const row = params.dataIndex;
  const area = params.coordSys as unknown as { x: number; y: number; width: number; height: number };
  const at = (value: number): number => api.coord([value, row])[0]!;
  return { row, at, y: api.coord([0, row])[1]!, right: area.x + area.width, top: area.y, bottom: area.y + area.height };
}

/** Ends of an axis that holds all values, with some air; 0 is in it. */
export function rangeOf(values: readonly (number | null)[], air: { readonly low: boolean }): readonly [number, number] {
  const known = values.filter((value) => value !== null);
  const [low, high] = [Math.min(0, ...known), Math.max(0, ...known)];
  // Where nothing is known the axis is there all the same.
  const step = high === low ? 1 : (high - low) * 0.06;
  return [low < 0 || air.low ? low - step : 0, high + step];
}
