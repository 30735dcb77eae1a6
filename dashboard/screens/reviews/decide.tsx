/** What holds of an item, by whoever may say so: the rubric again, and why. It stands in place of what reviewers said. */
import { type FormEvent, useState } from 'react';
import type { ReviewItem, ReviewQueue } from '../../../src/model/review-queue.ts';
import { ask, toldOf } from '../../api.ts';
import { lacksOf, questionsOf, saidOf, type Written } from './form.ts';
import { Note, Questions } from './rubric.tsx';
import { pathOf } from './types.ts';

interface DecideProps {
  readonly queue: ReviewQueue;
  readonly item: ReviewItem;
  /** Why whoever looks may not decide. */
  readonly mayNot: string | undefined;
  readonly onDecided: () => Promise<void>;
}

export function Decide({ queue, item, mayNot, onDecided }: DecideProps) {
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
      await ask(`${pathOf(queue.name)}/items/${item.place}/decision`, { method: 'PUT', body });
      await onDecided();
    } catch (error) {
      setTrouble(toldOf(error));
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
