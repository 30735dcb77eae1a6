/** Differences from the baseline with their intervals, and the band of those that were declared not to matter. */

import type { CustomSeriesRenderItemAPI, CustomSeriesRenderItemParams } from 'echarts';
import { showWhole } from '../../../src/base/format.ts';
import type { PageMetric } from '../../../src/evaluation/report/page-data.ts';
import {
  leadingEffect,
  MISSING,
  showEffect,
  showMean,
  showScoresAlone,
  showTick,
  showValue,
} from '../../../src/evaluation/report/values.ts';
import {
  type Frame,
  interval,
  NARROW,
  type Option,
  point,
  ROW_HEIGHT,
  rangeOf,
  rectangle,
  rowAxes,
  rowPlace,
  THIN,
  tipOf,
  tooltip,
  upright,
  words,
} from './chart-frame.ts';
import { bandOf, type MeanRow, meanRows } from './drawn-values.ts';

const PLACE_FOR_NUMBERS = { wide: 190, narrow: 92 };

export function effectsOption(metric: PageMetric, labels: readonly string[], frame: Frame): Option {
  const { colours, width } = frame;
  const { format, sides } = metric;
  const band = bandOf(metric);
  const renderItem = (params: CustomSeriesRenderItemParams, api: CustomSeriesRenderItemAPI) => {
    const place = rowPlace(params, api);
    const ground = place.row === 0 ? groundOf(place, band, frame) : [];
    return { type: 'group' as const, children: [...ground, ...rowOf(metric, place, frame)] };
  };
  const ends = sides.flatMap((side) =>
    [leadingEffect(side), side.effect].flatMap(({ diff, lo, hi }) => [diff, lo, hi]),
  );
  return {
    ...rowAxes(frame, {
      labels: [labels[0]!, ...sides.map(({ side }) => labels[side]!)],
      range: rangeOf([...ends, ...(band ?? [])], { low: true }),
      format: (value) => showTick(value, format),
      room: width < NARROW ? PLACE_FOR_NUMBERS.narrow : PLACE_FOR_NUMBERS.wide,
    }),
    tooltip: tooltip(colours, ({ dataIndex }) => tip(metric, labels, dataIndex)),
    series: [
      {
        type: 'custom',
        renderItem,
        data: [0, ...sides.map((side) => leadingEffect(side).diff ?? 0)].map((value, row) => [value, row]),
      },
    ],
  };
}

type Place = ReturnType<typeof rowPlace>;

/** Band and line at 0, under all rows. */
function groundOf({ at, top, bottom }: Place, band: readonly [number, number] | null, { colours }: Frame) {
  return [
    ...(band === null ? [] : [rectangle(at(band[0]), top, at(band[1]) - at(band[0]), bottom - top, colours.band)]),
    upright(at(0), top, bottom, colours.grey),
  ];
}

function rowOf(metric: PageMetric, { row, at, y, right }: Place, { colours, width }: Frame) {
  const { format } = metric;
  if (row === 0) return [point(at(0), y, colours.grey, null), words(right + 10, y, 'baseline', colours.muted)];
  const side = metric.sides[row - 1]!;
  const { effect, corrected, pairs } = side;
  const { word, tone } = metric.words[row - 1]!;
  const { diff, lo, hi } = leadingEffect(side);
  if (diff === null)
    return [
      words(right + 10, y, width < NARROW ? MISSING : `${MISSING} · ${pairs === 0 ? 'no pairs' : word}`, colours.muted),
    ];
  const color = tone === 'harm' ? colours.harm : colours.accent;
  const isProven = tone === 'harm' || tone === 'good';
  const text = width < NARROW ? showTick(diff, format) : `${showTick(diff, format)} · ${word}`;
  return [
    ...(lo === null || hi === null ? [] : [interval(at(lo), at(hi), y, color)]),
    point(at(diff), y, color, isProven ? null : colours.surface),
    ...(corrected === null ? [] : scoresAlone(effect, at, y + BESIDE, colours.muted)),
    words(right + 10, y, text, tone === 'harm' ? colours.harm : colours.ink),
  ];
}

/** Pixels from a row's middle to where the scores' own effect is drawn. */
const BESIDE = 9;

/** What the scores show without the labels: thinner, in the colour of what is beside the point. */
function scoresAlone(
  { diff, lo, hi }: PageMetric['sides'][number]['effect'],
  at: Place['at'],
  y: number,
  color: string,
) {
  if (diff === null) return [];
  return [
    ...(lo === null || hi === null ? [] : [interval(at(lo), at(hi), y, color, THIN)]),
    point(at(diff), y, color, null, THIN),
  ];
}

function tip(metric: PageMetric, labels: readonly string[], row: number): HTMLElement | string {
  if (row === 0) return tipOf(labels[0]!, 'What the others are compared with.');
  const side = metric.sides[row - 1]!;
  const [sentence = ''] = side.guardrail?.sentences ?? side.sentences;
  const shown = [showEffect(leadingEffect(side), metric.format), showScoresAlone(side, metric.format)];
  return tipOf(`${labels[side.side]}: ${shown.filter(Boolean).join('; ')}`, sentence);
}

/** The means of a metric, a bar for each side: the interval first, and what is missing as a gap with its count. */
const MEANS_ROOM = { wide: 150, narrow: 92 };

export function meansOption(metric: PageMetric, labels: readonly string[], frame: Frame): Option {
  const rows = meanRows(metric, labels);
  const { colours, width } = frame;
  const { format } = metric;
  const renderItem = (params: CustomSeriesRenderItemParams, api: CustomSeriesRenderItemAPI) => {
    const { row, at, y, right } = rowPlace(params, api);
    const { mean, lo, hi, beside, tone, missing } = rows[row]!;
    const color = tone === 'baseline' ? colours.grey : tone === 'harm' ? colours.harm : colours.accent;
    const lacking = missing === 0 ? '' : `${showWhole(missing)} missing`;
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
      room: width < NARROW ? MEANS_ROOM.narrow : MEANS_ROOM.wide,
    }),
    tooltip: tooltip(colours, ({ dataIndex }) => meanTip(rows[dataIndex]!, metric)),
    series: [{ type: 'custom', renderItem, data: rows.map(({ mean }, row) => [mean ?? 0, row]) }],
  };
}

function meanTip({ label, mean, lo, hi, beside, pairs, missing }: MeanRow, { name, format }: PageMetric): HTMLElement {
  return tipOf(
    `${label}: ${showMean({ mean, lo, hi }, format)}`,
    `${name}, ${showWhole(pairs)} pairs${missing === 0 ? '' : `, ${showWhole(missing)} missing`}`,
    ...(beside === null ? [] : [`baseline on the same pairs: ${showValue(beside, format)} (dashed)`]),
  );
}
