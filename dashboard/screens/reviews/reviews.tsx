/** Review queues: who is asked about what, and how far they are. */
import { useState } from 'react';
import { Link, useLocation } from 'wouter';
import { isoUtc, showAgo, showWhole } from '../../../src/base/format.ts';
import { REVIEW_LIMITS } from '../../../src/model/review-queue.ts';
import { useApi } from '../../api.ts';
import type { ListedQueue } from '../../api-types.ts';
import { Badge } from '../../parts/badge.tsx';
import { Page } from '../../parts/page.tsx';
import { type Column, Rows } from '../../parts/rows.tsx';
import { Empty, Loaded } from '../../parts/states.tsx';
import type { ScreenProps } from '../../screens.ts';
import { refusalOf } from '../../session.tsx';
import { StartQueue } from './start.tsx';
import { askedWords, kindWords, queueState } from './words.ts';
import '../../style/reviews.css';

export default function Reviews({ session }: ScreenProps) {
  const list = useApi('listReviews', {});
  const [isStarting, setStarting] = useState(false);
  const [, go] = useLocation();
  const refusal = refusalOf(session, 'operate');
  return (
    <Page
      title="Reviews"
      about="What experts are asked about answers; what they say becomes labels"
      command="sluice review list"
      actions={
        <>
          <button
            type="button"
            className="primary"
            disabled={refusal !== undefined}
            title={refusal}
            onClick={() => setStarting(true)}
          >
            Start a queue…
          </button>
          {refusal !== undefined && <span className="muted act-note">{refusal}</span>}
        </>
      }
    >
      <Loaded query={list} what="the queues">
        {({ queues }) =>
          queues.length === 0 ? (
            <Empty
              title="There is no review queue yet"
              command="sluice review start experts --evaluation ID --scorer judged"
            >
              A queue asks two people or more about answers of an evaluation, without showing them each other’s reviews.
            </Empty>
          ) : (
            <>
              <Rows
                rows={queues}
                columns={COLUMNS}
                keyOf={({ queue }) => queue.name}
                to={({ queue }) => `/reviews/${queue.name}`}
                caption="Review queues, newest first"
              />
              {queues.length === REVIEW_LIMITS.listed && (
                <p className="muted">
                  These are the newest {queues.length}. Older ones are at the address that ends with their name.
                </p>
              )}
            </>
          )
        }
      </Loaded>
      {isStarting && (
        <StartQueue
          onClose={() => setStarting(false)}
          onDone={({ queue }) => {
            setStarting(false);
            go(`/reviews/${queue.name}`);
          }}
        />
      )}
    </Page>
  );
}

const COLUMNS: readonly Column<ListedQueue>[] = [
  { id: 'name', heading: 'Queue', cell: ({ queue }) => queue.name },
  { id: 'state', heading: 'State', cell: ({ queue, progress }) => <Badge word={queueState(queue, progress)} /> },
  { id: 'go', heading: <span className="visually-hidden">To review</span>, cell: (listed) => <ToReview {...listed} /> },
  { id: 'reviews', heading: 'Reviews', isNumber: true, cell: ({ progress }) => <Given progress={progress} /> },
  { id: 'disputed', heading: 'Disputed', isNumber: true, cell: ({ progress }) => showWhole(progress.states.disputed) },
  { id: 'by', heading: 'By', wraps: true, cell: byWords },
  { id: 'what', heading: 'What', wraps: true, cell: ({ queue }) => <What queue={queue} /> },
  {
    id: 'at',
    heading: 'Started',
    cell: ({ queue }) => (
      <span title={`${isoUtc(queue.startedAt)}, by ${queue.startedBy}`}>{showAgo(queue.startedAt)}</span>
    ),
  },
];

const What = ({ queue }: Pick<ListedQueue, 'queue'>) => (
  <>
    {queue.scorer}: {kindWords(queue)}
    <br />
    <span className="muted">{queue.evaluationId}</span>
  </>
);

const ToReview = ({ queue, progress }: ListedQueue) =>
  queueState(queue, progress) === 'open' ? (
    <Link
      className="button small"
      href={`/reviews/${queue.name}/review`}
      aria-label={`Review ${queue.name}`}
      onClick={(event) => event.stopPropagation()}
    >
      Review
    </Link>
  ) : null;

const Given = ({ progress: { reviews, asked } }: Pick<ListedQueue, 'progress'>) => (
  <label className="given">
    {showWhole(reviews)} of {showWhole(asked)} <progress value={reviews} max={Math.max(1, asked)} />
  </label>
);

function byWords({ queue, progress: { byReviewer } }: ListedQueue): string {
  const who = byReviewer.map(({ reviewer, reviews }) => `${reviewer} ${showWhole(reviews)}`).join(', ');
  return `${askedWords(queue)}: ${who || 'nobody yet'}`;
}
