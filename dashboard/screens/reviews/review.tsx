/** Where experts review: what is to be judged, what is asked of it, and the next one. */
import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import { Link, useSearchParams } from 'wouter';
import { showWhole } from '../../../src/base/format.ts';
import type { ReviewItem, ReviewReport } from '../../../src/model/review-queue.ts';
import { useApi } from '../../api.ts';
import { Page } from '../../parts/page.tsx';
import { Empty, Failed, Loaded, Loading } from '../../parts/states.tsx';
import type { ScreenProps } from '../../screens.ts';
import { refusalOf, type Session } from '../../session.tsx';
import { useHasKeys } from './help.tsx';
import { KEYS } from './hotkeys.ts';
import { Material } from './material.tsx';
import { NothingLeftToDo } from './nothing.tsx';
import { ReviewForm } from './review-form.tsx';
import './reviews.css';
import { pathOf } from './types.ts';
import { useKeptOpen } from './use-kept-open.ts';
import { type Reviewing, useReviewing } from './use-reviewing.ts';
import { mineOf } from './words.ts';

export default function Review({ session, parameters }: ScreenProps) {
  const name = parameters.name ?? '';
  const report = useApi<ReviewReport>(pathOf(name), { placeholderData: undefined as never });
  const refusal = refusalOf(session, 'feedback');
  return (
    <Page
      title={`Review ${name}`}
      about={report.data && <Done report={report.data} session={session} />}
      command={`sluice review next ${name} --as ${session.name}`}
      actions={
        <Link className="button" href={`/reviews/${name}`}>
          The queue
        </Link>
      }
    >
      {refusal !== undefined ? (
        <Empty title="Reviews are feedback">{refusal}</Empty>
      ) : (
        <Loaded query={report} what="the queue">
          {(data) => <AtWork key={name} report={data} session={session} />}
        </Loaded>
      )}
    </Page>
  );
}

function Done({ report, session }: { readonly report: ReviewReport; readonly session: Session }) {
  const { done, of } = mineOf(report, session.name);
  const { reviews, asked } = report.progress;
  return (
    <span className="review-done">
      <label>
        You: {showWhole(done)} of {showWhole(of)} <progress value={done} max={Math.max(1, of)} />
      </label>
      <span>
        All: {showWhole(reviews)} of {showWhole(asked)} reviews
      </span>
    </span>
  );
}

function AtWork({ report, session }: { readonly report: ReviewReport; readonly session: Session }) {
  const { queue } = report;
  const [search, setSearch] = useSearchParams();
  /** The item that the address names, at first: then it goes on with what is open. */
  const [first] = useState(() => placeIn(search));
  const reviewing = useReviewing({ queue: queue.name, items: queue.items, reviewer: session.name, first });
  const { stage, message } = reviewing;
  const hasLeft = search.has('item') && stage.is === 'item' && stage.item.place !== first;
  useEffect(() => {
    if (hasLeft) setSearch({}, { replace: true });
  }, [hasLeft, setSearch]);
  return (
    <>
      <p className="visually-hidden" role="status" aria-live="polite">
        {message}
      </p>
      {stage.is === 'reading' && <Loading what="the next item" />}
      {stage.is === 'failed' && <Failed error={stage.error} retry={reviewing.again} />}
      {stage.is === 'nothing' && <NothingLeftToDo why={stage.why} queue={queue.name} reviewing={reviewing} />}
      {stage.is === 'item' && (
        <Item
          key={`${stage.item.place} ${stage.item.mine?.at ?? ''}`}
          report={report}
          item={stage.item}
          reviewing={reviewing}
        />
      )}
    </>
  );
}

function placeIn(search: URLSearchParams): number | undefined {
  const place = Number(search.get('item'));
  return Number.isInteger(place) && place > 0 ? place : undefined;
}

interface ItemProps {
  readonly report: ReviewReport;
  readonly item: ReviewItem;
  readonly reviewing: Reviewing;
}

function Item({ report: { queue }, item, reviewing }: ItemProps) {
  const [isExpectedOpen, setExpectedOpen] = useKeptOpen('expected');
  const hasKeys = useHasKeys();
  const heading = useRef<HTMLHeadingElement>(null);
  useLayoutEffect(() => {
    // A new item begins where it is read from, before a key can move the focus.
    heading.current!.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }, []);
  return (
    <div className={`review ${queue.kind}`}>
      <section className="review-material" aria-labelledby="item-title">
        <h2 id="item-title" className="item-title" ref={heading} tabIndex={-1}>
          Item {item.place} of {showWhole(queue.items)}
          {item.mine !== null && <span className="muted item-title-note"> · you have reviewed it</span>}
          {item.minePassed !== null && (
            <span className="muted item-title-note"> · you could not judge it: {item.minePassed}</span>
          )}
        </h2>
        {queue.kind === 'pair' && <Guidance queue={queue} />}
        <Material
          item={item}
          isExpectedOpen={isExpectedOpen}
          onExpected={setExpectedOpen}
          {...(hasKeys && { expectedKey: KEYS.expected })}
        />
      </section>
      <div className="review-side">
        {queue.kind === 'fields' && <Guidance queue={queue} />}
        <ReviewForm
          queue={queue}
          item={item}
          reviewing={reviewing}
          onExpected={() => setExpectedOpen(!isExpectedOpen)}
        />
      </div>
    </div>
  );
}

function Guidance({ queue: { name, question, guidelines } }: { readonly queue: ReviewReport['queue'] }) {
  const [isOpen, setOpen] = useKeptOpen(`guidelines ${name}`);
  if (question === null && guidelines === null) return null;
  return (
    <section className="guidance" aria-label="What is asked of you">
      {question !== null && <p className="guidance-question">{question}</p>}
      {guidelines !== null && (
        <details open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
          <summary>Guidelines</summary>
          <p className="guidance-text">{guidelines}</p>
        </details>
      )}
    </section>
  );
}
