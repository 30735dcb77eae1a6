/** The means of a metric, a bar for each side: the interval first, and what is missing as a gap with its count. */
import type { CustomSeriesRenderItemAPI, CustomSeriesRenderItemParams } from 'echarts';
import type { PageMetric } from '../../page-data.ts';
import { MISSING, showMean, showValue } from '../../values.ts';
import { type MeanRow, meanRows } from './drawn-values.ts';
import { type Frame, type Option, tipOf, tooltip } from './frame.ts';
import { interval, point, rectangle, upright, words } from './marks.ts';
import { ROW_HEIGHT, rangeOf, rowAxes, rowPlace } from './row-axes.ts';

const PLACE_FOR_NUMBERS = { wide: 150, narrow: 92 };
const NARROW = 420;

export function meansOption(metric: PageMetric, labels: readonly string[], frame: Frame): Option {
  const rows = meanRows(metric, labels);
  const { colours, width } = frame;
  const { format } = metric;
  const renderItem = (params: CustomSeriesRenderItemParams, api: CustomSeriesRenderItemAPI) => {
    const { row, at, y, right } = rowPlace(params, api);
    const { mean, lo, hi, beside, tone, missing } = rows[row]!;
    const color = tone === 'baseline' ? colours.grey : tone === 'harm' ? colours.harm : colours.accent;
    const lacking = missing === 0 ? '' : `${missing.toLocaleString('en')} missing`;
    const text = mean === null ? [MISSING, lacking] : [showValue(mean, format), width < NARROW ? '' : lacking];
    const height = ROW_HEIGHT * 0.5;
    return {
      type: 'group' as const,
      children: [
        ...(mean === null
          ? []
          : [
              rectangle(
                at(0),
                y - height / 2,
                at(mean) - at(0),
                height,
                tone === 'baseline' ? colours.band : colours.soft,
              ),
            ]),
        ...(beside === null
          ? []
          : [upright(at(beside), y - ROW_HEIGHT * 0.42, y + ROW_HEIGHT * 0.42, colours.grey, [3, 3])]),
        ...(lo === null || hi === null ? [] : [interval(at(lo), at(hi), y, color)]),
        ...(mean === null ? [] : [point(at(mean), y, color, null)]),
        words(right + 10, y, text.filter(Boolean).join(' · '), mean === null ? colours.muted : colours.ink),
      ],
    };
  };
  return {
    ...rowAxes(frame, {
      labels: rows.map(({ label }) => label),
      range: rangeOf(
        rows.flatMap(({ mean, lo, hi, beside }) => [mean, lo, hi, beside]),
        { low: false },
      ),
      format: (value) => showValue(value, format),
      room: width < NARROW ? PLACE_FOR_NUMBERS.narrow : PLACE_FOR_NUMBERS.wide,
    }),
    tooltip: tooltip(colours, ({ dataIndex }) => tip(rows[dataIndex]!, metric)),
    series: [{ type: 'custom', renderItem, data: rows.map(({ mean }, row) => [mean ?? 0, row]) }],
  };
}

function tip({ label, mean, lo, hi, beside, pairs, missing }: MeanRow, { name, format }: PageMetric): HTMLElement {
  return tipOf(
    `${label}: ${showMean({ mean, lo, hi }, format)}`,
    `${name}, ${pairs.toLocaleString('en')} pairs${missing === 0 ? '' : `, ${missing.toLocaleString('en')} missing`}`,
    ...(beside === null ? [] : [`baseline on the same pairs: ${showValue(beside, format)} (dashed)`]),
  );
}
