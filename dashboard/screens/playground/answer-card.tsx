/** One answer: its text as it comes, what it cites, what it took, and a thumb for it. */
import { useState } from 'react';
import { Link } from 'wouter';
import { DASH, shortId, showDuration, showMoney, showWhole } from '../../../src/base/format.ts';
import type { Json } from '../../../src/plan/plan.ts';
import { call, errorText, useApi } from '../../api.ts';
import { Badge } from '../../parts/badge.tsx';
import { JsonView } from '../../parts/json.tsx';
import { citedIn, Passages, passageLists } from '../../parts/passages.tsx';
import { Prose } from '../../parts/prose.tsx';
import { Thumb } from '../../parts/thumb.tsx';
import { refusalOf, type Session } from '../../session.tsx';
import type { Answer } from './answer.ts';

interface CardProps {
  readonly answer: Answer;
  readonly session: Session;
}

const WORDS = {
  asking: 'running',
  answered: 'completed',
  failed: 'failed',
  left: 'not followed',
  broken: 'stream broken',
} as const;

export function AnswerCard({ answer, session }: CardProps) {
  const { pipeline, phase, runId, degraded, result, trouble, retracted } = answer;
  const isDegraded = result?.degraded ?? degraded.length > 0;
  const word = phase === 'answered' && isDegraded ? 'degraded' : WORDS[phase];
  return (
    <section className="card answer-card" aria-label={`Answer of ${pipeline}`} aria-busy={phase === 'asking'}>
      <div className="bar">
        <h2>{pipeline}</h2>
        <Badge word={word} />
        {phase === 'asking' && <span className="spinner" aria-hidden="true" />}
        {runId !== null && <Link href={`/runs/${runId}`}>{shortId(runId)}</Link>}
      </div>
      {isDegraded && (
        <p className="notice">
          Some steps gave second best
          {degraded.length > 0 && (
            <>
              : <code>{degraded.join(', ')}</code>
            </>
          )}
          . The answer may be worse than usual.
        </p>
      )}
      {phase === 'left' && (
        <p className="notice" role="status">
          {runId === null
            ? 'Not followed any more. If the run had begun, it goes on: find it among the runs.'
            : 'Not followed any more. The run goes on, and its answer is kept: open the run to see it.'}
        </p>
      )}
      {trouble !== null && (
        <p role="alert" className={phase === 'failed' ? 'harm' : 'notice'}>
          <strong>{trouble.message}</strong>
          <br />
          {trouble.remedy}
        </p>
      )}
      <Said answer={answer} />
      {retracted > 0 && (
        <p className="muted">
          {retracted === 1 ? 'One draft was' : `${showWhole(retracted)} drafts were`} taken back: the checks did not
          pass it.
        </p>
      )}
      <Took answer={answer} />
      {phase === 'answered' && runId !== null && (
        <>
          <Say key={runId} runId={runId} session={session} />
          <Rests runId={runId} output={answer.output ?? null} />
        </>
      )}
    </section>
  );
}

function Said({ answer: { phase, text, drafts, output } }: { readonly answer: Answer }) {
  if (text !== null)
    return (
      <div className="answer-text" aria-live="polite">
        <Prose text={text} />
      </div>
    );
  if (drafts.length > 0)
    return drafts.map(({ key, text: draft }) => (
      <div key={key} className="answer-text draft">
        <span className="muted">Draft of {key}, not checked yet</span>
        <br />
        {draft}
      </div>
    ));
  if (output !== undefined && output !== null) return <JsonView value={output} label="the output" />;
  return phase === 'asking' ? (
    <p className="muted" role="status">
      Waiting for the answer …
    </p>
  ) : null;
}

function Took({ answer: { result, firstTextMs, waitedMs } }: { readonly answer: Answer }) {
  if (waitedMs === null) return null;
  const isFree = result?.paidCalls === 0;
  const paid = result?.costUsd == null ? DASH : `${result.unknownCalls > 0 ? '≥ ' : ''}${showMoney(result.costUsd)}`;
  const tokens = result === null || isFree ? DASH : showWhole(result.inputTokens + result.outputTokens);
  const facts = [
    ['Took', showDuration(result?.durationMs ?? null)],
    ['First text', showDuration(firstTextMs)],
    ['Waited here', showDuration(waitedMs)],
    ['Cost', isFree ? 'no paid calls' : paid],
    ['Tokens', tokens],
    ['Plan', result === null ? DASH : shortId(result.planId)],
  ] as const;
  return (
    <dl className="figures-row">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** A thumb is sent at once; the other one after it counts as said later. */
function Say({ runId, session }: { readonly runId: string; readonly session: Session }) {
  const [said, setSaid] = useState<'up' | 'down'>();
  const [message, setMessage] = useState<string>();
  const refusal = refusalOf(session, 'feedback');
  const say = async (thumb: 'up' | 'down') => {
    try {
      await call('giveFeedback', { params: { id: runId }, body: { thumb } });
      setSaid(thumb);
      setMessage(`Thumb ${thumb} is kept, with the run.`);
    } catch (error) {
      setMessage(errorText(error));
    }
  };
  return (
    <div className="bar">
      {(['up', 'down'] as const).map((side) => (
        <button
          key={side}
          type="button"
          className="toggle"
          aria-label={`Thumb ${side}`}
          aria-pressed={said === side}
          disabled={refusal !== undefined}
          onClick={() => void say(side)}
        >
          <Thumb side={side} />
        </button>
      ))}
      <span role="status" className="muted">
        {refusal ?? message}
      </span>
    </div>
  );
}

/** What it rests on: its citations, and the passages that the last step with passages gave. */
function Rests({ runId, output }: { readonly runId: string; readonly output: Json }) {
  const trace = useApi('getTrace', { params: { id: runId } }, { staleTime: Number.POSITIVE_INFINITY });
  const cited = citedIn(output);
  const list = trace.data?.nodes
    .flatMap(({ output: given }) => (given !== null && 'value' in given ? passageLists(given.value) : []))
    .at(-1);
  if (trace.isPending) return <p className="muted">Reading what it rests on …</p>;
  if (trace.error)
    return (
      <p className="muted" role="alert">
        What it rests on cannot be shown: {trace.error.message}.
      </p>
    );
  return (
    <>
      {cited !== null && (
        <p className="muted">
          {cited.size === 0
            ? 'It cites nothing.'
            : `It cites ${cited.size === 1 ? 'one passage' : `${cited.size} passages`}.`}
        </p>
      )}
      {list !== undefined && <Passages list={list} cited={cited} of={runId} />}
      {output !== null && (
        <details>
          <summary>The whole output</summary>
          <JsonView value={output} label="the output" />
        </details>
      )}
    </>
  );
}
