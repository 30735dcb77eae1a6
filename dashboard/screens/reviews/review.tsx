/** Where experts review: what is to be judged, what is asked of it, and the next one. */
import '../../style/reviews.css';
import { type FormEvent, useEffect, useId, useLayoutEffect, useRef, useState } from 'react';
import { Link, useSearchParams } from 'wouter';
import { showWhole } from '../../../src/base/format.ts';
import {
  REVIEW_LIMITS,
  type ReviewItem,
  type ReviewQueue,
  type ReviewReport,
} from '../../../src/model/review-queue.ts';
import { useApi } from '../../api.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { Page } from '../../parts/page.tsx';
import { Empty, Failed, Loaded, Loading } from '../../parts/states.tsx';
import type { ScreenProps } from '../../screens.ts';
import { refusalOf, type Session } from '../../session.tsx';
import { Help, useHasKeys } from './help.tsx';
import { Hotkey } from './hotkey.tsx';
import { KEYS } from './hotkeys.ts';
import { Material } from './material.tsx';
import { Note, Questions } from './rubric.tsx';
import { useFilling } from './use-filling.ts';
import { type Reviewing, useReviewing } from './use-reviewing.ts';
import { mineOf, NOTHING_LEFT, type NothingLeft } from './words.ts';

export default function Review({ session, parameters }: ScreenProps) {
  const name = parameters.name ?? '';
  const report = useApi('getReview', { params: { name } }, { placeholderData: undefined as never });
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

// The screen without an item to review.

interface NothingProps {
  readonly why: NothingLeft;
  readonly queue: string;
  readonly reviewing: Reviewing;
}

function NothingLeftToDo({ why, queue, reviewing: { again, back, mayGoBack } }: NothingProps) {
  const { title, what } = NOTHING_LEFT[why];
  return (
    <div className="state empty">
      <strong>{title}</strong>
      <p>{what}</p>
      <div className="bar centred">
        <Link className="button" href={`/reviews/${queue}`}>
          See the queue
        </Link>
        {why === 'claimed_by_others' && (
          <button type="button" onClick={again}>
            Look again
          </button>
        )}
        {mayGoBack && why !== 'closed' && (
          <button type="button" onClick={back}>
            Back to what I submitted last
          </button>
        )}
      </div>
    </div>
  );
}

// Keeps a section open or closed from one item to the next.

function useKeptOpen(what: string): readonly [boolean, (isOpen: boolean) => void] {
  const key = `sluice-review-open ${what}`;
  const [isOpen, setOpen] = useState(() => sessionStorage.getItem(key) !== 'closed');
  const keep = (open: boolean) => {
    sessionStorage.setItem(key, open ? 'open' : 'closed');
    setOpen(open);
  };
  return [isOpen, keep];
}

// The review form: rubric, note and buttons, for mouse, keyboard and screen reader.

interface FormProps {
  readonly queue: ReviewQueue;
  readonly item: ReviewItem;
  readonly reviewing: Reviewing;
  readonly onExpected: () => void;
}

const NONE: ReadonlyMap<string, string> = new Map();

/** Made anew for each item. */
function ReviewForm(props: FormProps) {
  const { queue, item, reviewing } = props;
  const [open, setOpen] = useState<'help' | 'pass'>();
  const filling = useFilling({ ...props, onOpen: setOpen });
  const { questions, draft, active, hasKeys } = filling;
  const isPair = queue.kind === 'pair';
  const asked = (
    <Questions
      {...{ questions, active, hasKeys, written: draft.written, onWritten: filling.fill }}
      lacks={filling.isTried ? filling.lacks : NONE}
    />
  );
  return (
    <>
      <form
        ref={filling.form}
        className={`review-form ${queue.kind}`}
        aria-label="Your review"
        noValidate
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          filling.submit();
        }}
        onFocus={(event) => filling.focus(event.target)}
        onBlur={() => filling.focus(null)}
      >
        {!isPair && asked}
        <Note
          label="Note, if there is something to say"
          value={draft.note}
          onChange={filling.say}
          hotkey={hasKeys ? KEYS.note : undefined}
          box={filling.note}
        />
        <div className="review-foot">
          {isPair && asked}
          {reviewing.trouble !== undefined && (
            <p role="alert" className="harm">
              {reviewing.trouble}. What you filled in is still here.
            </p>
          )}
          <Buttons {...{ reviewing, hasKeys }} isAgain={item.mine !== null} onOpen={setOpen} />
        </div>
      </form>
      {open === 'help' && <Help questions={questions} onClose={() => setOpen(undefined)} />}
      {open === 'pass' && <Pass item={item} reviewing={reviewing} onClose={() => setOpen(undefined)} />}
    </>
  );
}

