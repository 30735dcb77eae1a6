/** Rows under headings. Of many, only those in view are in the page; each opens what it is about. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, type ReactNode, type RefObject, useEffect, useRef } from 'react';
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
  /** The row, by its place, that gets the focus: each time another object. */
  readonly focusOn?: { readonly place: number } | null;
}

const ROW_PX = 31;
/** Up to here all rows are in the page, and the page scrolls as one. */
const FEW = 100;
const AHEAD = 20;

export function Rows<Row>(props: RowsProps<Row>) {
  return props.rows.length <= FEW && props.onEnd === undefined ? <FewRows {...props} /> : <ManyRows {...props} />;
}

function FewRows<Row>(props: RowsProps<Row>) {
  const { rows, columns, keyOf, to, caption } = props;
  const wrap = useRef<HTMLElement>(null);
  const onKeyDown = useRowKeys(props, wrap);
  return (
    // Rows that open can be focused themselves.
    <section
      className="table-wrap"
      ref={wrap}
      aria-label={caption}
      tabIndex={to === undefined ? 0 : undefined}
      onKeyDown={onKeyDown}
    >
      <table className="rows">
        <caption className="visually-hidden">{caption}</caption>
        <Head columns={columns} />
        <tbody>
          {rows.map((row, place) => (
            <RowLine key={keyOf(row)} {...{ row, columns, place }} to={to?.(row)} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function ManyRows<Row>(props: RowsProps<Row>) {
  const { rows, columns, keyOf, to, caption, onEnd } = props;
  const wrap = useRef<HTMLElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => wrap.current,
    estimateSize: () => ROW_PX,
    overscan: AHEAD,
    // The head stands over the first of what is in view.
    scrollPaddingEnd: ROW_PX + 2,
    onChange: ({ range }) => {
      if (range && range.endIndex >= rows.length - AHEAD) onEnd?.();
    },
  });
  const onKeyDown = useRowKeys(props, wrap, (place) => virtual.scrollToIndex(place));
  const shown = virtual.getVirtualItems();
  const above = shown[0]?.start ?? 0;
  const below = virtual.getTotalSize() - (shown.at(-1)?.end ?? 0);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className="table-wrap tall" ref={wrap} tabIndex={0} aria-label={caption} onKeyDown={onKeyDown}>
      <table className="rows" aria-rowcount={rows.length + 1}>
        <caption className="visually-hidden">{caption}</caption>
        <Head columns={columns} />
        <tbody>
          {above > 0 && <Gap height={above} columns={columns.length} />}
          {shown.map(({ index }) => (
            <RowLine
              key={keyOf(rows[index]!)}
              row={rows[index]!}
              place={index}
              columns={columns}
              to={to?.(rows[index]!)}
            />
          ))}
          {below > 0 && <Gap height={below} columns={columns.length} />}
        </tbody>
      </table>
    </section>
  );
}

/**
 * Rows that open are gone through with the arrow keys, Page Up and Down, Home and End, also to those that are not in the
 * page yet.
 *
 * @param scrollTo brings a row into the page, soon
 */
function useRowKeys<Row>(
  { rows, to, focusOn = null }: RowsProps<Row>,
  wrap: RefObject<HTMLElement | null>,
  scrollTo?: (place: number) => void,
) {
  const active = useRef(0);
  /** The row that gets the focus once it is in the page. */
  const wanted = useRef<number | null>(null);
  const focusWanted = () => {
    const row = wrap.current?.querySelector<HTMLElement>(`tr[data-place="${wanted.current}"]`);
    if (wanted.current === null || !row) return;
    wanted.current = null;
    row.focus();
  };
  useEffect(focusWanted);
  const goTo = (place: number) => {
    active.current = Math.max(0, Math.min(place, rows.length - 1));
    wanted.current = active.current;
    scrollTo?.(active.current);
    focusWanted();
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: each object is one request
  useEffect(() => {
    if (focusOn !== null) goTo(focusOn.place);
  }, [focusOn]);
  return (event: KeyboardEvent<HTMLElement>) => {
    const { key, target, currentTarget } = event;
    if (to === undefined || !(target instanceof HTMLElement)) return;
    // What is in a row, or in the head, has keys of its own.
    if (target !== currentTarget && target.dataset.place === undefined) return;
    if (target !== currentTarget) active.current = Number(target.dataset.place);
    const page = Math.max(1, Math.floor(currentTarget.clientHeight / ROW_PX) - 2);
    const next = {
      ArrowDown: active.current + 1,
      ArrowUp: active.current - 1,
      PageDown: active.current + page,
      PageUp: active.current - page,
      Home: 0,
      End: rows.length - 1,
    }[key];
    if (next === undefined) return;
    event.preventDefault();
    goTo(next);
  };
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
  readonly place: number;
  readonly to: string | undefined;
}

function RowLine<Row>({ row, columns, place, to }: LineProps<Row>) {
  const [, go] = useLocation();
  const opening = to !== undefined && {
    tabIndex: 0,
    className: 'opens',
    'data-place': place,
    'aria-rowindex': place + 2,
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
