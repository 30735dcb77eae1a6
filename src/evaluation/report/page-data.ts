/** A comparison as the dashboard's screen shows it: from the API, or from a file that carries it. */

import { compareEvaluations } from '../compare/compare.ts';
import type { ComparedMetric } from '../compare/comparison-report.ts';
import type { ExampleOutputs, ReportData, ReportedColumn, ReportedScale } from './data.ts';
import { type ReportParts, reportOf } from './load-report.ts';
import { type VerdictWord, verdictWord } from './values.ts';

export interface Comparison extends Omit<ReportData, 'examples'> {
  readonly page: PageData;
  /** Of the baseline's evaluation; the page may have fewer. */
  readonly examples: number;
}

export interface PageData {
  readonly alpha: number;
  /** Labels of the sides, the baseline first. */
  readonly sides: readonly string[];
  readonly metrics: readonly PageMetric[];
  readonly ids: readonly string[];
  readonly questions: readonly string[];
  /** Each tag once, and by example the places of its tags. */
  readonly tags: readonly string[];
  readonly tagsOf: readonly (readonly number[])[];
  /** By metric and side. */
  readonly columns: readonly (readonly (PageColumn | null)[])[];
  readonly reasons: readonly string[];
  /** Indexes of reasons that mean "not applicable". */
  readonly inapplicable: readonly number[];
  /** Of the examples that differ most; the API gives them by example instead. */
  readonly outputs: readonly ExampleOutputs[];
}

export interface PageMetric extends Omit<ComparedMetric, 'judge' | 'source' | 'scorer'> {
  readonly scale: ReportedScale | null;
  /** By side but the baseline. */
  readonly words: readonly VerdictWord[];
}

export interface PageColumn {
  /** Null is missing. */
  readonly values: readonly (number | null)[];
  /** Examples with a reason, in order, and the places of their reasons. */
  readonly at: readonly number[];
  readonly why: readonly number[];
}

export const comparisonOf = ({ examples, ...data }: ReportData): Comparison => ({
  ...data,
  page: pageData({ report: data.report, examples }),
  examples: examples.total,
});

export function pageData({ report, examples }: Pick<ReportData, 'report' | 'examples'>): PageData {
  const tags = [...new Set(examples.tags.flat())].sort();
  const places = new Map(tags.map((tag, place) => [tag, place]));
  return {
    alpha: report.alpha,
    sides: report.sides.map(({ label }) => label),
    metrics: report.metrics.map(({ judge, source: _, scorer: __, ...metric }, place) => ({
      ...metric,
      scale: examples.scales[place] ?? null,
      words: metric.sides.map((side) => verdictWord(side, { ...metric, judge })),
    })),
    ids: examples.ids,
    questions: examples.questions,
    tags,
    tagsOf: examples.tags.map((own) => own.map((tag) => places.get(tag)!)),
    columns: examples.columns.map((sides) => sides.map((column) => (column === null ? null : pageColumn(column)))),
    reasons: examples.reasons,
    inapplicable: examples.inapplicable,
    outputs: examples.outputs,
  };
}

function pageColumn({ values, reasons }: ReportedColumn): PageColumn {
  const at: number[] = [];
  const shown: (number | null)[] = [];
  for (let example = 0; example < values.length; example += 1) {
    const value = values[example]!;
    shown.push(Number.isFinite(value) ? value : null);
    if (reasons[example] !== 0) at.push(example);
  }
  return { values: shown, at, why: at.map((example) => reasons[example]!) };
}

/** A comparison as the API answers with it: the report, and the examples in columns without what was answered to them. */
export async function answerOf(parts: ReportParts): Promise<Comparison> {
  const data = await reportOf(parts, compareEvaluations(parts.loaded), () => Promise.resolve([]));
  // What was answered is asked for by example.
  return comparisonOf({ ...data, examples: { ...data.examples, outputs: [] } });
}
