/** What is said of a row of a look, the same wherever it is shown. */
import { showEffect } from '../evaluation/report/values.ts';
import { formatDifference } from '../stats/format-value.ts';
import type { LookTableRow } from './report-table.ts';

export const effectText = ({ effect, interval, format }: LookTableRow): string =>
  showEffect({ diff: effect, lo: interval?.[0] ?? null, hi: interval?.[1] ?? null }, format);

/** What may be said of a row. */
export function standsText({ status, margin, format, isExploratory, phase }: LookTableRow): string {
  const limit = margin === null ? '' : formatDifference(margin, format);
  switch (status) {
    case 'proven':
      return `proven within ${limit}`;
    case 'harmed':
      return `harmed beyond ${limit}`;
    case 'unproven':
      // In a rollout nothing waits for a proof.
      return phase === 'rollout' ? `no harm seen (limit ${limit})` : `not proven yet (limit ${limit})`;
    case 'shown':
      return 'only shown';
    default:
      return isExploratory ? `${status}, exploratory` : status;
  }
}

/** Red for what is proven of what was declared beforehand. */
export const toneOf = ({ status, role }: Pick<LookTableRow, 'status' | 'role'>): 'good' | 'harm' | 'open' => {
  if (status === 'harmed' || (status === 'worse' && role === 'primary')) return 'harm';
  return status === 'proven' || status === 'better' ? 'good' : 'open';
};
