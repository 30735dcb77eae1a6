/** The picture of all examples, and the box that is drawn in it: with the pointer, or by numbers. */

import { type ECharts, type LiveChart, placeChart } from '../charts/engine.ts';
import { scatterOption } from '../charts/scatter.ts';
import { make } from '../dom.ts';
import type { Page } from '../read-data.ts';
import type { Store } from '../view.ts';
import type { Box } from './filter.ts';
import type { Pairs } from './pairs.ts';

interface BrushEvent {
  readonly areas: readonly { readonly coordRange?: readonly [readonly [number, number], readonly [number, number]] }[];
}

/** @param pairsNow what is looked at */
export function createBox(page: Page, store: Store, pairsNow: () => Pairs) {
  const place = make('div', { class: 'chart square' });
  const inputs = ['from', 'to', 'from', 'to'].map((end, index) =>
    make('input', {
      type: 'number',
      step: 'any',
      'aria-label': `${index < 2 ? 'baseline' : 'variant'} ${end}`,
      placeholder: end,
      change: () => store.set({ filter: { box: typedBox() } }),
    }),
  );
  // A finger that moves over the picture scrolls the page.
  const canDrag = matchMedia('(pointer: fine)').matches;
  const hint = make(
    'p',
    { class: 'quiet' },
    canDrag
      ? 'Drag a box over points to see only these examples; click beside it to see all.'
      : 'A box by numbers shows only the examples in it.',
  );
  const numbers = make(
    'details',
    {},
    make('summary', {}, 'Box by numbers'),
    make('div', { class: 'numbers' }, page.sides[0]!, inputs[0]!, inputs[1]!, 'variant', inputs[2]!, inputs[3]!),
  );
  const element = make('figure', { class: 'box' }, place, hint, numbers);
  let chart: ECharts | undefined;
  let drawn: Box | null = null;

  /** Shares are typed as they are shown. */
  const factor = (): number => (page.metrics[store.get().metric]!.format === 'share' ? 100 : 1);

  function typedBox(): Box | null {
    const [a, b, c, d] = inputs.map(({ value }) => (value === '' ? null : Number(value) / factor()));
    if ([a, b, c, d].every((value) => value === null)) return null;
    return {
      first: [a ?? Number.NEGATIVE_INFINITY, b ?? Number.POSITIVE_INFINITY],
      second: [c ?? Number.NEGATIVE_INFINITY, d ?? Number.POSITIVE_INFINITY],
    };
  }

  const live: LiveChart = placeChart(place, {
    height: null,
    label: 'Each example by the baseline’s value and the variant’s; the table beside it has the same values',
    option: (frame) => {
      const { metric, side } = store.get();
      const labels = [page.sides[0]!, page.sides[side]!] as const;
      return scatterOption({ metric: page.metrics[metric]!, labels, pairs: pairsNow(), ids: page.ids }, frame);
    },
    onMade(made) {
      chart = made;
      made.on('brushEnd', (event) => {
        const range = (event as unknown as BrushEvent).areas[0]?.coordRange;
        // It also ends where none was begun.
        if (range === undefined && drawn === null) return;
        drawn = range === undefined ? null : { first: [...range[0]], second: [...range[1]] };
        store.set({ filter: { box: drawn } });
      });
      arm();
    },
  });

  /** Each drag draws a box. What was drawn anew has lost it. */
  function arm(): void {
    if (!canDrag) return;
    chart?.dispatchAction({
      type: 'takeGlobalCursor',
      key: 'brush',
      brushOption: { brushType: 'rect', brushMode: 'single' },
    });
  }

  function showBox(box: Box | null): void {
    const ends = box === null ? [] : [...box.first, ...box.second];
    for (const [index, input] of inputs.entries()) {
      const end = ends[index];
      input.value = end === undefined || !Number.isFinite(end) ? '' : String(Number((end * factor()).toPrecision(4)));
    }
    if (box === null && drawn !== null) chart?.dispatchAction({ type: 'brush', areas: [] });
    drawn = box;
  }

  store.watch((view, before) => {
    if (before === null || view.filter.box !== before.filter.box) showBox(view.filter.box);
  });
  return {
    element,
    live,
    /** Other values, or other colours. */
    redraw(): void {
      live.redraw();
      arm();
    },
  };
}
