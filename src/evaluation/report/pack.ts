/** The page's data as text that can stand in an HTML file: JSON, deflated, in Base64, in which no tag can be closed. */
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { ReportData, ReportedColumn } from './data.ts';
import type { PageColumn, PageData } from './page-data.ts';
import { verdictWord } from './values.ts';

const deflate = promisify(gzip);

export async function packData(data: ReportData): Promise<string> {
  const packed = await deflate(JSON.stringify(pageData(data)));
  return packed.toString('base64');
}

export function pageData({ report, examples }: ReportData): PageData {
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
