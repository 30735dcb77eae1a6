/** One run: its trace beside its time, what is known of each part, its plan's picture, and what people said of it. */
import { useMemo, useState } from 'react';
import type { Plan } from '../../../../plan/plan.ts';
import { useApi } from '../../api.ts';
import { shortRun } from '../../format.ts';
import { Page } from '../../parts/page.tsx';
import { Failed, Loaded, Loading } from '../../parts/states.tsx';
import type { ScreenProps } from '../../screens.ts';
import { AddToDataset } from './add-to-dataset.tsx';
import { Feedback } from './feedback.tsx';
import { RunHeader } from './header.tsx';
import { Panel } from './panel.tsx';
import { PlanPicture } from './plan-picture.tsx';
import { Rerun, RerunOutcome } from './rerun.tsx';
import './run.css';
import { closedAtFirst, linesOf, type RunTrace, seenLines } from './spans.ts';
import { Tree } from './tree.tsx';

const POLL_MS = 1_500;
const NO_OPERATE = 'This key may not change things: sign in with one that has the scope operate.';

export default function Run({ session, parameters }: ScreenProps) {
  const id = parameters.id ?? '';
  const trace = useApi<RunTrace>(`/v1/runs/${encodeURIComponent(id)}/trace`, {
    // Until it has ended; who is told that there is no such run need not ask again.
    refetchInterval: ({ state }) => (state.data?.state === 'running' ? POLL_MS : false),
    retry: (failures, { status }) => failures < 1 && (status === 0 || status >= 500),
  });
  const [asks, setAsks] = useState<{ readonly what: 'dataset' } | { readonly what: 'rerun'; readonly from: string }>();
  const [rerunId, setRerunId] = useState<string>();
  const [said, setSaid] = useState<string>();
  const run = trace.data;
  const plan = useApi<{ plan: Plan }>(`/v1/plans/${run?.planId ?? ''}`, {
    enabled: run !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const isOver = run !== undefined && run.state !== 'running';
  const why = session.scopes.includes('operate') ? undefined : NO_OPERATE;
  const whyNoRerun = why ?? (isOver ? undefined : 'It is still under way.');
  const close = () => setAsks(undefined);
  return (
    <Page
      title={`Run ${shortRun(id)}`}
      command={`sluice trace ${shortRun(id)}`}
      actions={
        run && (
          <>
            <a className="button" href={run.temporalUrl} target="_blank" rel="noreferrer">
              Temporal UI
            </a>
            <button type="button" disabled={why !== undefined} title={why} onClick={() => setAsks({ what: 'dataset' })}>
              Add to dataset…
            </button>
            <button
              type="button"
              disabled={whyNoRerun !== undefined}
              title={whyNoRerun}
              onClick={() => setAsks({ what: 'rerun', from: '' })}
            >
              Re-run with variant…
            </button>
          </>
        )
      }
    >
      <Loaded query={trace} what="the run">
        {(shown) => (
          <>
            {said !== undefined && (
              <p className="notice" role="status">
                {said}
              </p>
            )}
            <RunHeader run={shown} />
            {rerunId !== undefined && (
              <RerunOutcome runId={shown.runId} rerunId={rerunId} onClose={() => setRerunId(undefined)} />
            )}
            <Body
              key={shown.runId}
              run={shown}
              plan={plan.data?.plan}
              planTrouble={plan.error && <Failed error={plan.error} retry={() => void plan.refetch()} />}
              onRerun={whyNoRerun === undefined ? (from) => setAsks({ what: 'rerun', from }) : undefined}
            />
            <Feedback
              runId={shown.runId}
              rows={shown.feedback}
              session={session}
              notYet={isOver ? undefined : 'There is no answer yet to say something of.'}
            />
            {asks?.what === 'dataset' && (
              <AddToDataset
                run={shown}
                onClose={close}
                onDone={(words) => {
                  setSaid(words);
                  close();
                }}
              />
            )}
            {asks?.what === 'rerun' && (
              <Rerun
                run={shown}
                plan={plan.data?.plan}
                from={asks.from}
                onClose={close}
                onStarted={(started) => {
                  setRerunId(started);
                  close();
                }}
              />
            )}
          </>
        )}
      </Loaded>
    </Page>
  );
}

interface BodyProps {
  readonly run: RunTrace;
  readonly plan: Plan | undefined;
  readonly planTrouble: React.ReactNode;
  readonly onRerun: ((node: string) => void) | undefined;
}

/** Trace and panel, and the picture, of one selection. */
function Body({ run, plan, planTrouble, onRerun }: BodyProps) {
  const lines = useMemo(() => linesOf(run), [run]);
  const [selected, setSelected] = useState('run');
  const [closed, setClosed] = useState<ReadonlySet<string>>(() => closedAtFirst(lines));
  const seen = useMemo(() => seenLines(lines, closed), [lines, closed]);
  const line = lines.find(({ id }) => id === selected) ?? lines[0]!;
  const toggle = (id: string, isOpen: boolean) => {
    const next = new Set(closed);
    if (isOpen) next.delete(id);
    else next.add(id);
    setClosed(next);
    // What was selected inside is not seen any more.
    if (!isOpen && !seenLines(lines, next).some((each) => each.id === selected)) setSelected(id);
  };
  const choose = (id: string) => {
    const above = new Set<string>();
    for (let at = lines.find((each) => each.id === id); at?.parent; ) {
      above.add(at.parent);
      at = lines.find((each) => each.id === at?.parent);
    }
    setClosed(new Set([...closed].filter((each) => !above.has(each))));
    setSelected(id);
  };
  return (
    <>
      <div className="run-body">
        <section className="card trace-card" aria-labelledby="trace-title">
          <div className="panel-head">
            <h2 id="trace-title">Trace</h2>
            <span className="bar">
              <button type="button" className="small" onClick={() => setClosed(new Set())}>
                Open all
              </button>
              <button
                type="button"
                className="small"
                onClick={() => {
                  setClosed(new Set(lines.flatMap(({ id, level, hasInside }) => (hasInside && level > 1 ? [id] : []))));
                  setSelected('run');
                }}
              >
                Close all
              </button>
            </span>
          </div>
          <Tree lines={seen} closed={closed} selected={line.id} onSelect={setSelected} onToggle={toggle} />
          {run.nodes.length === 0 && (
            <p className="muted">
              {run.state === 'running'
                ? 'No node has been recorded yet; this page follows the run by itself.'
                : 'No node of it is on record: it ended before the first had.'}
            </p>
          )}
        </section>
        <Panel key={line.id} line={line} run={run} onRerun={onRerun} />
      </div>
      <section className="card" aria-labelledby="plan-title">
        <h2 id="plan-title">Plan</h2>
        {plan ? (
          <PlanPicture plan={plan} nodes={run.nodes} onChoose={choose} />
        ) : (
          (planTrouble ?? <Loading what="the plan" />)
        )}
      </section>
    </>
  );
}
