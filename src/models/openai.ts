/** The official client of OpenAI and of every server that speaks its protocol, and what its errors mean. */
import { createHash } from 'node:crypto';
import type { APIError, OpenAI } from 'openai';
import type { ChatCompletionCreateParamsNonStreaming } from 'openai/resources/chat/completions';
import { z } from 'zod';
import type { StepFailure } from '../boundary/failure.ts';
import type { ProviderCall, Usage } from '../model/provider-call.ts';
import { strictSchema, tokenCounter, withDocuments } from './chat-request.ts';
import { checkVectors, decodeVector, type EmbeddingName } from './model-name.ts';
import { contextTokensOf } from './prices.ts';
import { calling, callingWithin, createFetch, parseBody, parseData, REPLY_LIMIT_MS } from './provider-calling.ts';
import { explainRefusal, providerFailure, type Served, servedName } from './provider-failures.ts';
import {
  type ChatRequest,
  EMBED_LIMIT_MS,
  type LanguageModel,
  type TextEmbedder,
  type TextReply,
} from './providers.ts';

const HEADER_CHARACTERS = 200;

export type LoadOpenAi = () => Promise<OpenAI>;

/** One client, made when the first call needs it: loading the SDK takes longer than most commands. */
export function createOpenAiClient({ key, baseUrl }: Pick<Served, 'key' | 'baseUrl'>): LoadOpenAi {
  let client: Promise<OpenAI> | undefined;
  return () => {
    client ??= import('openai').then(
      ({ OpenAI }) =>
        new OpenAI({
          apiKey: key.reveal(),
          baseURL: baseUrl ?? 'https://api.openai.com/v1',
          // Else taken from variables that are not Sluice's settings.
          organization: null,
          project: null,
          adminAPIKey: null,
          webhookSecret: null,
          // Temporal retries, and knows of it.
          maxRetries: 0,
          timeout: REPLY_LIMIT_MS,
          fetch: createFetch(),
          // It would print replies that it cannot parse.
          logLevel: 'off',
        }),
    );
    return client;
  };
}

/** The SDK's own `idempotencyKey` option sends no header. */
function requestOptions({ signal, idempotencyKey }: ProviderCall, body: object) {
  return { signal, headers: { 'Idempotency-Key': idempotencyHeader(idempotencyKey, body) } };
}

/** The same for the same request of a node run in every attempt; a step that asks twice has two. */
function idempotencyHeader(nodeRun: string, body: object): string {
  const asked = createHash('sha256').update(JSON.stringify(body)).digest('hex').slice(0, 16);
  return `${encodeURIComponent(nodeRun).slice(0, HEADER_CHARACTERS)}:${asked}`;
}

/** Undefined for what is not the provider's doing. */
export function explainOpenAi(served: Served): (error: unknown) => StepFailure | undefined {
  return (error) => {
    if (!isApiError(error)) return undefined;
    if (error.name === 'APIConnectionTimeoutError' || error.constructor.name === 'APIConnectionTimeoutError')
      return providerFailure('timeout', served, 'did not answer');
    if (error.constructor.name === 'APIConnectionError') return undefined;
    const { status, code, type, headers, requestID } = error;
    const body = error.error as { readonly message?: unknown } | undefined;
    return explainRefusal(served, {
      status,
      codes: [code, type].filter((each): each is string => typeof each === 'string'),
      message: body?.message ?? error.message,
      headers,
      requestId: requestID ?? undefined,
    });
  };
}

/** By shape: the class itself is loaded only with the SDK. */
const isApiError = (error: unknown): error is APIError =>
  error instanceof Error && 'requestID' in error && 'status' in error && 'headers' in error;

/** Language models at OpenAI, and at every server that speaks its Chat Completions. */
const Counted = z.object({
  prompt_tokens: z.int().min(0),
  completion_tokens: z.int().min(0),
  prompt_tokens_details: z.object({ cached_tokens: z.int().min(0).nullish() }).nullish(),
});

const Piece = z.object({ content: z.string().nullish(), refusal: z.string().nullish() });
const ChatBody = z.object({
  choices: z.array(z.object({ message: Piece, finish_reason: z.string().nullish() })).min(1),
  usage: Counted.nullish(),
});
const Chunk = z.object({
  choices: z.array(z.object({ delta: Piece.nullish(), finish_reason: z.string().nullish() })),
  usage: Counted.nullish(),
});

/** What has come of a reply, streamed or not. */
interface Received {
  text: string;
  refusal: string;
  finish: string | undefined;
  usage: Usage;
}

export function createOpenAiChat(served: Served, load: LoadOpenAi): LanguageModel {
  const counter = tokenCounter(served);
  const write = (request: ChatRequest, call: ProviderCall, format?: Format): Promise<TextReply> =>
    calling(
      served,
      call,
      async () => {
        const client = await load();
        const body = bodyOf(served, request, format);
        const { onText } = request;
        const options = requestOptions(call, body);
        if (!onText) {
          const { data, request_id } = await client.chat.completions.create(body, options).withResponse();
          return finished(served, receive(parseBody(data, ChatBody, served)), request_id);
        }
        const streaming = { ...body, stream: true, stream_options: { include_usage: true } } as const;
        const { data, request_id } = await client.chat.completions.create(streaming, options).withResponse();
        return finished(served, await receiveStream(served, data, onText), request_id);
      },
      explainOpenAi(served),
    );
  return Object.freeze({
    name: servedName(served),
    contextTokens: contextTokensOf(served),
    countTokens: counter,
    writeText: (request, call) => write(request, call),
    async writeData(request, shape, call) {
      const schema = { ...strictSchema(shape, 'openai') };
      const format = { type: 'json_schema', json_schema: { name: shape.name, strict: true, schema } } as const;
      const { text, ...reply } = await write(request, call, format);
      return { ...reply, data: parseData(text, shape, served, reply.usage) };
    },
  } satisfies LanguageModel);
}

