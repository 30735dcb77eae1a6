/** What rows are drawn of. An interval is drawn before its point: how sure comes before how much. */
import { pageFont } from './frame.ts';

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
