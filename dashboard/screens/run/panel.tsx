/** What is known of the line that is selected: facts, what it was given, what it gave, and what went wrong. */
import type { ReactNode } from 'react';
import { DASH, showDuration, showMoney, showWhole } from '../../../src/base/format.ts';
import { citedIn, passageLists } from '../../../src/plan/passage-lists.ts';
import type { Json } from '../../../src/plan/plan.ts';
import type { Shown } from '../../../src/telemetry/trace.ts';
import { Badge } from '../../parts/badge.tsx';
import { Copy } from '../../parts/copy.tsx';
import { JsonView } from '../../parts/json.tsx';
import { Moment } from '../../parts/moment.tsx';
import { Passages } from '../../parts/passages.tsx';
import type { Line, RunTrace, Subject } from './spans.ts';

interface PanelProps {
  readonly line: Line;
  readonly run: RunTrace;
  /** Opens what makes the run again from this node on; absent where that cannot be. */
  readonly onRerun?: ((node: string) => void) | undefined;
}

export function Panel({ line, run, onRerun }: PanelProps) {
  const { subject, title, detail, outcome } = line;
  return (
    <section className="card panel" aria-labelledby="panel-title">
      <div className="panel-head">
        <h2 id="panel-title">
          {title} {detail !== null && <span className="muted">{detail}</span>}
        </h2>
        {outcome !== null && <Badge word={outcome} />}
      </div>
      <dl className="facts">
        {factsOf(line).map(([name, value]) => (
          <Fact key={name} name={name} value={value} />
        ))}
      </dl>
      <Details subject={subject} run={run} />
      {subject.is === 'node' && subject.node.kind === 'step' && onRerun && (
        <p>
          <button type="button" onClick={() => onRerun(subject.node.name)}>
            Re-run from here with variant…
          </button>
        </p>
      )}
    </section>
  );
}

const Fact = ({ name, value }: { name: string; value: ReactNode }) => (
  <>
    <dt>{name}</dt>
    <dd>{value}</dd>
  </>
);

type Facts = readonly (readonly [string, ReactNode])[];

function factsOf({ subject, startedAt, endedAt, queuedMs, tokens, costUsd, isAtLeast }: Line): Facts {
  const took = showDuration(startedAt === null || endedAt === null ? null : endedAt - startedAt);
  const common: Facts = [
    ['Began', <Moment key="at" at={startedAt} />],
    ['Took', took],
    ['Tokens', showWhole(tokens)],
    ['Cost', costUsd === null ? DASH : `${isAtLeast ? '≥ ' : ''}${showMoney(costUsd)}`],
  ];
  const waited: Facts = [['Waited for a worker', showDuration(queuedMs)]];
  switch (subject.is) {
    case 'run':
      return [];
    case 'node':
      return [['Node run', <code key="key">{subject.node.key}</code>], ...common, ...waited];
    case 'attempt':
      return [...common.slice(0, 2), ...waited, ['Worker', subject.attempt.worker ?? DASH]];
    case 'call':
      return [...common, ...callFacts(subject.call)];
    default:
      return subject satisfies never;
  }
}

function callFacts(call: Extract<Subject, { is: 'call' }>['call']): Facts {
  const { inputTokens, cachedInputTokens, outputTokens, searchUnits, usage, requestId, errorCode } = call;
  return [
    [
      'In',
      `${showWhole(inputTokens)} tokens${cachedInputTokens ? `, ${showWhole(cachedInputTokens)} of them cached` : ''}`,
    ],
    ['Out', `${showWhole(outputTokens)} tokens`],
    ...(searchUnits === null ? [] : ([['Searches', showWhole(searchUnits)]] as const)),
    ['Usage is', usage ?? DASH],
    ...(requestId === null ? [] : ([['Request', <code key="id">{requestId}</code>]] as const)),
    ...(errorCode === null ? [] : ([['Refused with', errorCode]] as const)),
  ];
}

function Details({ subject, run }: { readonly subject: Subject; readonly run: RunTrace }) {
  switch (subject.is) {
    case 'run':
      return <RunDetails run={subject.run} />;
    case 'node': {
      const { error, input, output, nodes } = subject.node;
      return (
        <>
          <ApiError error={error} />
          <PassagesOf shown={output} run={run} />
          {nodes.length > 0 ? (
            <p className="muted">It holds other nodes: what went in and out is with each of them.</p>
          ) : (
            <>
              <Value title="Input" shown={input} />
              <Value title="Output" shown={output} open={hasPassages(output) ? 1 : undefined} />
            </>
          )}
        </>
      );
    }
    case 'attempt':
      return (
        <>
          <ApiError error={subject.attempt.error} />
          {subject.attempt.error === null && (
            <p className="muted">
              What it was given and gave is with its node; what it asked is in the calls under it.
            </p>
          )}
        </>
      );
    case 'call':
      return (
        <>
          <Request request={subject.call.request} />
          <Response response={subject.call.response} />
        </>
      );
    default:
      return subject satisfies never;
  }
}

