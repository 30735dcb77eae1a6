/**
 * A comparison as Markdown, made for a comment on a pull request: what it came to first, then the metrics that were
 * declared, then what makes it doubtful; the rest is folded. Never longer than such a comment may be.
 */

import { showWhole } from '../../base/format.ts';
import { levelOf } from '../../stats/format-value.ts';
import type { ComparedMetric, ComparisonReport, MetricSide } from '../compare/comparison-report.ts';
import type { ComparisonGate } from '../compare/gate.ts';
import { byRegression, REPORT_LIMITS, type ReportData, type ReportedExamples, rankingMetrics } from './data.ts';
import { comparedRows, countRows, titleOf } from './facts.ts';
import { cut } from './outputs.ts';
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
} from './values.ts';

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

/** The tables of a pull request's comment. */
function metricTable({ sides, alpha }: ComparisonReport, metrics: readonly ComparedMetric[]): Table {
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

function sliceTable({ slices, sides, metrics }: ComparisonReport): Table {
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
function worstTable({ report, examples }: ReportData): { readonly metric: string; readonly table: Table } | null {
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

export interface Block {
  readonly open: readonly string[];
  /** Whole lines, any number of which may be left out from the end. */
  readonly lines: readonly string[];
  readonly close: readonly string[];
  /** What one line is, with how many are left out: `rows`. */
  readonly noun: string;
}

/** Of the line that says how many were left out. */
const NOTE_ROOM = 80;

/** Markdown under a limit of length: what does not fit is left out from the end of its table or list, and counted. */
function writeBlocks(blocks: readonly Block[], limit: number, mostLines: number): string {
  const written: string[] = [];
  let room = limit;
  for (const block of blocks) {
    const frame = lengthOf([...block.open, ...block.close]) + NOTE_ROOM;
    const kept = fitting(block.lines.slice(0, mostLines), room - frame);
    if (room < frame || (kept.length === 0 && block.lines.length > 0)) continue;
    const left = block.lines.length - kept.length;
    const note = left === 0 ? [] : ['', `… and ${showWhole(left)} more ${block.noun}.`];
    const lines = [...block.open, ...kept, ...note, ...block.close];
    written.push(...lines);
    room -= lengthOf(lines);
  }
  return `${written.join('\n').trim()}\n`;
}

const lengthOf = (lines: readonly string[]): number => lines.reduce((sum, line) => sum + line.length + 1, 0);

function fitting(lines: readonly string[], room: number): readonly string[] {
  let used = 0;
  const end = lines.findIndex((line) => {
    used += line.length + 1;
    return used > room;
  });
  return end < 0 ? lines : lines.slice(0, end);
}

export interface Table {
  readonly headings: readonly string[];
  /** Cells as text from anywhere: they are escaped here. */
  readonly rows: readonly (readonly string[])[];
  /** How many columns at the left are text; the others are numbers, and aligned so. */
  readonly textColumns: number;
}

const tableHead = ({ headings, textColumns }: Table): readonly string[] => [
  `| ${headings.map(cell).join(' | ')} |`,
  `|${headings.map((_, place) => (place < textColumns ? ' --- |' : ' ---: |')).join('')}`,
];

const tableRows = ({ rows }: Table): readonly string[] => rows.map((row) => `| ${row.map(cell).join(' | ')} |`);

/** Folded until it is opened. */
const folded = (summary: string, table: Table, intro: string = ''): Block => ({
  open: [
    '',
    `<details><summary>${escapeElement(summary)}</summary>`,
    '',
    ...(intro === '' ? [] : [intro, '']),
    ...tableHead(table),
  ],
  lines: tableRows(table),
  close: ['', '</details>'],
  noun: 'rows',
});

// Text from outside (questions, ids, reasons) as Markdown that shows it and nothing else: no markup, no HTML, no further
// table cell, no link, no formula, and no mention of a person or an issue, which would notify them.

const CELL_LENGTH = 240;
/** Characters that begin markup anywhere in a line, and those that do so only at its beginning. */
const SIGNS = /[\\`*_[\]|~$&<>]/g;
const FIRST_SIGNS = /^(?:[-+=#]|\d+(?=[.)](?:\s|$)))/;
const ENTITIES: { readonly [sign: string]: string } = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
/** What is joined to a name, a number or an address: `@who`, `#12`, `GH-12`, `https://`, `www.`, `:tada:`. */
const JOINTS = /[@#](?=\S)|:(?=\S)|\bGH-(?=\d)|\bwww(?=\.)/gi;
const APART = '\u200b';

const keptApart = (text: string): string => text.replace(/\s+/gu, ' ').trim().replace(JOINTS, `$&${APART}`);

const inline = (text: string): string => keptApart(text).replace(SIGNS, (sign) => ENTITIES[sign] ?? `\\${sign}`);

/** A line, or a part of one. */
export const escapeMarkdown = (text: string): string =>
  inline(text).replace(FIRST_SIGNS, (first) => (/\d/.test(first) ? `${first}${APART}` : `\\${first}`));

/** Inside of an HTML element, where no Markdown is read. */
const escapeElement = (text: string): string => keptApart(text).replace(/[&<>]/g, (sign) => ENTITIES[sign]!);

/** A cell of a table. */
const cell = (text: string): string => inline(cut(text, CELL_LENGTH)) || ' ';
