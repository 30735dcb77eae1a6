/** Rows under headings. Of many, only those in view are in the page; each opens what it is about. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, type ReactNode, useRef } from 'react';
import { useLocation } from 'wouter';

export interface Column<Row> {
  readonly id: string;
  readonly heading: ReactNode;
  /** How the rows are sorted by it, where they are. */
  readonly sort?: 'ascending' | 'descending';
  readonly cell: (row: Row) => ReactNode;
  readonly isNumber?: boolean;
  /** Whether its text may take several lines; only in short tables. */
  readonly wraps?: boolean;
}

interface RowsProps<Row> {
  readonly rows: readonly Row[];
  readonly columns: readonly Column<Row>[];
  readonly keyOf: (row: Row) => string;
  /** Where a row leads. */
  readonly to?: (row: Row) => string;
  /** What the table has, for those who do not see it. */
  readonly caption: string;
  /** Called when the end is near: for the next page. */
  readonly onEnd?: () => void;
}

const ROW_PX = 31;
/** Up to here all rows are in the page, and the page scrolls as one. */
const FEW = 100;
const AHEAD = 20;

export function Rows<Row>(props: RowsProps<Row>) {
  return props.rows.length <= FEW && props.onEnd === undefined ? <FewRows {...props} /> : <ManyRows {...props} />;
}

function FewRows<Row>({ rows, columns, keyOf, to, caption }: RowsProps<Row>) {
  return (
    // Rows that open can be focused themselves.
    <section className="table-wrap" aria-label={caption} tabIndex={to === undefined ? 0 : undefined}>
      <table className="rows">
        <caption className="visually-hidden">{caption}</caption>
        <Head columns={columns} />
        <tbody>
          {rows.map((row) => (
            <RowLine key={keyOf(row)} row={row} columns={columns} to={to?.(row)} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function ManyRows<Row>({ rows, columns, keyOf, to, caption, onEnd }: RowsProps<Row>) {
  const wrap = useRef<HTMLElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => wrap.current,
    estimateSize: () => ROW_PX,
    overscan: AHEAD,
    onChange: ({ range }) => {
      if (range && range.endIndex >= rows.length - AHEAD) onEnd?.();
    },
  });
  const shown = virtual.getVirtualItems();
  const above = shown[0]?.start ?? 0;
  const below = virtual.getTotalSize() - (shown.at(-1)?.end ?? 0);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className="table-wrap tall" ref={wrap} tabIndex={0} aria-label={caption}>
      <table className="rows" aria-rowcount={rows.length}>
        <caption className="visually-hidden">{caption}</caption>
        <Head columns={columns} />
        <tbody>
          {above > 0 && <Gap height={above} columns={columns.length} />}
          {shown.map(({ index }) => (
            <RowLine key={keyOf(rows[index]!)} row={rows[index]!} columns={columns} to={to?.(rows[index]!)} />
          ))}
          {below > 0 && <Gap height={below} columns={columns.length} />}
        </tbody>
      </table>
    </section>
  );
}

const Gap = ({ height, columns }: { height: number; columns: number }) => (
  <tr>
    <td colSpan={columns} style={{ height, padding: 0, border: 0 }} />
  </tr>
);

function Head<Row>({ columns }: { readonly columns: readonly Column<Row>[] }) {
  return (
    <thead>
      <tr>
        {columns.map(({ id, heading, isNumber, sort }) => (
          <th key={id} scope="col" aria-sort={sort} className={isNumber ? 'num' : undefined}>
            {heading}
          </th>
        ))}
      </tr>
    </thead>
  );
}

interface LineProps<Row> {
  readonly row: Row;
  readonly columns: readonly Column<Row>[];
  readonly to: string | undefined;
}

function RowLine<Row>({ row, columns, to }: LineProps<Row>) {
  const [, go] = useLocation();
  const opening = to !== undefined && {
    tabIndex: 0,
    className: 'opens',
    onClick: () => go(to),
    onKeyDown: (event: KeyboardEvent) => {
      if (event.key !== 'Enter' || event.target !== event.currentTarget) return;
      // Else the same key would press what has the focus in what it opens.
      event.preventDefault();
      go(to);
    },
  };
  return (
    <tr {...opening}>
      {columns.map(({ id, cell, isNumber, wraps }) => (
        <td key={id} className={isNumber ? 'num' : wraps ? 'wrap' : undefined}>
          {cell(row)}
        </td>
      ))}
    </tr>
  );
}