type Format = NonNullable<ChatCompletionCreateParamsNonStreaming['response_format']>;

function bodyOf({ model }: Served, request: ChatRequest, format?: Format): ChatCompletionCreateParamsNonStreaming {
  const { maxOutputTokens, temperature } = request;
  return {
    model,
    messages: withDocuments(request).map(({ role, content }) => ({ role, content: content.toWellFormed() })),
    max_completion_tokens: maxOutputTokens,
    ...(temperature !== undefined && { temperature }),
    ...(format && { response_format: format }),
  };
}

function usageOf(counted: z.output<typeof Counted> | null | undefined): Usage {
  const cached = counted?.prompt_tokens_details?.cached_tokens;
  return {
    inputTokens: counted?.prompt_tokens ?? null,
    outputTokens: counted?.completion_tokens ?? null,
    ...(cached && { cachedInputTokens: cached }),
  };
}

function receive({ choices, usage }: z.output<typeof ChatBody>): Received {
  const { message, finish_reason } = choices[0]!;
  return {
    text: message.content ?? '',
    refusal: message.refusal ?? '',
    finish: finish_reason ?? undefined,
    usage: usageOf(usage),
  };
}

async function receiveStream(
  served: Served,
  chunks: AsyncIterable<unknown>,
  onText: (text: string) => void,
): Promise<Received> {
  const received: Received = { text: '', refusal: '', finish: undefined, usage: usageOf(undefined) };
  for await (const chunk of chunks) {
    const { choices, usage } = parseBody(chunk, Chunk, served);
    if (usage) received.usage = usageOf(usage);
    const [choice] = choices;
    const piece = choice?.delta?.content ?? '';
    received.text += piece;
    received.refusal += choice?.delta?.refusal ?? '';
    received.finish = choice?.finish_reason ?? received.finish;
    if (piece !== '') onText(piece);
  }
  return received;
}

/** @throws StepFailure for a reply that did not end as it should: neither SDK tells one that was broken off */
function finished(served: Served, received: Received, id: string | null): TextReply {
  const { text, refusal, finish, usage } = received;
  const requestId = id ?? undefined;
  const facts = { usage, requestId };
  if (finish === undefined)
    throw providerFailure('overloaded', served, 'ended its reply early, without a finish', facts);
  if (finish === 'length') throw providerFailure('output_cut', served, 'used up its output tokens', facts);
  if (finish === 'content_filter' || refusal !== '')
    throw providerFailure('content_refused', served, 'refused to answer this', facts);
  if (finish !== 'stop')
    throw providerFailure('output_malformed', served, `ended its reply for '${finish.slice(0, 40)}'`, facts);
  if (text.trim() === '') throw providerFailure('output_malformed', served, 'sent an empty reply', facts);
  return { text, usage, ...(requestId !== undefined && { requestId }) };
}

/** The service takes 2,048 texts of together 300,000 tokens; this many passages of 4 kB stay below that in any language. */
const BATCH = 64;

const EmbedBody = z.object({
  data: z.array(z.object({ index: z.int().min(0), embedding: z.union([z.string(), z.array(z.number())]) })),
  usage: z.object({ prompt_tokens: z.int().min(0).nullish() }).nullish(),
});

export function createOpenAiEmbedder(served: Served, name: EmbeddingName, load: LoadOpenAi): TextEmbedder {
  const { model, dimensions, isShortened } = name;
  return Object.freeze({
    name: servedName(served),
    dimensions,
    batch: BATCH,
    embed: ({ texts, as }, call) =>
      callingWithin(
        EMBED_LIMIT_MS[as],
        served,
        call,
        async (call) => {
          const client = await load();
          const input = texts.map((text) => text.toWellFormed());
          // A fifth of the size of numbers in digits; servers that do not know it send those.
          const body = { model, input, encoding_format: 'base64' as const, ...(isShortened && { dimensions }) };
          const { data, request_id } = await client.embeddings.create(body, requestOptions(call, body)).withResponse();
          const { data: rows, usage } = parseBody<z.output<typeof EmbedBody>>(data, EmbedBody, served);
          const vectors = rows
            .toSorted((one, other) => one.index - other.index)
            .map(({ embedding }) =>
              typeof embedding === 'string' ? decodeVector(embedding) : Float32Array.from(embedding),
            );
          return {
            vectors: checkVectors(served, vectors, { count: texts.length, dimensions }),
            usage: { inputTokens: usage?.prompt_tokens ?? null, outputTokens: 0 },
            ...(request_id !== null && { requestId: request_id }),
          };
        },
        explainOpenAi(served),
      ),
  } satisfies TextEmbedder);
}
