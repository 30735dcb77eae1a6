/** What filters the examples: outcome, words, tag; and a line that says how many are left. */
import { make, select } from '../dom.ts';
import type { Page } from '../read-data.ts';
import type { Store } from '../view.ts';
import { countOutcomes, OUTCOMES } from './filter.ts';
import type { Pairs } from './pairs.ts';

export function createControls(page: Page, store: Store) {
  const search = make('input', {
    type: 'search',
    placeholder: 'words in id or question',
    'aria-label': 'Search examples',
    input: () => store.set({ filter: { text: search.value } }),
  });
  const tags = select('Tag', ['all', ...page.tags], (place) =>
    store.set({ filter: { tag: place === 0 ? null : place - 1 } }),
  );
  const counts = OUTCOMES.map(() => make('span', { class: 'count' }));
  const choices = OUTCOMES.map((outcome, place) => {
    const box = make('input', {
      type: 'radio',
      name: 'outcome',
      value: outcome,
      change: () => store.set({ filter: { outcome } }),
    });
    return { box, element: make('label', {}, box, make('span', {}, outcome, ' ', counts[place]!)) };
  });
  const clear = make(
    'button',
    { type: 'button', click: () => store.set({ filter: { outcome: 'all', text: '', tag: null, box: null } }) },
    'Clear filters',
  );
  const words = make('span', { role: 'status' });
  const status = make('p', { class: 'status' }, words, clear, page.tags.length > 0 ? tags.element : null);
  const outcomes = make(
    'fieldset',
    { class: 'segments' },
    make('legend', { class: 'unseen' }, 'Outcome'),
    ...choices.map(({ element }) => element),
  );
  const element = make('div', { class: 'filters' }, outcomes, search);
  store.watch(({ filter }) => {
    // What is typed is not written again: the cursor would jump.
    if (search.value !== filter.text) search.value = filter.text;
    tags.choose(filter.tag === null ? 0 : filter.tag + 1);
    for (const [place, { box }] of choices.entries()) box.checked = OUTCOMES[place] === filter.outcome;
    clear.hidden = filter.outcome === 'all' && filter.text === '' && filter.tag === null && filter.box === null;
  });
  return {
    element,
    status,
    /** Of all examples, whatever else is filtered. */
    showCounts(pairs: Pairs): void {
      const counted = countOutcomes(pairs);
      for (const [place, outcome] of OUTCOMES.entries()) {
        counts[place]!.textContent = counted[outcome].toLocaleString('en');
        // Most metrics have something to score of every example.
        if (outcome === 'nothing to score') choices[place]!.element.hidden = counted[outcome] === 0;
      }
    },
    showStatus(shown: number): void {
      const total = page.ids.length;
      words.textContent = `${shown.toLocaleString('en')} of ${total.toLocaleString('en')} examples${shown === 0 ? ': nothing fits these filters' : ''}`;
    },
  };
}
