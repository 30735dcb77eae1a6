/** One item, opened: what was judged, what each reviewer said beside the other, and the decision between them. */
import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { Link } from 'wouter';
import { showWhole } from '../../../src/base/format.ts';
import type { ItemSummary, ItemTold, Review, ReviewItem, ReviewQueue } from '../../../src/model/review-queue.ts';
import { call, errorText, useApi } from '../../api.ts';
import { Badge } from '../../parts/badge.tsx';
import { Moment } from '../../parts/moment.tsx';
import { Loaded } from '../../parts/states.tsx';
import { refusalOf, type Session } from '../../session.tsx';
import { inWords, lacksOf, questionsOf, saidOf, type Written } from './form.ts';
import { Material } from './material.tsx';
import { Note, Questions } from './rubric.tsx';
import { differing, linesOf, MEANS } from './words.ts';

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
  const item = useApi(
    'getReviewItem',
    { params: { name: queue.name, place }, query: { told } },
    {
      placeholderData: undefined as never,
    },
  );
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

// The decision about an item: the rubric and a note. It replaces the reviews.

interface DecideProps {
  readonly queue: ReviewQueue;
  readonly item: ReviewItem;
  /** Why whoever looks may not decide. */
  readonly mayNot: string | undefined;
  readonly onDecided: () => Promise<void>;
}

function Decide({ queue, item, mayNot, onDecided }: DecideProps) {
  const questions = questionsOf(queue);
  const [written, setWritten] = useState<Written>({});
  const [note, setNote] = useState('');
  const [trouble, setTrouble] = useState<string>();
  const [isTried, setTried] = useState(false);
  const [isOpen, setOpen] = useState(item.state === 'disputed');
  const lacks = lacksOf(questions, written);
  const decide = async (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (lacks.size > 0) return;
    try {
      const body = { ...saidOf(questions, written), note: note.trim() };
      await call('decideReviewItem', { params: { name: queue.name, place: item.place }, body });
      await onDecided();
    } catch (error) {
      setTrouble(errorText(error));
    }
  };
  if (mayNot !== undefined)
    return (
      <section className="card" aria-labelledby="decide-title">
        <h3 id="decide-title">Decide</h3>
        <p className="muted">{mayNot}</p>
      </section>
    );
  if (!isOpen)
    return (
      <p>
        <button type="button" onClick={() => setOpen(true)}>
          {item.state === 'settled' ? 'Decide otherwise…' : 'Decide all the same…'}
        </button>
      </p>
    );
  return (
    <form className="card decide" aria-labelledby="decide-title" onSubmit={(event) => void decide(event)}>
      <h3 id="decide-title">Decide</h3>
      <p className="muted">
        It stands in place of what reviewers said, in calibration and in datasets; their reviews are kept.
      </p>
      <Questions questions={questions} written={written} onWritten={setWritten} {...(isTried && { lacks })} />
      <Note label="Why? Kept with the decision, and in the audit" value={note} onChange={setNote} isNeeded />
      {trouble !== undefined && (
        <p role="alert" className="harm">
          {trouble}
        </p>
      )}
      <button type="submit" className="primary">
        Decide
      </button>
    </form>
  );
}

// The reviews of an item side by side, the scorer's verdict, and the decision.

interface ToldProps {
  readonly queue: Pick<ReviewQueue, 'kind' | 'fields' | 'scorer'>;
  readonly told: ItemTold;
}

function Told({ queue, told }: ToldProps) {
  const { reviews, passes, verdict, decision } = told;
  const differ = differing(reviews);
  return (
    <section aria-labelledby="said-title">
      <h3 id="said-title">What reviewers said</h3>
      {reviews.length + passes.length === 0 && <p className="muted">Nobody has said anything of it.</p>}
      <div className="said-beside">
        {reviews.map((review) => (
          <Said key={review.reviewer} by={review.reviewer} {...{ queue, told, differ, review }} />
        ))}
        {passes.map(({ reviewer, why, at }) => (
          <article key={reviewer} className="card">
            <h4>
              {reviewer}{' '}
              <span className="muted">
                <Moment at={at} />
              </span>
            </h4>
            <p>Could not judge it: {why}</p>
          </article>
        ))}
        {verdict !== null && (
          <article className="card scorer-said">
            <h4>
              {queue.scorer} <span className="muted">the scorer, no person</span>
            </h4>
            <Lines lines={linesOf(verdict, queue, told)} differ={NONE} />
          </article>
        )}
        {decision !== null && (
          <Said by={`Decided by ${decision.reviewer}`} {...{ queue, told, differ: NONE }} review={decision} />
        )}
      </div>
      {queue.kind === 'pair' && <Reveal told={told} />}
    </section>
  );
}

const NONE: ReadonlySet<string> = new Set();

interface SaidProps extends ToldProps {
  readonly by: string;
  readonly review: Review;
  readonly differ: ReadonlySet<string>;
}

const Said = ({ by, review: { value, note, at }, queue, told, differ }: SaidProps) => (
  <article className="card">
    <h4>
      {by}{' '}
      <span className="muted">
        <Moment at={at} />
      </span>
    </h4>
    <Lines lines={linesOf(value, queue, told)} differ={differ} />
    {note !== null && <blockquote>{note}</blockquote>}
  </article>
);

interface LinesProps {
  readonly lines: ReturnType<typeof linesOf>;
  /** Fields in which reviewers differ: marked. */
  readonly differ: ReadonlySet<string>;
}

const Lines = ({ lines, differ }: LinesProps) => (
  <dl className="facts">
    {lines.map(({ field, value }) => (
      <div key={field} className="fact">
        <dt>{field === 'win' ? 'Better' : inWords(field)}</dt>
        <dd>{differ.has(field) ? <mark>{value}</mark> : value}</dd>
      </div>
    ))}
  </dl>
);

/** Which answer is whose: asked for, since it may lead whoever decides. */
function Reveal({ told: { variants } }: Pick<ToldProps, 'told'>) {
  const [isOpen, setOpen] = useState(false);
  if (!isOpen)
    return (
      <p>
        <button type="button" onClick={() => setOpen(true)}>
          Reveal which is which
        </button>{' '}
        <span className="muted">best after deciding</span>
      </p>
    );
  return (
    <p role="status">
      First is <strong>{variants[0]}</strong>, second is <strong>{variants[1]}</strong>.
    </p>
  );
}
