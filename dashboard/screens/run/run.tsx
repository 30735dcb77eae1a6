/** One run: its trace beside its time, what is known of each part, its plan's picture, and what people said of it. */
import { useState } from 'react';
import { useSearchParams } from 'wouter';
import { shortId } from '../../../src/base/format.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { useApi } from '../../api.ts';
import { runCommands } from '../../commands.ts';
import { Page } from '../../parts/page.tsx';
import { Failed, Loaded } from '../../parts/states.tsx';
import type { ScreenProps } from '../../screens.ts';
import { refusalOf, type Session } from '../../session.tsx';
import { AddToDataset } from './add-to-dataset.tsx';
import { Body } from './body.tsx';
import { Feedback } from './feedback.tsx';
import { RunHeader } from './header.tsx';
import { Rerun } from './rerun.tsx';
import { RerunOutcome } from './rerun-outcome.tsx';
import type { RunTrace } from './spans.ts';
import './run.css';

const POLL_MS = 1_500;
const WHY_ID = 'why-not';
const AGAIN = 'again';

/** Nothing of one run is kept for another. */
export default function Run({ session, parameters: { id = '' } }: ScreenProps) {
  return <OneRun key={id} id={id} session={session} />;
}

/** What is asked before the page. */
type Asks = { readonly what: 'dataset' } | { readonly what: 'rerun'; readonly from: string };

function OneRun({ id, session }: { readonly id: string; readonly session: Session }) {
  const trace = useApi<RunTrace>(`/v1/runs/${encodeURIComponent(id)}/trace`, {
    // Until it has ended; who is told that there is no such run need not ask again.
    refetchInterval: ({ state }) => (state.data?.state === 'running' ? POLL_MS : false),
    retry: (failures, { status }) => failures < 1 && (status === 0 || status >= 500),
    placeholderData: () => undefined,
  });
  const [asks, setAsks] = useState<Asks>();
  // In the address, so that what came of it can be found again.
  const [search, setSearch] = useSearchParams();
  const rerunId = search.get(AGAIN);
  const setRerunId = (started: string | null) =>
    setSearch((before) => {
      const after = new URLSearchParams(before);
      if (started === null) after.delete(AGAIN);
      else after.set(AGAIN, started);
      return after;
    });
  const [said, setSaid] = useState<string>();
  const why = refusalOf(session, 'operate');
  return (
    <Page
      title={`Run ${shortId(id)}`}
      command={runCommands(shortId(id), trace.data?.planId)}
      actions={trace.data && <Actions run={trace.data} why={why} onAsk={setAsks} />}
    >
      <Loaded query={trace} what="the run">
        {(run) => (
          <>
            {why !== undefined && (
              <p className="muted" id={WHY_ID}>
                {why}
              </p>
            )}
            {said !== undefined && (
              <p className="notice" role="status">
                {said}
              </p>
            )}
            <RunHeader run={run} />
            {rerunId !== null && <RerunOutcome runId={run.runId} rerunId={rerunId} onClose={() => setRerunId(null)} />}
            <WithPlan
              {...{ run, session, asks }}
              onAsk={setAsks}
              mayRerun={why === undefined}
              onAdded={setSaid}
              onStarted={setRerunId}
            />
          </>
        )}
      </Loaded>
    </Page>
  );
}

interface ActionsProps {
  readonly run: RunTrace;
  /** Why nothing may be changed; absent where it may. */
  readonly why: string | undefined;
  readonly onAsk: (asks: Asks | undefined) => void;
}

function Actions({ run: { temporalUrl, state }, why, onAsk }: ActionsProps) {
  const whyNoRerun = why ?? (state === 'running' ? 'It is still under way.' : undefined);
  return (
    <>
      <a className="button" href={temporalUrl} target="_blank" rel="noreferrer">
        Temporal UI
      </a>
      <button
        type="button"
        disabled={why !== undefined}
        aria-describedby={why && WHY_ID}
        title={why}
        onClick={() => onAsk({ what: 'dataset' })}
      >
        Add to dataset…
      </button>
      <button
        type="button"
        disabled={whyNoRerun !== undefined}
        aria-describedby={why && WHY_ID}
        title={whyNoRerun}
        onClick={() => onAsk({ what: 'rerun', from: '' })}
      >
        Re-run with variant…
      </button>
    </>
  );
}

interface WithPlanProps extends Pick<ActionsProps, 'run' | 'onAsk'> {
  readonly session: Session;
  readonly asks: Asks | undefined;
  readonly mayRerun: boolean;
  readonly onAdded: (words: string) => void;
  readonly onStarted: (rerunId: string) => void;
}

function WithPlan({ run, session, asks, mayRerun, onAsk, onAdded, onStarted }: WithPlanProps) {
  const { data, error, refetch } = useApi<{ plan: Plan }>(`/v1/plans/${run.planId}`, {
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: () => undefined,
  });
  const isOver = run.state !== 'running';
  const close = () => onAsk(undefined);
  return (
    <>
      <Body
        run={run}
        plan={data?.plan}
        planTrouble={error && <Failed error={error} retry={() => void refetch()} />}
        onRerun={mayRerun && isOver ? (from) => onAsk({ what: 'rerun', from }) : undefined}
      />
      <Feedback
        runId={run.runId}
        rows={run.feedback}
        session={session}
        notYet={isOver ? undefined : 'There is no answer yet to say something of.'}
      />
      {asks?.what === 'dataset' && (
        <AddToDataset
          run={run}
          onClose={close}
          onDone={(words) => {
            onAdded(words);
            close();
          }}
        />
      )}
      {asks?.what === 'rerun' && (
        <Rerun
          {...{ run, plan: data?.plan, from: asks.from }}
          onClose={close}
          onStarted={(started) => {
            onStarted(started);
            close();
          }}
        />
      )}
    </>
  );
}
