/** A run as events: one per change, as the client has them. */
import type { Context } from 'hono';
import type { StartedRun } from '../client/client.ts';
import type { StreamEvent } from '../client/stream-event.ts';
import type { LogEntry, ServerEnv } from './environment.ts';
import { streamEvents } from './event-stream.ts';

export const startedView = ({ runId, planId, temporalUrl }: StartedRun) => ({
  ...{ runId, planId, temporalUrl },
  state: 'running' as const,
});

interface SendOptions {
  readonly log: (entry: LogEntry) => void;
  /** Called once, when the last event is written or the reader has gone; the run itself goes on. */
  readonly onEnd: () => void;
}

/** @param started a run that is begun: whatever is refused is refused before the first byte */
export function sendEvents(
  context: Context<ServerEnv>,
  started: StartedRun,
  events: AsyncIterable<StreamEvent>,
  options: SendOptions,
): Response {
  const { runId } = started;
  const broken = () => {
    const message = 'the stream broke; ask for the run by its id';
    return { event: 'broken', data: JSON.stringify({ kind: 'broken', runId, message }) };
  };
  return streamEvents(context, { ...options, runId, broken }, async (stream) => {
    let id = 0;
    const send = (event: { readonly kind: string }) =>
      stream.writeSSE({ event: event.kind, id: String(id++), data: JSON.stringify(event) });
    await send({ kind: 'run', ...startedView(started) });
    for await (const event of events) {
      if (stream.aborted) break;
      await send(event);
    }
  });
}
