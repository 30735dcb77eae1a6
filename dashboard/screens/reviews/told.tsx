/** What was said of an item, one reviewer beside the other, what the scorer itself said, and what was decided. */
import { useState } from 'react';
import type { ItemTold, Review, ReviewQueue } from '../../../src/model/review-queue.ts';
import { Moment } from '../../parts/moment.tsx';
import { inWords } from './form.ts';
import { differing, linesOf } from './words.ts';

interface ToldProps {
  readonly queue: Pick<ReviewQueue, 'kind' | 'fields' | 'scorer'>;
  readonly told: ItemTold;
}

export function Told({ queue, told }: ToldProps) {
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
