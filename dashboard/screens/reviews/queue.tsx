/** One review queue: how far it is, how far reviewers agree, its items, and what is left to decide. */
import '../../style/reviews.css';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useSearchParams } from 'wouter';
import { DASH, showPercent, showWhole } from '../../../src/base/format.ts';
import type { FieldAgreement, ReviewQueue, ReviewReport } from '../../../src/model/review-queue.ts';
import { call, useApi } from '../../api.ts';
import { Badge } from '../../parts/badge.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Moment } from '../../parts/moment.tsx';
import { Page } from '../../parts/page.tsx';
import { type Column, Rows } from '../../parts/rows.tsx';
import { Loaded } from '../../parts/states.tsx';
import { Why } from '../../parts/why.tsx';
import type { ScreenProps } from '../../screens.ts';
import { refusalOf, type Session } from '../../session.tsx';
import { inWords } from './form.ts';
import { Items } from './items.tsx';
import { ToDataset } from './to-dataset.tsx';
import { askedWords, kindWords, MEANS, queueState, STATES } from './words.ts';

const POLL_MS = 10_000;

export default function Queue({ session, parameters }: ScreenProps) {
  const name = parameters.name ?? '';
  const query = useApi(
    'getReview',
    { params: { name } },
    {
      placeholderData: undefined as never,
      refetchInterval: ({ state }) => (state.data && state.data.queue.closedAt === null ? POLL_MS : false),
    },
  );
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
              <About queue={data.queue} standing={queueState(data.queue, data.progress)} session={session} />
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

// The agreement of reviewers beyond chance, by field.

const DECIMALS = 2;
/** Plus zero, as what rounds to nothing from below is nothing. */
const coefficient = (value: number | null): string =>
  value === null ? DASH : (Number(value.toFixed(DECIMALS)) + 0).toFixed(DECIMALS);

const COLUMNS: readonly Column<FieldAgreement>[] = [
  { id: 'field', heading: 'Field', cell: ({ field }) => (field === 'win' ? 'Which is better' : inWords(field)) },
  { id: 'words', heading: 'Agreement', wraps: true, cell: ({ words }) => words },
  {
    id: 'same',
    heading: 'Say the same',
    isNumber: true,
    cell: ({ same, shared }) =>
      shared === 0 ? DASH : `${showWhole(same)} of ${showWhole(shared)} (${showPercent(same / shared)})`,
  },
  { id: 'kappa', heading: 'Cohen’s kappa', isNumber: true, cell: ({ kappa }) => coefficient(kappa) },
  { id: 'alpha', heading: 'Krippendorff’s alpha', isNumber: true, cell: ({ alpha }) => coefficient(alpha) },
  { id: 'by', heading: 'Between', wraps: true, cell: ({ reviewers }) => reviewers.join(', ') || DASH },
];

function Agreement({ report: { queue, agreement } }: { readonly report: ReviewReport }) {
  return (
    <section className="card" aria-labelledby="agreement-title">
      <h2 id="agreement-title">Agreement</h2>
      {queue.reviewers < 2 ? (
        <p className="muted">One person reviews each item: there is nobody to agree with.</p>
      ) : (
        <>
          <Rows rows={agreement} columns={COLUMNS} keyOf={({ field }) => field} caption="Agreement by field" />
          <p className="muted">
            Kappa and alpha are 1 where reviewers always say the same, and 0 where they do so no more often than if they
            guessed; kappa is of two people who reviewed the same items, alpha of any number, with gaps. Decisions do
            not count.
          </p>
        </>
      )}
    </section>
  );
}

// Closes a queue, after a confirmation with a reason.

interface CloseProps {
  readonly report: ReviewReport;
  readonly onClose: () => void;
  readonly onDone: (words: string) => void;
}

function CloseQueue({ report: { queue, progress }, onClose, onDone }: CloseProps) {
  const queries = useQueryClient();
  const [why, setWhy] = useState('');
  const close = async () => {
    await call('closeReview', { params: { name: queue.name }, body: { why: why.trim() } });
    await queries.invalidateQueries();
    onDone('Closed: no more reviews are taken.');
  };
  const { open, begun, disputed } = progress.states;
  const left = [
    [open + begun, 'not fully reviewed'],
    [disputed, 'disputed and not decided'],
  ] as const;
  const words = left.filter(([count]) => count > 0).map(([count, what]) => `${showWhole(count)} ${what}`);
  return (
    <Dialog
      title={`Close ${queue.name}?`}
      action="Close the queue"
      isDisabled={why.trim() === ''}
      onAct={close}
      onClose={onClose}
    >
      <p>
        Nobody can review after that, and it cannot be opened again. What was said stays, as labels of {queue.scorer}.
      </p>
      <p>{words.length === 0 ? 'Nothing is left to do in it.' : `Left as they are: ${words.join('; ')}.`}</p>
      <Why value={why} onChange={setWhy} />
    </Dialog>
  );
}

// The progress of a queue: items by state, and reviews by reviewer.

function Progress({ report: { queue, progress } }: { readonly report: ReviewReport }) {
  const { states, items, reviews, asked, byReviewer } = progress;
  const words = STATES.map((state) => `${showWhole(states[state])} ${state}`).join(', ');
  return (
    <section className="card" aria-labelledby="progress-title">
      <div className="bar">
        <h2 id="progress-title">Progress</h2>
        <span className="muted">
          {showWhole(reviews)} of {showWhole(asked)} reviews ({showPercent(asked === 0 ? null : reviews / asked)})
        </span>
      </div>
      <div className="state-bar" role="img" aria-label={`Items by state: ${words}`}>
        {STATES.filter((state) => states[state] > 0).map((state) => (
          <span key={state} className={state} style={{ width: `${(100 * states[state]) / Math.max(1, items)}%` }} />
        ))}
      </div>
      <ul className="state-key">
        {STATES.map((state) => (
          <li key={state} title={MEANS[state]}>
            <span className={`swatch ${state}`} aria-hidden="true" /> {state}{' '}
            <strong>{showWhole(states[state])}</strong>
          </li>
        ))}
      </ul>
      {byReviewer.length === 0 ? (
        <p className="muted">
          Nobody has reviewed anything yet. Reviewers sign in with a key of their own, with the scope feedback alone:{' '}
          <code>sluice keys create NAME --scope feedback</code>. A key that may read shows which variant is which.
        </p>
      ) : (
        <Rows
          rows={byReviewer}
          keyOf={({ reviewer }) => reviewer}
          caption="By reviewer"
          columns={[
            { id: 'who', heading: 'Reviewer', cell: ({ reviewer }) => reviewer },
            {
              id: 'reviews',
              heading: 'Reviewed',
              isNumber: true,
              cell: (each) => (
                <label className="given">
                  {showWhole(each.reviews)} of {showWhole(queue.items)}{' '}
                  <progress value={each.reviews} max={Math.max(1, queue.items)} />
                </label>
              ),
            },
            { id: 'passes', heading: 'Could not judge', isNumber: true, cell: ({ passes }) => showWhole(passes) },
          ]}
        />
      )}
    </section>
  );
}