function RunDetails({ run: { error, input, output } }: { readonly run: RunTrace }) {
  const answer = 'value' in output ? fieldOf(output.value, 'text') : null;
  const question = 'value' in input ? fieldOf(input.value, 'question') : null;
  return (
    <>
      <ApiError error={error} />
      {question !== null && <p className="asked">{question}</p>}
      {answer !== null && <p className="answered">{answer}</p>}
      <Value title="Input" shown={input} />
      <Value title="Output" shown={output} />
    </>
  );
}

function fieldOf(value: Json, field: string): string | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const found = (value as { readonly [key: string]: Json })[field];
  return typeof found === 'string' && found !== '' ? found : null;
}

/** Then they are shown as such, and need not be open once more. */
const hasPassages = (shown: RunTrace['output']): boolean => 'value' in shown && passageLists(shown.value).length > 0;

function PassagesOf({ shown, run }: { readonly shown: RunTrace['output']; readonly run: RunTrace }) {
  if (!('value' in shown)) return null;
  const cited = 'value' in run.output ? citedIn(run.output.value) : null;
  return passageLists(shown.value).map((list) => <Passages key={list.field} list={list} cited={cited} />);
}

/** `{code, message, remedy?, …}`, as errors are recorded. */
function ApiError({ error }: { readonly error: Json }) {
  if (error === null) return null;
  const text = (field: string) => fieldOf(error, field);
  return (
    <div className="trouble">
      <strong>
        {text('code') ?? 'It failed'}
        {text('message') !== null && `: ${text('message')}`}
      </strong>
      {text('remedy') !== null && <p>{text('remedy')}</p>}
      <details>
        <summary>All that is known of it</summary>
        <JsonView value={error} label="the error" />
      </details>
    </div>
  );
}

// The messages of a model call, and the raw reply.

type JsonObject = { readonly [key: string]: Json };
const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function Request({ request }: { readonly request: Shown }) {
  if ('missing' in request) return <Missing what="Sent" why={request.missing} />;
  const { value } = request;
  const messages = isObject(value) && Array.isArray(value.messages) ? value.messages : null;
  if (messages === null) return <Part title="Sent" value={value} />;
  const { messages: _, ...rest } = value as JsonObject;
  return (
    <>
      <section>
        <h3>Prompt, as sent</h3>
        {messages.map((message, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: messages have their places alone
          <Message key={place} message={message} />
        ))}
      </section>
      {Object.keys(rest).length > 0 && <Part title="Settings, as sent" value={rest} />}
    </>
  );
}

function Message({ message }: { readonly message: Json }) {
  if (!isObject(message) || typeof message.role !== 'string') return <JsonView value={message} label="the message" />;
  const { role, content } = message;
  const text = typeof content === 'string' ? content : null;
  return (
    <div className={`message ${role}`}>
      <div className="message-head">
        <strong>{role}</strong>
        {text !== null && <Copy text={() => text} what={`the ${role} message`} />}
      </div>
      {text === null ? <JsonView value={content ?? null} label="the message" /> : <pre>{text}</pre>}
    </div>
  );
}

function Response({ response }: { readonly response: Shown }) {
  if ('missing' in response) return <Missing what="Raw answer" why={response.missing} />;
  const { value } = response;
  // A bare text is easier to read by itself.
  if (isObject(value) && typeof value.text === 'string' && Object.keys(value).length === 1)
    return (
      <section>
        <div className="message-head">
          <h3>Raw answer</h3>
          <Copy text={() => String(value.text)} what="the raw answer" />
        </div>
        <pre>{value.text}</pre>
      </section>
    );
  return <Part title="Raw answer" value={value} />;
}

interface ValueProps {
  readonly title: string;
  readonly shown: Shown;
  /** How many levels are open at first. */
  readonly open?: number | undefined;
}

function Value({ title, shown, open }: ValueProps) {
  if ('missing' in shown) return <Missing what={title} why={shown.missing} />;
  return <Part title={title} value={shown.value} open={open} />;
}

const Part = ({ title, value, open }: { title: string; value: Json; open?: number | undefined }) => (
  <section>
    <h3>{title}</h3>
    <JsonView value={value} label={title.toLowerCase()} {...(open !== undefined && { open })} />
  </section>
);

const Missing = ({ what, why }: { what: string; why: string }) => (
  <section>
    <h3>{what}</h3>
    <p className="muted">– {why}</p>
  </section>
);
