/** A run as server-sent events (WHATWG HTML, section 9.2): one event per change, and a sign of life where nothing happens. */
import type { Context } from 'hono';
import { streamSSE } from 'hono/streaming';
import type { StartedRun } from '../runtime/client.ts';
import type { StreamEvent } from '../runtime/stream-event.ts';

/** Proxies cut connections on which nothing is said for a minute, some for half of one. */
export const SIGN_OF_LIFE_MS = 15_000;

export const startedView = ({ runId, planId, temporalUrl }: StartedRun) => ({
  ...{ runId, planId, temporalUrl },
  state: 'running' as const,
});

/**
 * @param started a run that is begun: whatever is refused is refused before the first byte
 * @param onEnd called once, when the last event is written or the reader has gone; the run itself goes on
 */
export function sendEvents(
  context: Context,
  started: StartedRun,
  events: AsyncIterable<StreamEvent>,
  onEnd: () => void,
): Response {
  return streamSSE(
    context,
    async (stream) => {
      const alive = setInterval(() => void stream.write(': still at it\n\n').catch(() => undefined), SIGN_OF_LIFE_MS);
      stream.onAbort(onEnd);
      try {
        let id = 0;
        const send = (event: { readonly kind: string }) =>
          stream.writeSSE({ event: event.kind, id: String(id++), data: JSON.stringify(event) });
        await send({ kind: 'run', ...startedView(started) });
        for await (const event of events) {
          if (stream.aborted) break;
          await send(event);
        }
      } finally {
        clearInterval(alive);
        onEnd();
      }
    },
    async (error, stream) => {
      // The headers are out: what broke can only be said as an event.
      const message = 'the stream broke; ask for the run by its id';
      await stream.writeSSE({
        event: 'broken',
        data: JSON.stringify({ kind: 'broken', runId: started.runId, message }),
      });
      throw error;
    },
  );
}
