/**
 * A comparison as Markdown, made for a comment on a pull request: what it came to first, then the metrics that were
 * declared, then what makes it doubtful; the rest is folded. Never longer than such a comment may be.
 */
import type { ComparisonGate } from '../compare/gate.ts';
import type { ReportData } from './data.ts';
import { comparedRows, countRows, titleOf } from './facts.ts';
import { REPORT_LIMITS } from './limits.ts';
import { escapeMarkdown } from './markdown/escape.ts';
import { metricTable, sliceTable, worstTable } from './markdown/tables.ts';
import { type Block, folded, tableHead, tableRows, writeBlocks } from './markdown/writer.ts';

const MARKS: { readonly [status in ComparisonGate['status']]: string } = {
  passed: '✔ Passed',
  failed: '✖ Failed',
  inconclusive: '◌ Inconclusive',
  tampered: '✖ Tampered',
};

export function renderMarkdown(data: ReportData): string {
  const { markdownLength, markdownRows } = REPORT_LIMITS;
  return writeBlocks(
    [...answer(data), ...declared(data), ...doubts(data), ...details(data), ...next(data)],
    markdownLength,
    markdownRows,
  );
}

const bullets = (lines: readonly string[], noun: string): Block => ({
  open: [''],
  lines: lines.map((line) => `- ${escapeMarkdown(line)}`),
  close: [],
  noun,
});

function answer({ report, gate }: ReportData): readonly Block[] {
  const title = `### ${MARKS[gate.status]} · ${escapeMarkdown(titleOf(report))}`;
  const { headline } = report;
  return [
    { open: [title], lines: [], close: [], noun: '' },
    ...(headline.length > 0 ? [bullets(headline, 'findings')] : []),
  ];
}

function declared({ report }: ReportData): readonly Block[] {
  const metrics = report.metrics.filter(({ role }) => role !== 'secondary');
  if (metrics.length === 0) return [];
  const table = metricTable(report, metrics);
  return [{ open: ['', ...tableHead(table)], lines: tableRows(table), close: [], noun: 'rows' }];
}

function doubts({ report, gate }: ReportData): readonly Block[] {
  const warnings = report.warnings.map(({ message, remedy }) => `⚠ ${message}${remedy === null ? '' : ` → ${remedy}`}`);
  const [line = '', ...why] = gate.sentences;
  return [
    ...(warnings.length > 0 ? [bullets(warnings, 'warnings')] : []),
    { open: ['', `**Gate: ${escapeMarkdown(line)}** (exit code ${gate.exitCode})`], lines: [], close: [], noun: '' },
    ...(why.length > 0 ? [bullets(why, 'reasons')] : []),
  ];
}

function details(data: ReportData): readonly Block[] {
  const { report } = data;
  const secondary = report.metrics.filter(({ role }) => role === 'secondary');
  const worst = worstTable(data);
  const left = report.slicesLeftOut === 0 ? '' : `${report.slicesLeftOut} rarer tags have no slice.`;
  return [
    ...(secondary.length > 0 ? [folded('Secondary metrics (exploratory)', metricTable(report, secondary))] : []),
    ...(worst === null ? [] : [folded(`Worst examples on ${worst.metric}`, worst.table)]),
    ...(report.slices.length > 0 ? [folded('Slices by tag (exploratory)', sliceTable(report), left)] : []),
    folded('What was compared', { ...comparedRows(data), textColumns: 8 }),
    folded('Counts', { ...countRows(data), textColumns: 8 }),
  ];
}

const next = ({ command }: ReportData): readonly Block[] =>
  command === null
    ? []
    : [{ open: ['', `All of it, with charts: ${escapeMarkdown(command)}`], lines: [], close: [], noun: '' }];
