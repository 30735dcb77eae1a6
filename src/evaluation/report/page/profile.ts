/** The picture of all metrics with its controls: which variant stands out, and which secondary metrics have an axis. */
import { type LiveChart, placeChart } from './charts/engine.ts';
import { FEWEST_AXES, profileOption } from './charts/profile.ts';
import { find, make, select } from './dom.ts';
import type { Page } from './read-data.ts';
import type { Store } from './view.ts';

/** Axes that are drawn unasked. */
const MOST_AXES = 10;

export function placeProfile(page: Page, store: Store): LiveChart | null {
  const place = find('[data-chart="profile"]');
  const controls = find('[data-controls="profile"]');
  const able = page.metrics.flatMap(({ scale }, metric) => (scale === null ? [] : [metric]));
  if (able.length < FEWEST_AXES) {
    place.replaceWith(
      make('p', { class: 'quiet' }, `A picture needs at least ${FEWEST_AXES} metrics whose values differ.`),
    );
    return null;
  }
  const chosen = new Set(able.slice(0, MOST_AXES));
  const live = placeChart(place, {
    height: null,
    label: 'All metrics of each variant; the tables of the metrics have the same values',
    option: (frame) => {
      const metrics = able.filter((metric) => chosen.has(metric)).map((metric) => page.metrics[metric]!);
      return profileOption({ metrics, labels: page.sides, side: store.get().side }, frame);
    },
  });
  const variant = select('Variant', page.sides.slice(1), (index) => store.set({ side: index + 1 }));
  const boxes = able.map((metric) => {
    const { name, role, better } = page.metrics[metric]!;
    const box = make('input', {
      type: 'checkbox',
      checked: chosen.has(metric),
      // What was declared is always in the picture.
      disabled: role !== 'secondary',
      change: () => {
        if (box.checked) chosen.add(metric);
        else chosen.delete(metric);
        if (chosen.size < FEWEST_AXES) {
          chosen.add(metric);
          box.checked = true;
        }
        live.redraw();
      },
    });
    return make(
      'label',
      { class: 'check' },
      box,
      ` ${name} `,
      make('span', { class: 'quiet' }, better === 'lower' ? '(lower is better: turned)' : ''),
    );
  });
  controls.append(
    variant.element,
    make(
      'ul',
      { class: 'keys' },
      key('accent', 'the variant chosen here'),
      key('grey', page.sides[0]!),
      ...(page.sides.length > 2 ? [key('others', 'other variants')] : []),
    ),
    make('fieldset', {}, make('legend', {}, 'Axes'), ...boxes),
  );
  store.watch(({ side }, before) => {
    variant.choose(side - 1);
    if (before !== null && before.side !== side) live.redraw();
  });
  return live;
}

const key = (kind: string, text: string): HTMLElement => make('li', {}, make('span', { class: `key ${kind}` }), text);
