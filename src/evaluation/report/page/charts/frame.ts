/** What pictures are made of besides their data: colours, room, letters, and tooltips. Without the library that draws them. */
import type { EChartsCoreOption } from 'echarts/core';
import type { Colours } from '../theme.ts';

/** The page's own, since a canvas inherits none. */
export const pageFont = (): string => getComputedStyle(document.body).fontFamily;

export type Option = EChartsCoreOption;

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
