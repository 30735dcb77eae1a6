/** The tables of a pull request's comment. */

import { showWhole } from '../../../base/format.ts';
import { levelOf } from '../../../stats/format-value.ts';
import type { ComparedMetric, MetricSide } from '../../compare/compared-metric.ts';
import type { ComparisonReport } from '../../compare/report.ts';
import type { ReportData, ReportedExamples } from '../data.ts';
import { REPORT_LIMITS } from '../limits.ts';
import {
  betterWords,
  declaredWords,
  leadingEffect,
  showDifference,
  showEffect,
  showMean,
  showScoresAlone,
  showValue,
  sliceWord,
  verdictWord,
} from '../values.ts';
import { byRegression, rankingMetrics } from '../widest.ts';
import type { Table } from './writer.ts';

export function metricTable({ sides, alpha }: ComparisonReport, metrics: readonly ComparedMetric[]): Table {
  const rows = metrics.flatMap((metric) =>
    metric.sides.map((side) => {
      const { format, role, better } = metric;
      const traits = [role, betterWords(better), declaredWords(metric)].filter(Boolean).join(', ');
      return [
        `${metric.name} (${traits})`,
        sides[side.side]!.label,
        verdictWord(side, metric).word,
        showMean({ ...side.baseline, lo: null, hi: null }, format),
        showMean({ ...side.variant, lo: null, hi: null }, format),
        [showEffect(leadingEffect(side), format), showScoresAlone(side, format)].filter(Boolean).join('; '),
        pairsWords(side),
      ];
    }),
  );
  const headings = [
    'metric',
    'variant',
    'verdict',
    'baseline',
    'variant',
    `difference [${levelOf(alpha)} interval]`,
    'pairs',
  ];
  return { headings, rows, textColumns: 3 };
}

function pairsWords({ pairs, missing: { cells, inapplicable } }: MetricSide): string {
  const beside = [
    ...(cells === 0 ? [] : [`${showWhole(cells)} missing`]),
    ...(inapplicable === 0 ? [] : [`${showWhole(inapplicable)} with nothing to score`]),
  ];
  return beside.length === 0 ? showWhole(pairs) : `${showWhole(pairs)} (${beside.join(', ')})`;
}

export function sliceTable({ slices, sides, metrics }: ComparisonReport): Table {
  const rows = slices.map((slice) => {
    const metric = metrics.find(({ name }) => name === slice.metric)!;
    const { format } = metric;
    return [
      slice.tag,
      slice.metric,
      sides[slice.side]!.label,
      sliceWord(slice),
      showValue(slice.baseline, format),
      showValue(slice.variant, format),
      showEffect(slice.effect, format),
      showWhole(slice.pairs),
    ];
  });
  const headings = ['tag', 'metric', 'variant', 'verdict', 'baseline', 'variant', 'difference', 'pairs'];
  return { headings, rows, textColumns: 4 };
}

/** Of each side those that lost most on the first ranking metric. */
export function worstTable({
  report,
  examples,
}: ReportData): { readonly metric: string; readonly table: Table } | null {
  const place = rankingMetrics(report)[0];
  if (place === undefined) return null;
  const metric = report.metrics[place]!;
  const [baseline, ...others] = examples.columns[place]!;
  const rows = others.flatMap((column, index) => {
    const worst = byRegression(baseline, column, metric).slice(0, REPORT_LIMITS.markdownExamples);
    const isWorse = (example: number): boolean =>
      column!.values[example]! < baseline!.values[example]! === (metric.better === 'higher');
    return worst.filter(isWorse).map((example) => {
      const [first, second] = [baseline!.values[example]!, column!.values[example]!];
      return [
        ...exampleCells(examples, example, report.sides[index + 1]!.label),
        ...differenceCells(first, second, metric),
      ];
    });
  });
  const headings = ['variant', 'example', 'question', 'baseline', 'variant', 'difference'];
  return rows.length === 0 ? null : { metric: metric.name, table: { headings, rows, textColumns: 3 } };
}

const exampleCells = ({ ids, questions }: ReportedExamples, example: number, label: string): readonly string[] => [
  label,
  ids[example]!,
  questions[example]!,
];

const differenceCells = (first: number, second: number, { format }: ComparedMetric): readonly string[] => [
  showValue(first, format),
  showValue(second, format),
  showDifference(second - first, format),
];
