/** What an expert says of one item: the rubric, a note, and what to do with it. By mouse, by keys, or read aloud. */
import { type FormEvent, useEffect, useMemo, useRef, useState } from 'react';
import type { ReviewItem, ReviewQueue } from '../../../../review/queue.ts';
import { draftOf, keepDraft } from './drafts.ts';
import { lacksOf, questionsOf, saidOf, type Written, writtenOf } from './form.ts';
import { Help, useHasKeys } from './help.tsx';
import { Hotkey } from './hotkey.tsx';
import { activeOf, type Deed, KEYS } from './hotkeys.ts';
import { Pass } from './pass.tsx';
import { focusQuestion, questionAround } from './question-field.tsx';
import { Note, Questions } from './rubric.tsx';
import { useHotkeys } from './use-hotkeys.ts';
import type { Reviewing } from './use-reviewing.ts';

interface FormProps {
  readonly queue: ReviewQueue;
  readonly item: ReviewItem;
  readonly reviewing: Reviewing;
  readonly onExpected: () => void;
}

const NONE: ReadonlyMap<string, string> = new Map();

/** Made anew for each item. */
export function ReviewForm({ queue, item, reviewing, onExpected }: FormProps) {
  const questions = useMemo(() => questionsOf(queue), [queue]);
  const [draft, setDraft] = useState(
    () => draftOf(sessionStorage, queue.name, item.place) ?? { written: writtenOf(item), note: item.mine?.note ?? '' },
  );
  /** Asked for a first time: only then is it said what is missing. */
  const [isTried, setTried] = useState(false);
  const [focused, setFocused] = useState<string | null>(null);
  const [open, setOpen] = useState<'help' | 'pass'>();
  const form = useRef<HTMLFormElement>(null);
  const note = useRef<HTMLTextAreaElement>(null);
  const hasKeys = useHasKeys();
  const lacks = lacksOf(questions, draft.written);
  useEffect(() => keepDraft(sessionStorage, queue.name, item.place, draft), [queue.name, item.place, draft]);

  const fill = (written: Written) => setDraft((before) => ({ ...before, written }));
  const submit = () => {
    const [first] = lacks.keys();
    if (first !== undefined) {
      setTried(true);
      focusQuestion(form.current, first);
    } else reviewing.submit(saidOf(questions, draft.written), draft.note);
  };
  const act = (deed: Deed) => {
    switch (deed.does) {
      case 'fill':
        fill({ ...draft.written, [deed.question]: deed.value });
        return focusQuestion(form.current, deed.next ?? deed.question);
      case 'go':
        return focusQuestion(form.current, deed.question);
      case 'note':
        return note.current?.focus();
      case 'expected':
        return onExpected();
      case 'help':
      case 'pass':
        return setOpen(deed.does);
      case 'back':
        return reviewing.mayGoBack ? reviewing.back() : undefined;
      case 'submit':
        return submit();
      default:
        return reviewing.skip();
    }
  };
  useHotkeys({ isOn: hasKeys, standing: { questions, written: draft.written, focused }, onDeed: act });

  const isPair = queue.kind === 'pair';
  const asked = (
    <Questions
      {...{ questions, hasKeys, written: draft.written, lacks: isTried ? lacks : NONE, onWritten: fill }}
      active={activeOf({ questions, written: draft.written, focused })}
    />
  );
  return (
    <>
      <form
        ref={form}
        className={`review-form ${queue.kind}`}
        aria-label="Your review"
        noValidate
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          submit();
        }}
        onFocus={(event) => setFocused(questionAround(event.target))}
        onBlur={() => setFocused(null)}
      >
        {!isPair && asked}
        <Note
          label="Note, if there is something to say"
          value={draft.note}
          onChange={(text) => setDraft((before) => ({ ...before, note: text }))}
          hotkey={hasKeys ? KEYS.note : undefined}
          box={note}
        />
        <div className="review-foot">
          {isPair && asked}
          {reviewing.trouble !== undefined && (
            <p role="alert" className="harm">
              {reviewing.trouble}. What you filled in is still here.
            </p>
          )}
          <Buttons
            {...{ reviewing, hasKeys }}
            isAgain={item.mine !== null}
            onPass={() => setOpen('pass')}
            onHelp={() => setOpen('help')}
          />
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
  readonly onPass: () => void;
  readonly onHelp: () => void;
}

function Buttons({ reviewing: { isBusy, mayGoBack, skip, back }, hasKeys, isAgain, onPass, onHelp }: ButtonsProps) {
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
      <button type="button" onClick={onPass} {...short(KEYS.pass)}>
        Cannot judge… {keyed(KEYS.pass)}
      </button>
      <button type="button" onClick={back} disabled={!mayGoBack} {...short(KEYS.back)}>
        Back {keyed(KEYS.back)}
      </button>
      <button type="button" className="keys-button" onClick={onHelp} {...short(KEYS.help)}>
        Keys {keyed(KEYS.help)}
      </button>
    </div>
  );
}
