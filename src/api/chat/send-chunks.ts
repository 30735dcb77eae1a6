/**
 * A run as a stream of chunks. The protocol has no way to take text back, so there are no drafts in it: the text comes when
 * it is accepted, and until then comments say that the run goes on.
 */
import type { Context } from 'hono';
import type { SSEStreamingApi } from 'hono/streaming';
import type { StreamEvent } from '../../client/stream-event.ts';
import type { LogEntry, ServerEnv } from '../environment.ts';
import { streamEvents } from '../event-stream.ts';
import { createChunks, type Named, piecesOf } from './completion.ts';
import { brokenStream, failedRun, noAnswerEvent, wordlessRun } from './no-answer.ts';

export interface ChunkOptions extends Named {
  readonly wantsUsage: boolean;
  readonly log: (entry: LogEntry) => void;
  /** Called when the last chunk is written or the reader has gone; the run itself goes on. */
  readonly onEnd: () => void;
}

export function sendChunks(
  context: Context<ServerEnv>,
  events: AsyncIterable<StreamEvent>,
  options: ChunkOptions,
): Response {
  const broken = (error: unknown) => ({ data: JSON.stringify(brokenStream(error, options.runId)) });
  return streamEvents(context, { ...options, broken }, (stream) => writeChunks(stream, events, options));
}

async function writeChunks(
  stream: SSEStreamingApi,
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
      if (event.text === null) return send(noAnswerEvent(wordlessRun(options.runId)));
      for (const piece of piecesOf(event.text)) await send(chunks.text(piece));
    }
    if (event.kind === 'answer') {
      await send(chunks.end(event.result));
      if (options.wantsUsage) await send(chunks.usage(event.result));
    }
  }
  await stream.writeSSE({ data: '[DONE]' });
}
