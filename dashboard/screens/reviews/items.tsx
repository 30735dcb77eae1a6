/** The items of a queue, those of one state or all, and the one that is open. */
import { useSearchParams } from 'wouter';
import { DASH, showWhole } from '../../../src/base/format.ts';
import type { ItemState, ItemSummary, ReviewReport } from '../../../src/model/review-queue.ts';
import { Badge } from '../../parts/badge.tsx';
import { type Column, Rows } from '../../parts/rows.tsx';
import { Empty } from '../../parts/states.tsx';
import type { Session } from '../../session.tsx';
import { ItemDetail } from './item-detail.tsx';
import { MEANS, STATES } from './words.ts';

interface ItemsProps {
  readonly report: ReviewReport;
  readonly session: Session;
}

export function Items({ report, session }: ItemsProps) {
  const { queue, items, progress } = report;
  const [search, setSearch] = useSearchParams();
  const state = STATES.find((each) => each === search.get('state'));
  const shown = state === undefined ? items : items.filter((item) => item.state === state);
  const place = Number(search.get('item'));
  const open = items.find((item) => item.place === place);
  const set = (parts: { readonly [name: string]: string | undefined }) =>
    setSearch((before) => {
      const next = new URLSearchParams(before);
      for (const [name, value] of Object.entries(parts))
        if (value === undefined) next.delete(name);
        else next.set(name, value);
      return next;
    });
  return (
    <section className="card" aria-labelledby="items-title">
      <div className="bar">
        <h2 id="items-title">Items</h2>
        <StateFilter
          counts={progress.states}
          all={progress.items}
          state={state}
          onState={(each) => set({ state: each })}
        />
      </div>
      {state !== undefined && <p className="muted">{capital(MEANS[state])}.</p>}
      {shown.length === 0 ? (
        <Empty title={`No item is ${state}`}>Choose another state, or all.</Empty>
      ) : (
        <Rows
          rows={shown}
          columns={columnsOf(queue.reviewers)}
          keyOf={({ place: at }) => String(at)}
          to={({ place: at }) => `/reviews/${queue.name}?${withItem(search, at)}`}
          caption="Items, in the order in which they are asked"
        />
      )}
      {open !== undefined && (
        <ItemDetail
          {...{ queue, session }}
          summary={open}
          places={shown.map(({ place: at }) => at)}
          onStep={(to) => set({ item: String(to) })}
          onClose={() => set({ item: undefined })}
        />
      )}
    </section>
  );
}

function withItem(search: URLSearchParams, place: number): string {
  const next = new URLSearchParams(search);
  next.set('item', String(place));
  return next.toString();
}

interface FilterProps {
  readonly counts: { readonly [S in ItemState]: number };
  readonly all: number;
  readonly state: ItemState | undefined;
  readonly onState: (state: ItemState | undefined) => void;
}

function StateFilter({ counts, all, state, onState }: FilterProps) {
  const choices = [undefined, ...STATES] as const;
  return (
    <fieldset className="state-filter">
      <legend className="visually-hidden">Show</legend>
      {choices.map((each) => (
        <button
          key={each ?? 'all'}
          type="button"
          className="badge"
          aria-pressed={each === state}
          onClick={() => onState(each)}
        >
          {each ?? 'all'} {showWhole(each === undefined ? all : counts[each])}
        </button>
      ))}
    </fieldset>
  );
}

const columnsOf = (reviewers: number): readonly Column<ItemSummary>[] => [
  { id: 'place', heading: 'Item', cell: ({ place }) => place, isNumber: true },
  { id: 'example', heading: 'Example', cell: ({ exampleId }) => exampleId },
  { id: 'state', heading: 'State', cell: ({ state }) => <Badge word={state} /> },
  {
    id: 'reviews',
    heading: 'Reviews',
    isNumber: true,
    cell: ({ reviews }) => `${showWhole(reviews)} of ${showWhole(reviewers)}`,
  },
  {
    id: 'passes',
    heading: 'Could not judge',
    isNumber: true,
    cell: ({ passes }) => (passes === 0 ? DASH : showWhole(passes)),
  },
  { id: 'mine', heading: 'By you', cell: ({ isMine }) => (isMine ? 'reviewed' : DASH) },
];

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
