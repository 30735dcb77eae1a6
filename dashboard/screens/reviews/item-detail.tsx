/** One item, opened: what was judged, what each reviewer said beside the other, and the decision between them. */
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { Link } from 'wouter';
import { showWhole } from '../../../src/base/format.ts';
import type { ItemSummary, ItemTold, ReviewItem, ReviewQueue } from '../../../src/model/review-queue.ts';
import { query, useApi } from '../../api.ts';
import { Badge } from '../../parts/badge.tsx';
import { Loaded } from '../../parts/states.tsx';
import { refusalOf, type Session } from '../../session.tsx';
import { Decide } from './decide.tsx';
import { Material } from './material.tsx';
import { Told } from './told.tsx';
import { pathOf } from './types.ts';
import { MEANS } from './words.ts';

interface DetailProps {
  readonly queue: ReviewQueue;
  readonly session: Session;
  readonly summary: ItemSummary;
  /** Of the table, in its order. */
  readonly places: readonly number[];
  readonly onStep: (place: number) => void;
  readonly onClose: () => void;
}

export function ItemDetail({ queue, session, summary, places, onStep, onClose }: DetailProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const { place, state } = summary;
  /** Whoever may decide may look before all have reviewed, where they ask for it. */
  const [revealed, setRevealed] = useState<number>();
  const mayLook = refusalOf(session, 'operate') === undefined;
  const told = revealed === place && mayLook ? 'true' : undefined;
  const item = useApi<ReviewItem>(`${pathOf(queue.name)}/items/${place}${query({ told })}`, {
    placeholderData: undefined as never,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: another item begins at its top
  useEffect(() => {
    if (!dialog.current!.open) dialog.current!.showModal();
    dialog.current!.scrollTop = 0;
  }, [place]);
  return (
    <dialog ref={dialog} className="item-detail" aria-labelledby="item-title" onClose={onClose}>
      <Steps {...{ place, places, onStep }} onClose={() => dialog.current!.close()} />
      <div className="bar">
        <h2 id="item-title">Item {place}</h2>
        <Badge word={state} />
        <span className="muted">{MEANS[state]}</span>
      </div>
      <Loaded query={item} what="the item">
        {(data) => (
          <div className={`opened ${queue.kind}`}>
            <Opened item={data} />
            <div>
              {data.told === null ? (
                <NotTold {...{ queue, session, item: data }} onReveal={() => setRevealed(place)} />
              ) : (
                <Judged key={place} {...{ queue, session, item: data, told: data.told }} />
              )}
            </div>
          </div>
        )}
      </Loaded>
    </dialog>
  );
}

interface StepsProps extends Pick<DetailProps, 'places' | 'onStep' | 'onClose'> {
  readonly place: number;
}

function Steps({ place, places, onStep, onClose }: StepsProps) {
  const at = places.indexOf(place);
  // Also of one that has left the table: it was decided here.
  const [before, after] = [places.findLast((each) => each < place), places.find((each) => each > place)];
  const step = (to: number | undefined) => to !== undefined && onStep(to);
  return (
    <div className="bar">
      <button type="button" disabled={before === undefined} onClick={() => step(before)}>
        ← Previous
      </button>
      <button type="button" disabled={after === undefined} onClick={() => step(after)}>
        Next →
      </button>
      {at >= 0 && (
        <span className="muted">
          {showWhole(at + 1)} of {showWhole(places.length)}
        </span>
      )}
      <button type="button" className="to-end" onClick={onClose}>
        Close
      </button>
    </div>
  );
}

/** What was said, and, where nobody is asked about it any more, what holds. */
function Judged({ queue, session, item, told }: OpenedProps & { readonly told: ItemTold }) {
  const queries = useQueryClient();
  const { state } = item;
  const mayNot =
    queue.closedAt === null ? refusalOf(session, 'operate') : 'The queue is closed: nothing is decided any more.';
  return (
    <>
      <Told queue={queue} told={told} />
      {state !== 'open' && state !== 'begun' && (
        <Decide key={told.decision?.at} {...{ queue, item, mayNot }} onDecided={() => queries.invalidateQueries()} />
      )}
    </>
  );
}

interface OpenedProps {
  readonly queue: ReviewQueue;
  readonly session: Session;
  readonly item: ReviewItem;
}

function Opened({ item }: Pick<OpenedProps, 'item'>) {
  const [isExpectedOpen, setExpectedOpen] = useState(true);
  return <Material item={item} isExpectedOpen={isExpectedOpen} onExpected={setExpectedOpen} />;
}

function NotTold({ queue, session, item, onReveal }: OpenedProps & { readonly onReveal: () => void }) {
  const mayReview = refusalOf(session, 'feedback') === undefined && queue.closedAt === null;
  const mayLook = refusalOf(session, 'operate') === undefined;
  const count =
    item.reviews === 0 ? 'Nobody has' : item.reviews === 1 ? 'One person has' : `${item.reviews} people have`;
  const why =
    queue.closedAt === null
      ? 'What was said is shown when it has them, so that nobody is led by others.'
      : 'The queue was closed before it had them: what was said stays hidden, since another queue may ask about the same.';
  return (
    <section className="card" aria-labelledby="said-title">
      <h3 id="said-title">What reviewers said</h3>
      <p>
        {count} reviewed it; it needs {showWhole(queue.reviewers)}. {why}
      </p>
      <div className="bar bare">
        {mayReview && (
          <Link className="button" href={`/reviews/${queue.name}/review?item=${item.place}`}>
            {item.isMine ? 'Change my review' : 'Review it'}
          </Link>
        )}
        {mayLook && item.reviews + item.passes > 0 && (
          <button type="button" onClick={onReveal}>
            Show it all the same
          </button>
        )}
      </div>
    </section>
  );
}
