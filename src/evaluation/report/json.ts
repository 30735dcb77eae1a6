/** A comparison as JSON, for programs: the report and its gate as they are. */
import type { ReportData } from './data.ts';

export const renderJson = ({ report, gate, evaluations, leaderboard, madeAt }: ReportData): string =>
  `${JSON.stringify({ report, gate, evaluations, leaderboard, madeAt }, null, 2)}\n`;
