/** Charts with a row for each side: its name at the left, a number at the right, and between them an axis of values. */
import type { CustomSeriesRenderItemAPI, CustomSeriesRenderItemParams } from 'echarts';
import { type Frame, type Option, pageFont } from './frame.ts';
import { toldApart } from './told-apart.ts';

export const ROW_HEIGHT = 30;
const AXIS_HEIGHT = 26;
/** Below this a chart is on a phone. */
const NARROW = 420;

export const heightOf = (rows: number): number => rows * ROW_HEIGHT + AXIS_HEIGHT + 6;

export interface RowAxes {
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

export interface RowPlace {
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
