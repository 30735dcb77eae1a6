/** What to do when there is nothing to review: for now, or any more. */
import { Link } from 'wouter';
import type { Reviewing } from './use-reviewing.ts';
import { NOTHING_LEFT, type NothingLeft } from './words.ts';

interface NothingProps {
  readonly why: NothingLeft;
  readonly queue: string;
  readonly reviewing: Reviewing;
}

export function NothingLeftToDo({ why, queue, reviewing: { again, back, mayGoBack } }: NothingProps) {
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
