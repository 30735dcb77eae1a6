/** What an expert says of one item: the rubric, a note, and what to do with it. By mouse, by keys, or read aloud. */
import { type FormEvent, useState } from 'react';
import type { ReviewItem, ReviewQueue } from '../../../src/model/review-queue.ts';
import { Help } from './help.tsx';
import { Hotkey } from './hotkey.tsx';
import { KEYS } from './hotkeys.ts';
import { Pass } from './pass.tsx';
import { Note, Questions } from './rubric.tsx';
import { useFilling } from './use-filling.ts';
import type { Reviewing } from './use-reviewing.ts';

interface FormProps {
  readonly queue: ReviewQueue;
  readonly item: ReviewItem;
  readonly reviewing: Reviewing;
  readonly onExpected: () => void;
}

const NONE: ReadonlyMap<string, string> = new Map();

/** Made anew for each item. */
export function ReviewForm(props: FormProps) {
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
