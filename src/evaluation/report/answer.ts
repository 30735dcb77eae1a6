/** A comparison as the API answers with it: the report, and the examples in columns without what was answered to them. */
import { compareEvaluations } from '../compare/compare.ts';
import { type ReportParts, reportOf } from './load-report.ts';
import { type Comparison, comparisonOf } from './page-data.ts';

export async function answerOf(parts: ReportParts): Promise<Comparison> {
  const data = await reportOf(parts, compareEvaluations(parts.loaded), () => Promise.resolve([]));
  // What was answered is asked for by example.
  return comparisonOf({ ...data, examples: { ...data.examples, outputs: [] } });
}
