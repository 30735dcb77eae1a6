/** What was sent to a model, message by message, and what it answered, as it came. */
import type { Json } from '../../../src/plan/plan.ts';
import type { Shown } from '../../../src/telemetry/trace.ts';
import { Copy } from '../../parts/copy.tsx';
import { JsonView } from '../../parts/json.tsx';

type JsonObject = { readonly [key: string]: Json };
const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export function Request({ request }: { readonly request: Shown }) {
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

export function Response({ response }: { readonly response: Shown }) {
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

export function Value({ title, shown, open }: ValueProps) {
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
