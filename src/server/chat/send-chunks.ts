/**
 * A run as a stream of chunks. The protocol has no way to take text back, so there are no drafts in it: the text comes when
 * it is accepted, and until then comments say that the run goes on.
 */
import type { Context } from 'hono';
import { type SSEStreamingApi, streamSSE } from 'hono/streaming';
import type { StartedRun } from '../../runtime/client.ts';
import type { StreamEvent } from '../../runtime/stream-event.ts';
import { SIGN_OF_LIFE_MS } from '../run-events.ts';
import { createChunks, type Named, piecesOf } from './completion.ts';
import { brokenStream, failedRun, noAnswerEvent, wordlessRun } from './no-answer.ts';

export interface ChunkOptions extends Named {
  readonly wantsUsage: boolean;
  /** Called when the last chunk is written or the reader has gone; the run itself goes on. */
  readonly onEnd: () => void;
}

export function sendChunks(
  context: Context,
  started: StartedRun,
  events: AsyncIterable<StreamEvent>,
  options: ChunkOptions,
): Response {
  return streamSSE(
    context,
    async (stream) => {
      // The first at once: whoever reads knows the run before there is any text of it.
      const saySo = () => void stream.write(`: ${started.runId} is at it\n\n`).catch(() => undefined);
      saySo();
      const alive = setInterval(saySo, SIGN_OF_LIFE_MS);
      stream.onAbort(options.onEnd);
      try {
        await writeChunks(stream, started, events, options);
      } finally {
        clearInterval(alive);
        options.onEnd();
      }
    },
    async (error, stream) => {
      // The headers are out: what broke can only be said as an event.
      await stream.writeSSE({ data: JSON.stringify(brokenStream(error, started.runId)) });
      throw error;
    },
  );
}

async function writeChunks(
  stream: SSEStreamingApi,
  { runId }: StartedRun,
  events: AsyncIterable<StreamEvent>,
  options: ChunkOptions,
): Promise<void> {
  const chunks = createChunks(options, options.wantsUsage);
  const send = (data: object) => stream.writeSSE({ data: JSON.stringify(data) });
  await send(chunks.begin());
  for await (const event of events) {
    if (stream.aborted) return;
    if (event.kind === 'failed') return send(noAnswerEvent(failedRun(event.result)));
    if (event.kind === 'accepted') {
      if (event.text === null) return send(noAnswerEvent(wordlessRun(runId)));
      for (const piece of piecesOf(event.text)) await send(chunks.text(piece));
    }
    if (event.kind === 'answer') {
      await send(chunks.end(event.result));
      if (options.wantsUsage) await send(chunks.usage(event.result));
    }
  }
  await stream.writeSSE({ data: '[DONE]' });
}
