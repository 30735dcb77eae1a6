/**
 * The examples as a table of which only what is in sight exists, so that ten thousand rows cost no more than twenty. It is
 * moved through with the arrow keys, Page Up and Down, Home and End; Enter opens a row.
 */
import { showDifference, showValue } from '../../values.ts';
import { make } from '../dom.ts';
import type { Page } from '../read-data.ts';
import type { View } from '../view.ts';
import type { Sort } from './filter.ts';
import { MISSING, type Pairs } from './pairs.ts';
import { outcomeWord, reasonWords } from './state-words.ts';

/** Pixels, as the style has them. */
const ROW_HEIGHT = 46;
/** Rows beyond the sight, above and below. */
const SPARE = 8;

export interface TableContent {
  readonly view: View;
  readonly pairs: Pairs;
  /** In order. */
  readonly shown: readonly number[];
}

interface TableEvents {
  readonly onOpen: (place: number) => void;
  readonly onSort: (sort: Sort) => void;
}

const HEADINGS: readonly (readonly [sort: Sort, name: string])[] = [
  ['example', 'example'],
  ['baseline', 'baseline'],
  ['variant', 'variant'],
  ['difference', 'difference'],
  ['regression', 'outcome'],
];

export function createTable(page: Page, events: TableEvents) {
  const body = make('tbody');
  const head = make('thead');
  const table = make(
    'table',
    { class: 'examples' },
    make('caption', { class: 'unseen' }, 'Examples, the worst first'),
    head,
    body,
  );
  const frame = make('div', { class: 'rows', role: 'region', 'aria-label': 'Examples', tabindex: 0 }, table);
  let content: TableContent | undefined;
  let active = 0;

  function draw(): void {
    if (content === undefined) return;
    const { shown } = content;
    const from = Math.max(0, Math.floor(frame.scrollTop / ROW_HEIGHT) - SPARE);
    const to = Math.min(shown.length, Math.ceil((frame.scrollTop + frame.clientHeight) / ROW_HEIGHT) + SPARE);
    const hadFocus = body.contains(document.activeElement);
    const rows = shown.slice(from, to).map((example, place) => rowOf(page, content!, { example, place: from + place }));
    body.replaceChildren(spacer(from), ...rows, spacer(shown.length - to));
    if (hadFocus) focusActive();
  }

  /** The frame where the row is out of sight: keys go on from the row all the same. */
  function focusActive(): void {
    const row = body.querySelector<HTMLElement>(`[data-place="${active}"]`);
    (row ?? frame).focus({ preventScroll: true });
  }

  /** Into sight, and drawn; the head covers a part of the frame. */
  function goTo(place: number): void {
    active = Math.max(0, Math.min(place, (content?.shown.length ?? 1) - 1));
    const [top, room] = [active * ROW_HEIGHT, frame.clientHeight - head.clientHeight];
    if (top < frame.scrollTop) frame.scrollTop = top;
    else if (top + ROW_HEIGHT > frame.scrollTop + room) frame.scrollTop = top + ROW_HEIGHT - room;
    draw();
    focusActive();
  }

  const placeOf = (event: Event): number | undefined => {
    const row = (event.target as HTMLElement).closest<HTMLElement>('tr[data-place]');
    return row === null ? undefined : Number(row.dataset.place);
  };
  body.addEventListener('click', (event) => {
    const place = placeOf(event);
    if (place === undefined) return;
    active = place;
    events.onOpen(place);
  });
  frame.addEventListener('keydown', (event) => {
    // The buttons in the head have keys of their own.
    if (head.contains(event.target as Node) || content === undefined || content.shown.length === 0) return;
    if (event.key === 'Enter') {
      // Else it would press the first button of what it opens.
      event.preventDefault();
      events.onOpen(active);
      return;
    }
    const page = Math.floor(frame.clientHeight / ROW_HEIGHT) - 1;
    const target = {
      ArrowDown: active + 1,
      ArrowUp: active - 1,
      PageDown: active + page,
      PageUp: active - page,
      Home: 0,
      End: Number.POSITIVE_INFINITY,
    }[event.key];
    if (target === undefined) return;
    event.preventDefault();
    goTo(target);
  });
  frame.addEventListener('scroll', draw, { passive: true });
  new ResizeObserver(draw).observe(frame);

  return {
    element: frame,
    goTo,
    show(next: TableContent): void {
      content = next;
      active = 0;
      frame.scrollTop = 0;
      table.setAttribute('aria-rowcount', String(next.shown.length + 1));
      head.replaceChildren(headRow(page, next.view, events.onSort));
      draw();
    },
  };
}

function spacer(rows: number): HTMLElement {
  // Not over all columns: those that a narrow page hides would have room again.
  const cell = make('td');
  cell.style.height = `${rows * ROW_HEIGHT}px`;
  return make('tr', { class: 'spacer', 'aria-hidden': 'true', hidden: rows === 0 }, cell);
}

function headRow({ sides }: Page, { side, filter }: View, onSort: (sort: Sort) => void): HTMLElement {
  const cells = HEADINGS.map(([sort, name]) => {
    const label = name === 'baseline' ? sides[0]! : name === 'variant' ? sides[side]! : name;
    const isSorted = filter.sort === sort;
    const direction = isSorted ? (filter.isReversed ? 'descending' : 'ascending') : 'none';
    const arrow = isSorted ? (filter.isReversed ? ' ↓' : ' ↑') : '';
    const button = make('button', { type: 'button', click: () => onSort(sort), title: label }, label + arrow);
    return make('th', { scope: 'col', class: name, 'aria-sort': direction }, button);
  });
  return make('tr', {}, ...cells);
}

interface RowPlace {
  readonly example: number;
  readonly place: number;
}

function rowOf(page: Page, { view, pairs }: TableContent, { example, place }: RowPlace): HTMLElement {
  const { metric, side } = view;
  const { format } = page.metrics[metric]!;
  const outcome = pairs.outcome[example]!;
  const reasons = reasonWords(page, metric, side, example);
  const value = (of: Float64Array): string => showValue(of[example]!, format);
  const tags = page.tagsOf[example]!.map((tag) => page.tags[tag]!);
  return make(
    'tr',
    {
      tabindex: -1,
      'data-place': place,
      'aria-rowindex': place + 2,
      class: outcome >= MISSING ? 'missing' : '',
    },
    make(
      'td',
      { class: 'example' },
      make('span', { class: 'line' }, page.questions[example]!),
      make('span', { class: 'line id' }, [page.ids[example]!, ...tags].join(' · ')),
    ),
    make('td', { class: 'baseline' }, value(pairs.first)),
    make('td', { class: 'variant' }, value(pairs.second)),
    make(
      'td',
      { class: 'difference' },
      make('span', { class: 'line' }, showDifference(pairs.difference[example]!, format)),
      // Where there is no room for their columns.
      make('span', { class: 'line id narrow' }, `${value(pairs.first)} → ${value(pairs.second)}`),
    ),
    make(
      'td',
      { class: 'outcome', title: reasons },
      make('span', { class: 'line' }, outcomeWord(outcome)),
      make('span', { class: 'line id' }, reasons),
    ),
  );
}
