/** A look for the Temporal UI, which shows Markdown beside the workflow. */

import { showTime } from '../base/format.ts';
import { showDifference, showValue } from '../evaluation/report/values.ts';
import type { ExperimentSpec } from '../model/experiment-spec.ts';
import type { LookRecord } from '../model/look-data.ts';
import { formatDifference, formatRange } from '../stats/format-value.ts';
import { type LookTableRow, lookTable } from './report-table.ts';

/** More rows than this are not shown: the ledger has them. */
const MOST_ROWS = 30;

/** @param sentences of `explainLook` */
export function detailsMarkdown(spec: ExperimentSpec, record: LookRecord, sentences: readonly string[]): string {
  const rows = lookTable(spec, record);
  const [verdict, ...rest] = sentences;
  return [
    `**${verdict ?? ''}**`,
    '',
    `Look ${record.lookNo}${record.phase === 'rollout' ? ' of the rollout' : ''}, ${showTime(record.at, 'minutes')}.`,
    '',
    '| metric | role | variant | baseline | with it | effect | interval | units | |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    ...rows.slice(0, MOST_ROWS).map(rowText),
    ...(rows.length > MOST_ROWS ? ['', `${rows.length - MOST_ROWS} more in the ledger.`] : []),
    '',
    ...rest.map((sentence) => `- ${sentence}`),
  ].join('\n');
}

function rowText(row: LookTableRow): string {
  const show = (value: number | null): string => showValue(value, row.format);
  const interval = row.interval === null ? '–' : formatRange(...row.interval, row.format);
  const margin = row.margin === null ? '' : ` (${formatDifference(row.margin, row.format)} allowed)`;
  const cells = [
    row.metric,
    row.isExploratory ? 'exploratory' : row.role,
    row.variant,
    show(row.values[0]),
    show(row.values[1]),
    showDifference(row.effect, row.format),
    interval,
    row.units.join(' / '),
    `${row.status}${margin}`,
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
