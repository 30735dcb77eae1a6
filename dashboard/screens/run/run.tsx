/** One run: its trace beside its time, what is known of each part, its plan's picture, and what people said of it. */
import '../../style/run.css';
import { useState } from 'react';
import { Link, useSearchParams } from 'wouter';
import { DASH, shortId, showDuration, showMoney, showWhole } from '../../../src/base/format.ts';
import { askedFor } from '../../../src/model/run-fields.ts';
import { call, useApi } from '../../api.ts';
import { runCommands } from '../../commands.ts';
import { Badge } from '../../parts/badge.tsx';
import { Copy } from '../../parts/copy.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Moment } from '../../parts/moment.tsx';
import { Page } from '../../parts/page.tsx';
import { Failed, Loaded } from '../../parts/states.tsx';
import type { ScreenProps } from '../../screens.ts';
import { refusalOf, type Session } from '../../session.tsx';
import { Body } from './body.tsx';
import { Feedback } from './feedback.tsx';
import { Rerun, RerunOutcome } from './rerun.tsx';
import type { RunTrace } from './spans.ts';

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
  const trace = useApi(
    'getTrace',
    { params: { id } },
    {
      // Until it has ended; who is told that there is no such run need not ask again.
      refetchInterval: ({ state }) => (state.data?.state === 'running' ? POLL_MS : false),
      retry: (failures, { status }) => failures < 1 && (status === 0 || status >= 500),
      placeholderData: () => undefined,
    },
  );
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
  const { data, error, refetch } = useApi(
    'getPlan',
    { params: { id: run.planId } },
    {
      staleTime: Number.POSITIVE_INFINITY,
      placeholderData: () => undefined,
    },
  );
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

// The header of a run: outcome, duration, cost, unit, and links.

function RunHeader({ run }: { readonly run: RunTrace }) {
  const { runId, pipeline, planId, state, arms, unit, startedAt, endedAt, spent } = run;
  const { costUsd, unknownCalls, estimatedCalls, paidCalls, inputTokens, outputTokens } = spent;
  const ms = startedAt === null ? null : (endedAt ?? Date.now()) - startedAt;
  return (
    <section className="card run-head" aria-label="The run in short">
      <div className="figures">
        <Figure name="State" value={<Badge word={state} />} />
        <Figure name="Took" value={`${showDuration(ms)}${endedAt === null ? ' so far' : ''}`} />
        <Figure
          name="Cost"
          value={paidCalls === 0 ? DASH : `${unknownCalls > 0 && costUsd !== null ? '≥ ' : ''}${showMoney(costUsd)}`}
          more={paidCalls === 0 ? 'no paid call' : costWords(paidCalls, unknownCalls, estimatedCalls)}
        />
        <Figure
          name="Tokens"
          value={paidCalls === 0 ? DASH : showWhole(inputTokens + outputTokens)}
          {...(paidCalls > 0 && { more: `${showWhole(inputTokens)} in, ${showWhole(outputTokens)} out` })}
        />
        <Figure name="Began" value={<Moment at={startedAt} />} />
      </div>
      <p className="run-line">
        <span>
          Run <code>{runId}</code> <Copy text={() => runId} what="the id of the run" />
        </span>
        <span>
          Pipeline <Link href={`/runs?pipeline=${encodeURIComponent(pipeline)}`}>{askedFor(run)}</Link>
        </span>
        <span title={planId}>
          Plan <code>{shortId(planId)}</code>
        </span>
        <span>Unit {unit === null ? DASH : <code>{unit}</code>}</span>
        {Object.entries(arms).map(([experiment, arm]) => (
          <span key={experiment}>
            Arm <Link href={`/experiments/${experiment}`}>{experiment}</Link>: {arm}
          </span>
        ))}
      </p>
      {state === 'degraded' && (
        <p className="notice">It answered, but not in the way it was meant to: look for ↷ in the trace.</p>
      )}
    </section>
  );
}

