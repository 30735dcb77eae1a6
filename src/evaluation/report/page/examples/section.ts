/** The examples, all of it: which metric and variant, the picture, the filters, the table, and what is opened of it. */
import { make, select } from '../dom.ts';
import type { Page } from '../read-data.ts';
import type { Store, View } from '../view.ts';
import { createBox } from './box.ts';
import { createControls } from './controls.ts';
import { createDetail } from './detail.ts';
import { filterExamples, type Sort, searchTexts } from './filter.ts';
import { type Pairs, pairsOf } from './pairs.ts';
import { createTable } from './table.ts';

/** @returns what draws the picture again, in other colours */
export function placeExamples(place: HTMLElement, page: Page, store: Store): { redraw(): void; draw(): void } {
  const texts = searchTexts(page);
  let pairs: Pairs = pairsOf(page, store.get().metric, store.get().side);
  let shown: readonly number[] = [];
  const variants = select('Variant', page.sides.slice(1), (index) => store.set({ side: index + 1 }));
  const metrics = select(
    'Metric',
    page.metrics.map(({ name, better }) => `${name} (${better} is better)`),
    (metric) => store.set({ metric }),
  );
  const box = createBox(page, store, () => pairs);
  const controls = createControls(page, store);
  const detail = createDetail(page, (last) => table.goTo(last));
  const table = createTable(page, {
    onOpen: (index) => detail.open({ side: store.get().side, shown, place: index }),
    onSort: (sort) => store.set({ filter: sortBy(store.get(), sort) }),
  });
  place.append(
    make('div', { class: 'controls' }, variants.element, metrics.element),
    make(
      'div',
      { class: 'explore' },
      box.element,
      make('div', { class: 'list' }, controls.element, controls.status, table.element),
    ),
    detail.element,
  );
  store.watch((view, before) => {
    const { metric, side, filter } = view;
    if (before === null || metric !== before.metric || side !== before.side) {
      pairs = pairsOf(page, metric, side);
      variants.choose(side - 1);
      metrics.choose(metric);
      controls.showCounts(pairs);
      box.redraw();
    }
    shown = filterExamples(page, pairs, texts, filter);
    controls.showStatus(shown.length);
    table.show({ view, pairs, shown });
  });
  return { redraw: box.redraw, draw: box.live.draw };
}

const sortBy = ({ filter }: View, sort: Sort) => ({ sort, isReversed: filter.sort === sort && !filter.isReversed });
