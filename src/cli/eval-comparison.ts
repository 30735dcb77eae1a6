/** A comparison as its reader wants it: what differs in sentences, the numbers behind them, then what makes it doubtful. */
import { count, showWhole } from '../base/format.ts';
import type { ComparedMetric, ComparisonReport, MetricSide, Slice } from '../evaluation/compare/comparison-report.ts';
import {
  declaredWords,
  leadingEffect,
  showEffect,
  showValue,
  type Tone,
  verdictWord,
} from '../evaluation/report/values.ts';
import { levelOf } from '../stats/format-value.ts';
import { tableLines, wrap } from './table.ts';
import type { Colours, Terminal } from './terminal.ts';

export interface ComparisonView {
  /** Also metrics that decide nothing. */
  readonly all?: boolean;
  readonly slices?: boolean;
}

/** @param first what is said before anything else, such as a gate's sentences; default: the comparison's headline */
export function showComparison(
  terminal: Terminal,
  report: ComparisonReport,
  { all = false, slices = false }: ComparisonView = {},
  first: readonly string[] = report.headline,
): void {
  const { width, room, colours } = terminal;
  for (const sentence of new Set(first)) for (const line of wrap(sentence, width, '')) terminal.print(line);
  const shown = shownMetrics(report, all);
  terminal.print();
  for (const line of metricTable(report, shown, colours, room)) terminal.print(line);
  if (slices) showSlices(terminal, report);
  terminal.print();
  for (const line of [...basisLines(report), ...missingLines(shown, report)])
    for (const part of wrap(line, width, '')) terminal.print(colours.dim(part));
  for (const { message, remedy } of report.warnings) {
    for (const line of wrap(`! ${message}`, width, '')) terminal.print(line);
    if (remedy !== null) terminal.print(`  ${remedy}`);
  }
}

/** Those that a terminal is shown unasked: what decides; all, where nothing does. */
export function shownMetrics({ metrics }: ComparisonReport, all = false): readonly ComparedMetric[] {
  const deciding = metrics.filter(({ role }) => all || role !== 'secondary');
  return deciding.length > 0 ? deciding : metrics;
}

interface MetricRow {
  readonly metric: ComparedMetric;
  readonly side: MetricSide;
  readonly isFirst: boolean;
}

function metricTable(
  { sides, alpha }: ComparisonReport,
  metrics: readonly ComparedMetric[],
  colours: Colours,
  room: number,
): string[] {
  const rows = metrics.flatMap((metric) =>
    metric.sides.map((side, place): MetricRow => ({ metric, side, isFirst: place === 0 })),
  );
  const isCorrected = rows.some(({ side }) => side.corrected !== null);
  const hasMissing = rows.some(({ side }) => side.missing.cells > 0);
  return tableLines<MetricRow>(
    rows,
    [
      { heading: 'metric', cell: ({ metric, isFirst }) => (isFirst ? nameOf(metric) : ' ') },
      { heading: `vs ${sides[0]!.label}`, cell: ({ side }) => sides[side.side]!.label },
      { heading: 'from', cell: ({ metric, side }) => showValue(side.baseline.mean, metric.format), align: 'right' },
      { heading: 'to', cell: ({ metric, side }) => showValue(side.variant.mean, metric.format), align: 'right' },
      {
        heading: `effect [${levelOf(alpha)}]`,
        cell: ({ metric, side }) => showEffect(leadingEffect(side), metric.format),
      },
      ...(isCorrected
        ? [
            {
              heading: 'scores alone',
              cell: ({ metric, side }: MetricRow) =>
                side.corrected === null ? null : colours.dim(showEffect(side.effect, metric.format)),
            },
          ]
        : []),
      ...(hasMissing
        ? [{ heading: 'missing', cell: ({ side }: MetricRow) => side.missing.cells, align: 'right' as const }]
        : []),
      { heading: ' ', cell: ({ metric, side }) => marked(verdictWord(side, metric), colours) },
    ],
    room,
  );
}

/** `latency (margin 250 ms)`. */
function nameOf(metric: ComparedMetric): string {
  return metric.margin === null ? metric.name : `${metric.name} (${declaredWords(metric)})`;
}

