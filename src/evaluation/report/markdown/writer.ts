/** Markdown under a limit of length: what does not fit is left out from the end of its table or list, and counted. */
import { showWhole } from '../../../base/format.ts';
import { cell, escapeElement } from './escape.ts';

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

export function writeBlocks(blocks: readonly Block[], limit: number, mostLines: number): string {
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

export const tableHead = ({ headings, textColumns }: Table): readonly string[] => [
  `| ${headings.map(cell).join(' | ')} |`,
  `|${headings.map((_, place) => (place < textColumns ? ' --- |' : ' ---: |')).join('')}`,
];

export const tableRows = ({ rows }: Table): readonly string[] => rows.map((row) => `| ${row.map(cell).join(' | ')} |`);

/** Folded until it is opened. */
export const folded = (summary: string, table: Table, intro: string = ''): Block => ({
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
