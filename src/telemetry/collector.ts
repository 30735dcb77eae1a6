/** How metrics are made of rows: a question, and for each of its families the lines that a row becomes. */
import type { Store } from '../store/store.ts';
import type { Health } from './health.ts';

export interface Collected {
  readonly store: Pick<Store, 'measures' | 'vitals' | 'monitors' | 'traceExports'>;
  readonly health: () => Promise<Health>;
}

export interface Sample {
  readonly labels: { readonly [label: string]: string };
  readonly value: number;
}

/** One whose name ends in `_total` is a counter, all others are gauges. */
export interface Family {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  readonly samples: readonly Sample[];
}

export interface Collector {
  readonly name: string;
  readonly read: (from: Collected) => Promise<readonly Family[]>;
  /** Its families without samples: what a question that fails leaves. */
  readonly empty: readonly Family[];
}

/** One line of a family per row; a value that is null has no line. */
export interface Column<Row> extends Omit<Family, 'labels' | 'samples'> {
  /** By label; a label that is fixed has its value in it. */
  readonly by: readonly (keyof Row & string)[];
  readonly as?: readonly string[];
  readonly lines: (row: Row) => readonly (readonly [value: number | null, ...more: readonly string[]])[];
  readonly more?: readonly string[];
}

export function collector<Row>(
  name: string,
  ask: (from: Collected) => Promise<readonly Row[]>,
  columns: readonly Column<Row>[],
): Collector {
  const familiesOf = (rows: readonly Row[]): readonly Family[] =>
    columns.map(({ name, help, by, as = by, more = [], lines }) => ({
      ...{ name, help, labels: [...as, ...more] },
      samples: rows.flatMap((row) =>
        lines(row).flatMap(([value, ...rest]) => {
          if (value === null) return [];
          const values = [...by.map((column) => String(row[column])), ...rest];
          return [{ labels: Object.fromEntries([...as, ...more].map((label, at) => [label, values[at]!])), value }];
        }),
      ),
    }));
  return { name, read: async (from) => familiesOf(await ask(from)), empty: familiesOf([]) };
}

/** A family of one line per row. */
export const one =
  <Row>(value: (row: Row) => number | null): Column<Row>['lines'] =>
  (row) => [[value(row)]];
