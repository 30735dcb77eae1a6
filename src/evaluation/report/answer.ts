/** A comparison as the API answers with it: the report, and the examples in columns without what was answered to them. */
import { compareEvaluations } from '../compare/compare.ts';
import type { ComparisonReport } from '../compare/report.ts';
import type { ReportData } from './data.ts';
import { type ReportParts, reportOf } from './load-report.ts';
import { pageData } from './pack.ts';
import type { PageData } from './page-data.ts';

export interface ComparisonAnswer extends Omit<ReportData, 'examples'> {
  readonly report: ComparisonReport;
  readonly page: PageData;
  /** Of the baseline's evaluation; the page may have fewer. */
  readonly examples: number;
}

export async function answerOf(parts: ReportParts): Promise<ComparisonAnswer> {
  const data = await reportOf(parts, compareEvaluations(parts.loaded), () => Promise.resolve([]));
  // What was answered is asked for by example.
  const page = pageData({ ...data, examples: { ...data.examples, outputs: [] } });
  return { ...data, page, examples: data.examples.total };
}
