/** Rows under headings, aligned by the widest cell; numbers to the right. Missing values are shown as `–`. */
import { stripVTControlCharacters } from 'node:util';

type Cell = string | number | null | undefined;

export interface Column<Row> {
  readonly heading: string;
  readonly cell: (row: Row) => Cell;
  readonly align?: 'left' | 'right';
}

const GAP = '  ';

/** The lines of a table, the heading first. */
export function tableLines<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string[] {
  const cells = [
    columns.map(({ heading }) => heading),
    ...rows.map((row) => columns.map(({ cell }) => text(cell(row)))),
  ];
  const widths = columns.map((_, index) => Math.max(...cells.map((line) => shownLength(line[index]!))));
  return cells.map((line) =>
    line
      .map((cell, index) => pad(cell, widths[index]!, columns[index]!.align ?? 'left'))
      .join(GAP)
      .trimEnd(),
  );
}

function text(cell: Cell): string {
  if (cell === null || cell === undefined || cell === '') return '–';
  return typeof cell === 'number' ? cell.toLocaleString('en') : cell;
}

function pad(cell: string, width: number, align: 'left' | 'right'): string {
  const space = ' '.repeat(width - shownLength(cell));
  return align === 'right' ? space + cell : cell + space;
}

function shownLength(cell: string): number {
  return [...stripVTControlCharacters(cell)].length;
}
