/**
 * Server-sent events of a run (WHATWG HTML, section 9.2): a sign of life where nothing happens, and an end in any case. What
 * breaks is said as an event, since the headers are out, and told to the log here: thrown on, nobody would catch it, and the
 * process end.
 */
import type { Context } from 'hono';
import { type SSEStreamingApi, streamSSE } from 'hono/streaming';
import { logBroken } from './access-log.ts';
import type { LogEntry, ServerEnv } from './environment.ts';

/** Proxies cut connections on which nothing is said for a minute, some for half of one. */
const SIGN_OF_LIFE_MS = 15_000;

export interface EventStreamOptions {
  readonly runId: string;
  readonly log: (entry: LogEntry) => void;
  /** What is said of an error that broke the stream: neither its message nor its stack. */
  readonly broken: (error: unknown) => { readonly event?: string; readonly data: string };
  /** Called when the last event is written or the reader has gone; the run itself goes on. */
  readonly onEnd: () => void;
}

export function streamEvents(
  context: Context<ServerEnv>,
  { runId, log, broken, onEnd }: EventStreamOptions,
  write: (stream: SSEStreamingApi) => Promise<void>,
): Response {
  const startedAt = performance.now();
  return streamSSE(context, async (stream) => {
    // The first at once: whoever reads knows that the run is there before it has anything to say.
    const saySo = () => void stream.write(`: ${runId} is at it\n\n`).catch(() => undefined);
    saySo();
    const alive = setInterval(saySo, SIGN_OF_LIFE_MS);
    stream.onAbort(onEnd);
    try {
      await write(stream);
    } catch (error) {
      logBroken(log, context, { error, startedAt });
      await stream.writeSSE(broken(error)).catch(() => undefined); // whoever read it has gone
    } finally {
      clearInterval(alive);
      onEnd();
    }
  });
}
