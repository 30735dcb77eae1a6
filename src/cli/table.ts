/**
 * Rows under headings, aligned by the widest cell; numbers to the right. Missing values are shown as `–`. Where a table
 * is wider than there is room, the texts of its flexible columns are wrapped within them.
 */
import { stripVTControlCharacters } from 'node:util';
import { wrapWords } from './text.ts';

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
