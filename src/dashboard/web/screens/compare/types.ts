/** A comparison as the API gives it. */
import type { ComparisonGate } from '../../../../evaluation/compare/gate.ts';
import type { ComparisonReport } from '../../../../evaluation/compare/report.ts';
import type { ReportData } from '../../../../evaluation/report/data.ts';
import type { Page } from '../../../../evaluation/report/page/read-data.ts';
import type { PageData } from '../../../../evaluation/report/page-data.ts';

export interface Comparison extends Pick<ReportData, 'evaluations' | 'leaderboard' | 'madeAt' | 'command'> {
  readonly report: ComparisonReport;
  readonly gate: ComparisonGate;
  readonly page: PageData;
  /** Of the baseline's evaluation; the page may have fewer. */
  readonly examples: number;
}

/** What is looked at: a metric of a side. */
export interface Looked {
  readonly page: Page;
  readonly metric: number;
  readonly side: number;
}
