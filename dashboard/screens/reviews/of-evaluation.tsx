/** Beside an evaluation: what experts are asked about its answers, and the button that asks them. */
import { useState } from 'react';
import { Link, useLocation } from 'wouter';
import { showWhole } from '../../../src/base/format.ts';
import { useApi } from '../../api.ts';
import { Badge } from '../../parts/badge.tsx';
import { refusalOf, type Session } from '../../session.tsx';
import { StartQueue } from './start.tsx';
import { queueState } from './words.ts';

interface AskProps {
  readonly evaluation: string;
  readonly session: Session;
}

export function AskExperts({ evaluation, session }: AskProps) {
  const [isStarting, setStarting] = useState(false);
  const [, go] = useLocation();
  const refusal = refusalOf(session, 'operate');
  return (
    <>
      <button type="button" disabled={refusal !== undefined} title={refusal} onClick={() => setStarting(true)}>
        Start a review queue…
      </button>
      {isStarting && (
        <StartQueue
          evaluation={evaluation}
          onClose={() => setStarting(false)}
          onDone={({ queue }) => go(`/reviews/${queue.name}`)}
        />
      )}
    </>
  );
}

/** Nothing where there is none: the button is enough. */
export function QueuesOf({ evaluation }: { readonly evaluation: string }) {
  const list = useApi('listReviews', {});
  const own = list.data?.queues.filter(({ queue }) => queue.evaluationId === evaluation) ?? [];
  if (own.length === 0) return null;
  return (
    <section className="card" aria-labelledby="queues-title">
      <h2 id="queues-title">Reviewed by experts</h2>
      <ul>
        {own.map(({ queue, progress }) => (
          <li key={queue.name}>
            <Link href={`/reviews/${queue.name}`}>{queue.name}</Link> <Badge word={queueState(queue, progress)} />{' '}
            {showWhole(progress.reviews)} of {showWhole(progress.asked)} reviews, in the words of {queue.scorer}
          </li>
        ))}
      </ul>
    </section>
  );
}