interface ButtonsProps {
  readonly reviewing: Reviewing;
  readonly hasKeys: boolean;
  /** Whether it has been reviewed before, and is changed. */
  readonly isAgain: boolean;
  readonly onOpen: (what: 'help' | 'pass') => void;
}

function Buttons({ reviewing: { isBusy, mayGoBack, skip, back }, hasKeys, isAgain, onOpen }: ButtonsProps) {
  const keyed = (key: string) => hasKeys && <Hotkey name={key} />;
  const short = (key: string) => (hasKeys ? { 'aria-keyshortcuts': key } : {});
  return (
    <div className="review-buttons">
      <button type="submit" className="primary" aria-disabled={isBusy} {...short('Enter')}>
        {isBusy ? 'Saving …' : isAgain ? 'Save the change' : 'Submit and next'} {keyed('Enter')}
      </button>
      <button type="button" onClick={skip} {...short(KEYS.skip)}>
        {isAgain ? 'Leave as it is' : 'Skip'} {keyed(KEYS.skip)}
      </button>
      <button type="button" onClick={() => onOpen('pass')} {...short(KEYS.pass)}>
        Cannot judge… {keyed(KEYS.pass)}
      </button>
      <button type="button" onClick={back} disabled={!mayGoBack} {...short(KEYS.back)}>
        Back {keyed(KEYS.back)}
      </button>
      <button type="button" className="keys-button" onClick={() => onOpen('help')} {...short(KEYS.help)}>
        Keys {keyed(KEYS.help)}
      </button>
    </div>
  );
}

// Passes an item, with a reason. The reviewer does not get it again.

interface PassProps {
  readonly item: Pick<ReviewItem, 'place' | 'minePassed'>;
  readonly reviewing: Reviewing;
  readonly onClose: () => void;
}

/** What is usual, to be taken as it is or said better. */
const USUAL = ['The question is unclear', 'It is not my field', 'Neither the question nor the sources say enough'];

function Pass({ item: { place, minePassed }, reviewing, onClose }: PassProps) {
  const id = useId();
  const [why, setWhy] = useState(minePassed ?? '');
  const pass = async () => {
    // Refused, the dialog stays, and what was written in it.
    await reviewing.pass(why.trim());
    onClose();
  };
  return (
    <Dialog
      title={`Cannot judge item ${place}?`}
      action="Cannot judge it"
      isDisabled={why.trim() === ''}
      onAct={pass}
      onClose={onClose}
    >
      <p>It is not asked of you again. Where as many as are asked cannot judge it, somebody decides.</p>
      <div className="bar">
        {USUAL.map((each) => (
          <button key={each} type="button" className="small" onClick={() => setWhy(each)}>
            {each}
          </button>
        ))}
      </div>
      <div className="field">
        <label htmlFor={id}>Why not?</label>
        <textarea
          id={id}
          rows={2}
          required
          maxLength={REVIEW_LIMITS.noteLength}
          value={why}
          onChange={(event) => setWhy(event.target.value)}
        />
      </div>
    </Dialog>
  );
}
