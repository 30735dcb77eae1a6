/** Whoever cannot judge an item says why; it is not asked of them again. */
import { useId, useState } from 'react';
import { REVIEW_LIMITS, type ReviewItem } from '../../../src/model/review-queue.ts';
import { Dialog } from '../../parts/dialog.tsx';
import type { Reviewing } from './use-reviewing.ts';

interface PassProps {
  readonly item: Pick<ReviewItem, 'place' | 'minePassed'>;
  readonly reviewing: Reviewing;
  readonly onClose: () => void;
}

/** What is usual, to be taken as it is or said better. */
const USUAL = ['The question is unclear', 'It is not my field', 'Neither the question nor the sources say enough'];

export function Pass({ item: { place, minePassed }, reviewing, onClose }: PassProps) {
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
