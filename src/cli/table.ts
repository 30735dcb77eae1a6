/**
 * Rows under headings, aligned by the widest cell; numbers to the right. Missing values are shown as `–`. Where a table
 * is wider than there is room, the texts of its flexible columns are wrapped within them.
 */
import { stripVTControlCharacters } from 'node:util';

type Cell = string | number | null | undefined;

export interface Column<Row> {
  readonly heading: string;
  readonly cell: (row: Row) => Cell;
  readonly align?: 'left' | 'right';
  /** Whether its texts may be wrapped to fit the table into its room. */
  readonly isFlexible?: boolean;
}

const GAP = '  ';
/** A flexible column is made no narrower. */
const NARROWEST = 12;

/**
 * The lines of a table, the heading first.
 *
 * @param room columns of the terminal; default: without end, so that each row is one line
 */
export function tableLines<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  room = Number.POSITIVE_INFINITY,
): string[] {
  const cells = [
    columns.map(({ heading }) => heading),
    ...rows.map((row) => columns.map(({ cell }) => text(cell(row)))),
  ];
  const wanted = columns.map((_, index) => Math.max(...cells.map((line) => shownLength(line[index]!))));
  const least = columns.map(({ isFlexible }, index) =>
    isFlexible ? Math.max(NARROWEST, ...cells.map((line) => longestWord(line[index]!))) : wanted[index]!,
  );
  const widths = shrink(wanted, least, room);
  return cells.flatMap((line) => {
    const wrapped = line.map((cell, index) =>
      shownLength(cell) > widths[index]! ? wrapWords(cell, widths[index]!) : [cell],
    );
    const height = Math.max(...wrapped.map(({ length }) => length));
    return Array.from({ length: height }, (_, at) =>
      wrapped
        .map((parts, index) => pad(parts[at] ?? '', widths[index]!, columns[index]!.align ?? 'left'))
        .join(GAP)
        .trimEnd(),
    );
  });
}

/** Takes from the widest column that can give, until all fit or none can. */
function shrink(wanted: readonly number[], least: readonly number[], room: number): readonly number[] {
  const widths = [...wanted];
  const total = () => widths.reduce((sum, width) => sum + width, GAP.length * (widths.length - 1));
  while (total() > room) {
    const givers = widths.map((width, index) => (width > least[index]! ? width : 0));
    const widest = Math.max(...givers);
    if (widest === 0) break;
    widths[givers.indexOf(widest)] = widest - 1;
  }
  return widths;
}

const longestWord = (cell: string): number => Math.max(...cell.split(' ').map(shownLength));

function text(cell: Cell): string {
  if (cell === null || cell === undefined || cell === '') return '–';
  return typeof cell === 'number' ? cell.toLocaleString('en') : cell;
}

function pad(cell: string, width: number, align: 'left' | 'right'): string {
  const space = ' '.repeat(Math.max(0, width - shownLength(cell)));
  return align === 'right' ? space + cell : cell + space;
}

function shownLength(cell: string): number {
  return [...stripVTControlCharacters(cell)].length;
}

/** Items in a row with ` · ` between them, in lines of at most `width` columns. */
export function flow(items: readonly string[], width: number, indent = '  '): string[] {
  const lines: string[] = [];
  for (const item of items) {
    const joined = `${lines.at(-1)} · ${item}`;
    if (lines.length > 0 && joined.length <= width) lines[lines.length - 1] = joined;
    else lines.push(indent + item);
  }
  return lines;
}

/** Text in lines of at most `width` columns, each indented. Its own line breaks are kept, and code stays as it is. */
export function wrap(text: string, width: number, indent = '  '): string[] {
  const room = Math.max(width - indent.length, 20);
  let isCode = false;
  return text.split('\n').flatMap((line) => {
    const isFence = line.trimStart().startsWith('```');
    if (isFence) isCode = !isCode;
    const lines = isCode || isFence || line.length <= room ? [line] : wrapWords(line, room);
    return lines.map((part) => (part === '' ? '' : indent + part));
  });
}

/** One line as several, at words. Continued lines hang under the first: under its text, where it is a list item. */
export function wrapWords(line: string, width: number): string[] {
  const [lead] = /^\s*(?:[-*] |\d+[.)] )?/.exec(line)!;
  const hanging = ' '.repeat(lead.length);
  const lines: string[] = [];
  let current = lead;
  for (const word of line.slice(lead.length).split(' ')) {
    const joined = current.trim() === lead.trim() ? current + word : `${current} ${word}`;
    const isFull = joined.length > width && current.length > lead.length;
    if (isFull) lines.push(current);
    current = isFull ? hanging + word : joined;
  }
  return [...lines, current];
}

interface Block {
  readonly heading: string;
  readonly lines: readonly string[];
}

/** Columns of less are hard to read. */
const NARROWEST_BLOCK = 30;

/** Texts beside each other where there is room for that, else one below the other. */
export function beside(blocks: readonly Block[], width: number): string[] {
  const room = Math.floor((width - GAP.length * (blocks.length - 1)) / blocks.length);
  const longest = Math.max(...blocks.flatMap(({ heading, lines }) => [heading, ...lines]).map(longestWord));
  if (room < Math.max(NARROWEST_BLOCK, longest) || blocks.length < 2) return below(blocks, width);
  const columns = blocks.map(({ heading, lines }) => [heading, ...lines.flatMap((line) => wrapWords(line, room))]);
  const height = Math.max(...columns.map(({ length }) => length));
  return Array.from({ length: height }, (_, at) =>
    columns
      .map((column) => (column[at] ?? '').padEnd(room))
      .join(GAP)
      .trimEnd(),
  );
}

function below(blocks: readonly Block[], width: number): string[] {
  return blocks.flatMap(({ heading, lines }, place) => [
    ...(place > 0 ? [''] : []),
    heading,
    ...lines.flatMap((line) => wrapWords(line, width - GAP.length)).map((line) => GAP + line),
  ]);
}
