/** `POST /v1/chat/completions`: asks a pipeline that declares `chat`, in OpenAI's protocol. */
import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { SSEStreamingApi } from 'hono/streaming';
import { endsBy } from '../../base/wait.ts';
import type { Runnable } from '../../client/client.ts';
import type { RunResult, StreamEvent } from '../../client/run-result.ts';
import type { ChatMessage, ChatRequest } from '../../dsl/draft.ts';
import { answerText, textIn } from '../../plan/answer-text.ts';
import {
  brokenStream,
  Chunk,
  Completion,
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
import { eventOf, streamEvents } from '../event-stream.ts';
import { problem, problems } from '../problem.ts';
import { overloaded } from '../request-limits.ts';
import {
  type AddRoutes,
  addRoute,
  type ContextOf,
  IdempotencyHeader,
  keyedRoute,
  ownKey,
  type RefuseInvalid,
  type Routing,
} from '../route.ts';
import { findModel, type TalkingPipeline } from './models.ts';

const route = (allow: Routing['allow']) =>
  keyedRoute({
    method: 'post',
    path: '/v1/chat/completions',
    tags: ['OpenAI'],
    summary: 'Ask a pipeline as a model',
    description:
      'A conversation is made the input of a pipeline by its `chat`, and its text is the answer. A stream brings the text ' +
      'when it is accepted, since it cannot take back what it has brought. The run is named by `sluice.runId` and by ' +
      '`x-run-id`. A run that failed is answered with 422 and `x-should-retry: false`: to ask again is to pay again.',
    middleware: allow('ask'),
    request: {
      headers: IdempotencyHeader,
      body: { content: { 'application/json': { schema: ChatBody } }, required: true },
    },
    responses: {
      200: {
        description: 'The answer',
        content: {
          'application/json': { schema: Completion },
          'text/event-stream': { schema: eventOf('ChatCompletionChunk') },
        },
        headers: z.object({ 'x-run-id': z.string() }),
      },
      ...problems(404, 409, 413, 415, 422),
    },
  });

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
    route(routing.allow),
    async (context) => {
      const leave = routing.concurrencyLimiter.enter();
      if (leave === undefined) return overloaded(context, routing.limits.runsAtOnce);
      try {
        return await complete(context, routing, leave);
      } catch (error) {
        leave();
        throw error;
      }
    },
    refuse,
  );
};

type ChatContext = ContextOf<ReturnType<typeof route>>;

/** @param leave called when the run has ended, or is no longer waited for */
async function complete(context: ChatContext, routing: Routing, leave: () => void): Promise<Response> {
  const { client } = routing.runtime;
  const body = context.req.valid('json');
  const { caller } = context.var;
  const pipeline = findModel(routing.pipelines, caller, body.model);
  const { input, served } = await serve(routing, pipeline, body);
  const key = context.req.valid('header')['idempotency-key'];
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
  context: ChatContext,
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
  return context.json(completionOf(named, content, result));
}

/**
 * A request of OpenAI's chat completions (API reference, "Create chat completion"). Who answers is a pipeline with models of
 * its own, so what only tunes a model is taken and ignored; what would change what is answered, or how, is refused.
 */
const MESSAGES = 2_000;
const PARTS = 1_000;
const UNIT_LENGTH = 1_000;
const MODEL_LENGTH = 300;

const TEXT_ONLY = 'only text is taken: a string, or parts of type text';
const Part = z.union([
  z.looseObject({ type: z.literal('text'), text: z.string() }),
  z.looseObject({ type: z.literal('refusal'), refusal: z.string() }),
]);
const Content = z.union([z.string(), z.array(Part).max(PARTS)], { error: TEXT_ONLY }).nullish();
const Message = z.looseObject({
  role: z.enum(['system', 'developer', 'user', 'assistant', 'tool']),
  content: Content,
});

/** A field that may be there with what it is without, and nothing else. */
const only = <T extends z.ZodType>(neutral: T, name: string, why: string) =>
  neutral.nullish().openapi({ description: `${name} is not taken: ${why}` });
const none = (name: string, why: string) =>
  only(z.array(z.unknown()).max(0, { error: `${name} is not taken: ${why}` }), name, why);

const unit = z.string().min(1).max(UNIT_LENGTH).nullish();

const ChatBody = z
  .looseObject({
    model: z.string().min(1).max(MODEL_LENGTH).openapi({
      description: 'A pipeline that declares `chat`: see GET /v1/models',
      example: 'docs-bot',
    }),
    messages: z.array(Message).min(1).max(MESSAGES).openapi({ description: 'Oldest first' }),
    stream: z.boolean().nullish(),
    stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
    user: unit.openapi({ description: 'Whom it is for: who is randomised in experiments' }),
    safety_identifier: unit.openapi({ description: 'The same, where `user` is not given' }),
    n: only(z.literal(1, { error: 'one answer is given' }), 'n', 'one answer is given'),
    stop: none('stop', 'an answer is whole'),
    tools: none('tools', 'what may be called is the pipeline’s own'),
    functions: none('functions', 'what may be called is the pipeline’s own'),
    response_format: only(
      z.looseObject({ type: z.literal('text', { error: 'answers are text; the output as JSON is in the run' }) }),
      'another response_format',
      'answers are text',
    ),
    logprobs: only(z.literal(false, { error: 'logprobs are not known' }), 'logprobs', 'they are not known'),
    top_logprobs: only(z.literal(0, { error: 'logprobs are not known' }), 'top_logprobs', 'they are not known'),
    modalities: only(z.array(z.literal('text', { error: 'answers are text' })), 'another modality', 'answers are text'),
    audio: z.null({ error: 'audio is not taken: answers are text' }).optional(),
    web_search_options: z
      .null({ error: 'web_search_options is not taken: what is searched is the pipeline’s own' })
      .optional(),
  })
  .openapi('ChatCompletionRequest', {
    description:
      'Further fields of the protocol (temperature, max_tokens, seed, metadata, store, …) are taken and ignored: models, and ' +
      'how they are asked, are the pipeline’s own.',
  });

export type ChatBody = z.output<typeof ChatBody>;

/** What a pipeline's `chat` is given. */
function requestOf({ messages, user, safety_identifier }: ChatBody): ChatRequest {
  const unit = user ?? safety_identifier ?? undefined;
  return Object.freeze({ messages: Object.freeze(messages.map(messageOf)), user: unit });
}

function messageOf({ role, content }: ChatBody['messages'][number]): ChatMessage {
  const text = typeof content === 'string' ? content : (content ?? []).map(textOf).join('\n');
  return Object.freeze({ role, content: text });
}

const textOf = (part: z.output<typeof Part>): string => ('text' in part ? part.text : part.refusal) as string;

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