function costWords(paid: number, unknown: number, estimated: number): string {
  return [
    `${showWhole(paid)} paid ${paid === 1 ? 'call' : 'calls'}`,
    ...(unknown > 0 ? [`${showWhole(unknown)} of unknown cost`] : []),
    ...(estimated > 0 ? [`${showWhole(estimated)} estimated`] : []),
  ].join(', ');
}

const Figure = ({ name, value, more }: { name: string; value: React.ReactNode; more?: string }) => (
  <div className="figure">
    <div className="muted">{name}</div>
    <div className="figure-value">{value}</div>
    {more && <div className="muted">{more}</div>}
  </div>
);

// Adds the run's input to a dataset, with its answer as expected output if it is accepted.

interface Added {
  readonly dataset: string;
  readonly version: string;
  readonly examples: number;
  readonly added: readonly string[];
}

type Expecting = 'nothing' | 'accept' | 'other';

interface AddProps {
  readonly run: RunTrace;
  readonly onClose: () => void;
  /** Told in words what came of it. */
  readonly onDone: (words: string) => void;
}

function AddToDataset({ run, onClose, onDone }: AddProps) {
  const known = useApi('listDatasets', {}, { retry: false });
  const [name, setName] = useState('');
  const [expecting, setExpecting] = useState<Expecting>(run.state === 'completed' ? 'accept' : 'nothing');
  const [expected, setExpected] = useState('value' in run.output ? JSON.stringify(run.output.value, null, 2) : '{}');
  const [tags, setTags] = useState('');
  const [begins, setBegins] = useState(false);
  const hasOutput = run.state === 'completed' || run.state === 'degraded';
  const add = async () => {
    const added = await call('addRunsToDataset', {
      params: { name: name.trim() },
      body: {
        runs: [run.runId],
        ...(expecting === 'accept' && { accept: true }),
        ...(expecting === 'other' && { expected: parse(expected) }),
        ...(tags.trim() !== '' && {
          tags: tags
            .split(',')
            .map((tag) => tag.trim())
            .filter(Boolean),
        }),
        ...(begins && { begin: true }),
      },
    });
    onDone(inWords(added));
  };
  return (
    <Dialog title="Add to dataset" action="Add" isDisabled={name.trim() === ''} onAct={add} onClose={onClose}>
      <div className="field">
        <label htmlFor="dataset">Dataset</label>
        <input
          id="dataset"
          list="datasets"
          required
          autoComplete="off"
          placeholder="ai-docs"
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <datalist id="datasets">
          {known.data?.datasets?.map(({ dataset }) => (
            <option key={dataset} value={dataset} />
          ))}
        </datalist>
        <label className="choice">
          <input type="checkbox" checked={begins} onChange={(event) => setBegins(event.target.checked)} /> begin it
          where there is none of that name
        </label>
      </div>
      <fieldset className="field">
        <legend>What is expected</legend>
        {(
          [
            ['accept', 'the answer as it was given', !hasOutput],
            ['other', 'another one', false],
            ['nothing', 'nothing yet', false],
          ] as const
        ).map(([choice, words, isDisabled]) => (
          <label key={choice} className="choice">
            <input
              type="radio"
              name="expecting"
              disabled={isDisabled}
              checked={expecting === choice}
              onChange={() => setExpecting(choice)}
            />{' '}
            {words}
            {isDisabled && ` (the run ${run.state === 'running' ? 'has none yet' : `is ${run.state}`})`}
          </label>
        ))}
        {expecting === 'other' && (
          <textarea
            aria-label="What is expected, as a JSON object"
            rows={6}
            className="code"
            value={expected}
            onChange={(event) => setExpected(event.target.value)}
          />
        )}
      </fieldset>
      <div className="field">
        <label htmlFor="tags">Tags, with commas</label>
        <input id="tags" value={tags} onChange={(event) => setTags(event.target.value)} />
      </div>
    </Dialog>
  );
}

function parse(text: string): { readonly [field: string]: unknown } {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`What is expected is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function inWords({ dataset, version, examples, added }: Added): string {
  const short = version.slice(0, 12);
  if (added.length === 0) return `It was in ${dataset} before, and stays as it is there (version ${short}).`;
  return `Added to ${dataset}: ${showWhole(examples)} examples, version ${short}.`;
}
