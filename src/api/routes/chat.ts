/** `POST /v1/chat/completions`: asks a pipeline that declares `chat`, in OpenAI's protocol. */
import type { Context } from 'hono';
import type { SSEStreamingApi } from 'hono/streaming';
import { z } from 'zod';
import { endsBy } from '../../base/wait.ts';
import type { Runnable } from '../../client/client.ts';
import type { RunResult, StreamEvent } from '../../client/run-result.ts';
import { type ChatBody, type ChatPart, Chunk } from '../../contract/chat.ts';
import type { ChatMessage, ChatRequest } from '../../dsl/draft.ts';
import { answerText, textIn } from '../../plan/answer-text.ts';
import {
  brokenStream,
  completionOf,
  createChunks,
  failedRun,
  hasBegun,
  type Named,
  noAnswer,
  noAnswerEvent,
  piecesOf,
  unfinishedRun,
  wordlessRun,
} from '../chat/completion.ts';
import type { LogEntry, ServerEnv } from '../environment.ts';
import { streamEvents } from '../event-stream.ts';
import { problem } from '../problem.ts';
import { overloaded } from '../request-limits.ts';
import { type AddRoutes, addRoute, type Handled, ownKey, type RefuseInvalid, type Routing, respond } from '../route.ts';
import { findModel, type TalkingPipeline } from './models.ts';

/** As OpenAI refuses: with 400, and the field. */
const refuse: RefuseInvalid = (result, context) => {
  if (result.success) return undefined;
  const { issues } = result.error;
  const faults = issues.map(({ path, message }) => [z.core.toDotPath(path), message].join(': '));
  return problem(context, {
    ...{
      status: 400,
      code: 'request_invalid',
      detail: `the request's ${result.target} is not valid: ${faults.join('; ')}`,
    },
    ...{ remedy: 'correct what is named; /docs shows what is taken', data: { problems: faults } },
    param: z.core.toDotPath(issues[0]?.path ?? []),
  });
};

export const addChat: AddRoutes = (app, routing) => {
  app.openAPIRegistry.register('ChatCompletionChunk', Chunk);
  addRoute(
    app,
    routing,
    'completeChat',
    async (request) => {
      const leave = routing.concurrencyLimiter.enter();
      if (leave === undefined) return overloaded(request.context, routing.limits.runsAtOnce);
      try {
        return await complete(request, routing, leave);
      } catch (error) {
        leave();
        throw error;
      }
    },
    refuse,
  );
};

/** @param leave called when the run has ended, or is no longer waited for */
async function complete(
  { context, headers, body }: Handled<'completeChat'>,
  routing: Routing,
  leave: () => void,
): Promise<Response> {
  const { client } = routing.runtime;
  const { caller } = context.var;
  const pipeline = findModel(routing.pipelines, caller, body.model);
  const { input, served } = await serve(routing, pipeline, body);
  const key = headers['idempotency-key'];
  const options = { owner: caller.owner, ...(key !== undefined && { idempotencyKey: ownKey(caller, key) }) };
  const naming = { model: body.model, created: Math.floor(Date.now() / 1_000) };

  if (body.stream === true) {
    const stream = client.stream(served, input, options);
    const started = await stream.started;
    await started.begun();
    hasBegun(context, started.runId);
    const wantsUsage = body.stream_options?.include_usage === true;
    const { runId, planId } = started;
    return sendChunks(context, stream, { ...naming, runId, planId, wantsUsage, log: routing.log, onEnd: leave });
  }
  const { runId, planId, finished } = await client.start(served, input, options);
  hasBegun(context, runId);
  return answer(context, routing, { ...naming, runId, planId }, { finished, served, leave });
}

async function serve({ runtime: { client } }: Routing, pipeline: TalkingPipeline, body: ChatBody) {
  const request = requestOf(body);
  // Awaited, whatever its type says: a promise of code without types must not break the server when it is rejected.
  const input: object = await pipeline.chat(request);
  const served = await client.serve(pipeline, input, { ...(request.user !== undefined && { unit: request.user }) });
  return { input, served };
}

interface Begun {
  readonly finished: Promise<RunResult>;
  readonly served: Runnable;
  readonly leave: () => void;
}

async function answer(
  context: Context<ServerEnv>,
  { limits: { waitMs } }: Routing,
  named: Named,
  { finished, served, leave }: Begun,
): Promise<Response> {
  const { runId } = named;
  const result = await endsBy(finished, waitMs);
  leave();
  if (result === undefined) {
    finished.catch(() => undefined); // nobody waits for it here: it is in the run's record
    return noAnswer(context, unfinishedRun(runId, waitMs));
  }
  if (result.outcome === 'failed' || result.outcome === 'cancelled') return noAnswer(context, failedRun(result));
  const text = answerText(served.plan);
  const content = text && textIn(result.output, text.field);
  if (content === undefined) return noAnswer(context, wordlessRun(runId));
  return respond(context, 'completeChat', completionOf(named, content, result), {});
}

/** What a pipeline's `chat` is given. */
function requestOf({ messages, user, safety_identifier }: ChatBody): ChatRequest {
  const unit = user ?? safety_identifier ?? undefined;
  return Object.freeze({ messages: Object.freeze(messages.map(messageOf)), user: unit });
}

function messageOf({ role, content }: ChatBody['messages'][number]): ChatMessage {
  const text = typeof content === 'string' ? content : (content ?? []).map(textOf).join('\n');
  return Object.freeze({ role, content: text });
}

const textOf = (part: ChatPart): string => ('text' in part ? part.text : part.refusal) as string;

/**
 * A run as a stream of chunks. The protocol has no way to take text back, so there are no drafts in it: the text comes when
 * it is accepted, and until then comments say that the run goes on.
 */
export interface ChunkOptions extends Named {
  readonly wantsUsage: boolean;
  readonly log: (entry: LogEntry) => void;
  /** Called when the last chunk is written or the reader has gone; the run itself goes on. */
  readonly onEnd: () => void;
}

function sendChunks(context: Context<ServerEnv>, events: AsyncIterable<StreamEvent>, options: ChunkOptions): Response {
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
