/** One review queue: how far it is, how far reviewers agree, its items, and what is left to decide. */
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useSearchParams } from 'wouter';
import { showWhole } from '../../../src/base/format.ts';
import type { ReviewQueue, ReviewReport } from '../../../src/model/review-queue.ts';
import { useApi } from '../../api.ts';
import { Badge } from '../../parts/badge.tsx';
import { Moment } from '../../parts/moment.tsx';
import { Page } from '../../parts/page.tsx';
import { Loaded } from '../../parts/states.tsx';
import type { ScreenProps } from '../../screens.ts';
import { refusalOf, type Session } from '../../session.tsx';
import { Agreement } from './agreement.tsx';
import { CloseQueue } from './close.tsx';
import { Items } from './items.tsx';
import { Progress } from './progress.tsx';
import './reviews.css';
import { ToDataset } from './to-dataset.tsx';
import { pathOf } from './types.ts';
import { askedWords, kindWords, standingOf } from './words.ts';

const POLL_MS = 10_000;

export default function Queue({ session, parameters }: ScreenProps) {
  const name = parameters.name ?? '';
  const query = useApi<ReviewReport>(pathOf(name), {
    placeholderData: undefined as never,
    refetchInterval: ({ state }) => (state.data && state.data.queue.closedAt === null ? POLL_MS : false),
  });
  const report = query.data;
  const [search] = useSearchParams();
  const item = search.get('item');
  return (
    <Page
      title={name}
      about={report && `A review queue: ${askedWords(report.queue)}, started by ${report.queue.startedBy}`}
      command={[`sluice review show ${name}`, ...(item === null ? [] : [`sluice review item ${name} ${item}`])]}
      actions={report && <Actions report={report} session={session} />}
    >
      <Loaded query={query} what="the queue">
        {(data) => (
          <>
            <div className="grid queue-head">
              <Progress report={data} />
              <About queue={data.queue} standing={standingOf(data.queue, data.progress)} session={session} />
            </div>
            <Agreement report={data} />
            <Items report={data} session={session} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Actions({ report, session }: { readonly report: ReviewReport; readonly session: Session }) {
  const { queue, progress } = report;
  const queries = useQueryClient();
  const [open, setOpen] = useState<'close' | 'dataset'>();
  const [said, setSaid] = useState<string>();
  const mayNot = { review: refusalOf(session, 'feedback'), act: refusalOf(session, 'operate') };
  const isClosed = queue.closedAt !== null;
  const hasReviewed = progress.states.agreed + progress.states.settled > 0;
  const done = (words: string) => {
    setOpen(undefined);
    setSaid(words);
    void queries.invalidateQueries();
  };
  const noDataset = mayNot.act ?? (hasReviewed ? undefined : 'Nothing is agreed or settled yet.');
  return (
    <>
      <button type="button" disabled={noDataset !== undefined} title={noDataset} onClick={() => setOpen('dataset')}>
        Add reviewed to dataset…
      </button>
      {!isClosed && (
        <button type="button" disabled={mayNot.act !== undefined} title={mayNot.act} onClick={() => setOpen('close')}>
          Close…
        </button>
      )}
      {!isClosed && mayNot.review === undefined && (
        <Link className="button primary" href={`/reviews/${queue.name}/review`}>
          Review
        </Link>
      )}
      <span role="status" className="muted act-note">
        {said ?? mayNot.act}
      </span>
      {open === 'close' && <CloseQueue report={report} onClose={() => setOpen(undefined)} onDone={done} />}
      {open === 'dataset' && <ToDataset queue={queue} onClose={() => setOpen(undefined)} onDone={done} />}
    </>
  );
}

interface AboutProps {
  readonly queue: ReviewQueue;
  readonly standing: string;
  readonly session: Session;
}

function About({ queue, standing, session }: AboutProps) {
  const { evaluationId, scorer, question, guidelines, startedAt, closedAt, items } = queue;
  return (
    <section className="card" aria-labelledby="about-title">
      <div className="bar">
        <h2 id="about-title">What is asked</h2>
        <Badge word={standing} />
      </div>
      <dl className="facts">
        <dt>Evaluation</dt>
        <dd>
          {session.scopes.includes('read') ? (
            <Link href={`/evaluations/${evaluationId}`}>{evaluationId}</Link>
          ) : (
            evaluationId
          )}
        </dd>
        <dt>Scorer</dt>
        <dd>
          {scorer}: {kindWords(queue)}
        </dd>
        <dt>Items</dt>
        <dd>
          {showWhole(items)}, {askedWords(queue)}
        </dd>
        <dt>Started</dt>
        <dd>
          <Moment at={startedAt} />
        </dd>
        {closedAt !== null && (
          <>
            <dt>Closed</dt>
            <dd>
              <Moment at={closedAt} />
            </dd>
          </>
        )}
      </dl>
      {question !== null && <p className="guidance-question">{question}</p>}
      {guidelines !== null && (
        <details>
          <summary>Guidelines</summary>
          <p className="guidance-text">{guidelines}</p>
        </details>
      )}
      <p className="muted">
        What calibration makes of these labels:{' '}
        <code>
          sluice judge show {evaluationId} --scorer {scorer}
        </code>
      </p>
    </section>
  );
}