const MARKS: { readonly [tone in Tone]: string } = { good: '✔', harm: '✖', open: '·', none: '–' };

function marked({ word, tone }: ReturnType<typeof verdictWord>, colours: Colours): string {
  const text = `${MARKS[tone]} ${word}`;
  if (tone === 'good') return colours.green(text);
  return tone === 'harm' ? colours.red(text) : text;
}

/** What the numbers rest on, once for all. */
function basisLines({ sides, alpha, multiplicity }: ComparisonReport): readonly string[] {
  const { common, onlyBaseline, onlySide } = sides[1]?.examples ?? sides[0]!.examples;
  const only = onlyBaseline + onlySide;
  return [
    [
      `${count(common, 'example')}${only > 0 ? ` that both have, ${only} that one has` : ''}`,
      `intervals at ${levelOf(alpha)}`,
      ...(multiplicity.holm > 1 ? [`verdicts of ${multiplicity.holm} tests by Holm's method`] : []),
    ].join(' · '),
  ];
}

/** Which metrics lack scores and why, and which are of fewer examples; metrics of which the same is to be said together. */
function missingLines(metrics: readonly ComparedMetric[], { sides }: ComparisonReport): readonly string[] {
  const texts = metrics.flatMap((metric) => {
    const holes = metric.sides.filter(({ missing }) => missing.cells > 0).map((side) => holesOf(side, sides));
    const beside = Math.max(0, ...metric.sides.map(({ missing }) => missing.inapplicable));
    return [
      ...(beside > 0
        ? [`without ${count(beside, 'example')} that ${beside === 1 ? 'has' : 'have'} nothing to score`]
        : []),
      ...(holes.length > 0 ? [`missing ${[...new Set(holes)].join('; ')}`] : []),
    ].map((text) => ({ name: metric.name, text }));
  });
  return [...Map.groupBy(texts, ({ text }) => text)].map(
    ([text, alike]) => `${alike.map(({ name }) => name).join(', ')}: ${text}`,
  );
}

function holesOf({ side, missing }: MetricSide, sides: ComparisonReport['sides']): string {
  const reasons = new Map<string, number>();
  for (const { reason, cells } of [...missing.baseline.reasons, ...missing.variant.reasons])
    reasons.set(reason, Math.max(reasons.get(reason) ?? 0, cells));
  const words = [...reasons].map(([reason, cells]) => `${reason} (${cells})`).join(', ');
  const isAlike = missing.baseline.cells === missing.variant.cells && missing.cells === missing.variant.cells;
  return `${showWhole(missing.cells)} ${isAlike ? 'on both sides' : `of ${sides[side]!.label} or its baseline`}: ${words}`;
}

function showSlices(terminal: Terminal, { slices, slicesLeftOut, sides, metrics, alpha }: ComparisonReport): void {
  terminal.print();
  if (slices.length === 0) terminal.print('no tag has enough examples for a slice');
  if (slices.length === 0) return;
  const formatOf = (name: string) => metrics.find((metric) => metric.name === name)!.format;
  for (const line of tableLines<Slice>(slices, [
    { heading: 'tag', cell: ({ tag }) => tag },
    { heading: 'metric', cell: ({ metric }) => metric },
    { heading: `vs ${sides[0]!.label}`, cell: ({ side }) => sides[side]!.label },
    { heading: 'examples', cell: ({ pairs }) => pairs, align: 'right' },
    { heading: `effect [${levelOf(alpha)}]`, cell: ({ effect, metric }) => showEffect(effect, formatOf(metric)) },
    { heading: 'better', cell: ({ wins }) => wins, align: 'right' },
    { heading: 'worse', cell: ({ losses }) => losses, align: 'right' },
    { heading: 'exploratory', cell: ({ verdict }) => (verdict === 'inconclusive' ? null : verdict) },
  ]))
    terminal.print(line);
  if (slicesLeftOut > 0) terminal.note(`${count(slicesLeftOut, 'rarer tag')} left out: --json has all that are told`);
}
