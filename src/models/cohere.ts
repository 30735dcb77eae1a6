/** The official client of Cohere, and what its errors mean. */
import type { Cohere, CohereClient, CohereError } from 'cohere-ai';
import { z } from 'zod';
import type { StepFailure } from '../boundary/failure.ts';
import type { ProviderCall, Usage } from '../model/provider-call.ts';
import { strictSchema, tokenCounter, withDocuments } from './chat-request.ts';
import { checkVectors, type EmbeddingName } from './model-name.ts';
import { contextTokensOf } from './prices.ts';
import { calling, callingWithin, createFetch, parseBody, parseData, REPLY_LIMIT_MS } from './provider-calling.ts';
import { explainRefusal, providerFailure, quote, type Served, servedName } from './provider-failures.ts';
import {
  type ChatRequest,
  EMBED_LIMIT_MS,
  type LanguageModel,
  type Reranker,
  type TextEmbedder,
  type TextReply,
} from './providers.ts';

export type LoadCohere = () => Promise<CohereClient['v2']>;

/** One client, made when the first call needs it: loading the SDK takes longer than most commands. */
export function createCohereClient({ key, baseUrl }: Pick<Served, 'key' | 'baseUrl'>): LoadCohere {
  let client: Promise<CohereClient> | undefined;
  return async () => {
    client ??= import('cohere-ai').then(
      ({ CohereClient }) =>
        new CohereClient({
          token: key.reveal(),
          environment: baseUrl ?? 'https://api.cohere.com',
          clientName: 'sluice',
          // Temporal retries, and knows of it.
          maxRetries: 0,
          timeoutInSeconds: REPLY_LIMIT_MS / 1_000,
          fetch: failingInBody(createFetch()),
        }),
    );
    return (await client).v2;
  };
}

/**
 * The SDK clears the timer of a request only when `fetch` resolves; one that was left keeps the process alive. So what
 * `fetch` rejects with is met where the reply's body is read, which the SDK treats alike.
 */
function failingInBody(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
  return (...request) =>
    fetch(...request).catch(
      (error: unknown) => new Response(new ReadableStream({ start: (body) => body.error(error) })),
    );
}

const cohereOptions = ({ signal }: ProviderCall) => ({ abortSignal: signal, maxRetries: 0 });

/** Undefined for what is not the provider's doing. */
function explainCohere(served: Served): (error: unknown) => StepFailure | undefined {
  return (error) => {
    if (error instanceof Error && error.constructor.name === 'CohereTimeoutError')
      return providerFailure('timeout', served, 'did not answer');
    // Where a body is JSON, but not what the SDK builds its own objects from.
    if (error instanceof Error && error.constructor.name === 'ParseError')
      return providerFailure(
        'output_malformed',
        served,
        `sent what is no reply of its protocol: ${quote(error.message, served.key)}`,
      );
    if (!isCohereError(error) || error.statusCode === undefined) return undefined;
    const { statusCode, body, rawResponse } = error;
    const { message, id } = (typeof body === 'object' && body !== null ? body : {}) as {
      message?: unknown;
      id?: unknown;
    };
    return explainRefusal(served, {
      status: statusCode,
      codes: [],
      message: message ?? body,
      headers: rawResponse?.headers,
      requestId: typeof id === 'string' ? id : undefined,
    });
  };
}

/** By shape: the class itself is loaded only with the SDK. */
const isCohereError = (error: unknown): error is CohereError =>
  error instanceof Error && ('statusCode' in error || 'rawResponse' in error);

/** Language models at Cohere, by its API's second version. */
const Count = z.number().min(0).nullish();
const Tokens = z.object({ inputTokens: Count, outputTokens: Count }).nullish();
/** Billed units are what is paid; `tokens` also counts what Cohere adds to a prompt by itself. */
const Counted = z.object({ billedUnits: Tokens, tokens: Tokens }).nullish();

/** A reply may hold a model's thinking in addition to its text. */
const Piece = z.object({ text: z.string().nullish() });
const ChatBody = z.object({
  id: z.string().nullish(),
  finishReason: z.string().nullish(),
  message: z.object({ content: z.array(Piece).nullish() }),
  usage: Counted,
});
const Event = z.object({
  type: z.string(),
  id: z.string().nullish(),
  delta: z
    .object({
      message: z.object({ content: z.union([Piece, z.unknown()]).nullish() }).nullish(),
      finishReason: z.string().nullish(),
      error: z.string().nullish(),
      usage: Counted,
    })
    .nullish(),
});

/** What has come of a reply, streamed or not. */
interface Received {
  text: string;
  finish: string | undefined;
  error: string | undefined;
  usage: Usage;
  requestId: string | undefined;
}

export function createCohereChat(served: Served, load: LoadCohere): LanguageModel {
  const counter = tokenCounter(served);
  const write = (request: ChatRequest, call: ProviderCall, format?: Cohere.ResponseFormatV2): Promise<TextReply> =>
    calling(
      served,
      call,
      async () => {
        const client = await load();
        const body = bodyOf(served, request, format);
        if (!request.onText) {
          const reply: unknown = await client.chat(body, cohereOptions(call));
          return finished(served, receive(parseBody(reply, ChatBody, served)));
        }
        const events = await client.chatStream(body, cohereOptions(call));
        return finished(served, await receiveStream(served, events, request.onText));
      },
      explainCohere(served),
    );
  return Object.freeze({
    name: servedName(served),
    contextTokens: contextTokensOf(served),
    countTokens: counter,
    writeText: (request, call) => write(request, call),
    async writeData(request, shape, call) {
      const jsonSchema = { ...strictSchema(shape, 'cohere') };
      const { text, ...reply } = await write(request, call, { type: 'json_object', jsonSchema });
      return { ...reply, data: parseData(text, shape, served, reply.usage) };
    },
  } satisfies LanguageModel);
}

function bodyOf({ model }: Served, request: ChatRequest, format?: Cohere.ResponseFormatV2): Cohere.V2ChatRequest {
  const { maxOutputTokens, temperature } = request;
  return {
    model,
    messages: withDocuments(request).map(({ role, content }) => ({ role, content: content.toWellFormed() })),
    maxTokens: maxOutputTokens,
    ...(temperature !== undefined && { temperature }),
    ...(format && { responseFormat: format }),
  };
}

function usageOf(counted: z.output<typeof Counted>): Usage {
  const { billedUnits, tokens } = counted ?? {};
  return {
    inputTokens: billedUnits?.inputTokens ?? tokens?.inputTokens ?? null,
    outputTokens: billedUnits?.outputTokens ?? tokens?.outputTokens ?? null,
  };
}

function receive({ id, finishReason, message, usage }: z.output<typeof ChatBody>): Received {
  return {
    text: (message.content ?? []).map(({ text }) => text ?? '').join(''),
    finish: finishReason ?? undefined,
    error: undefined,
    usage: usageOf(usage),
    requestId: id ?? undefined,
  };
}

async function receiveStream(
  served: Served,
  events: AsyncIterable<unknown>,
  onText: (text: string) => void,
): Promise<Received> {
  const received: Received = {
    text: '',
    finish: undefined,
    error: undefined,
    usage: usageOf(undefined),
    requestId: undefined,
  };
  for await (const event of events) {
    const { type, id, delta } = parseBody(event, Event, served);
    received.requestId ??= id ?? undefined;
    if (type === 'content-delta') {
      const piece = Piece.safeParse(delta?.message?.content).data?.text ?? '';
      received.text += piece;
      if (piece !== '') onText(piece);
    } else if (type === 'message-end') {
      received.finish = delta?.finishReason ?? undefined;
      received.error = delta?.error ?? undefined;
      received.usage = usageOf(delta?.usage);
    }
  }
  return received;
}

/** @throws StepFailure for a reply that did not end as it should: the SDK tells none that was broken off */
function finished(served: Served, { text, finish, error, usage, requestId }: Received): TextReply {
  const facts = { usage, requestId };
  switch (finish) {
    case 'COMPLETE':
    case 'STOP_SEQUENCE':
      if (text.trim() === '') throw providerFailure('output_malformed', served, 'sent an empty reply', facts);
      return { text, usage, ...(requestId !== undefined && { requestId }) };
    case 'MAX_TOKENS':
      throw providerFailure('output_cut', served, 'used up its output tokens', facts);
    case 'TIMEOUT':
      throw providerFailure('timeout', served, 'gave up on its reply: it took too long', facts);
    case 'ERROR_TOXIC':
      throw providerFailure('content_refused', served, 'refused to answer this', facts);
    case 'ERROR':
      throw providerFailure('overloaded', served, 'broke off its reply with an error', facts);
    case undefined: {
      const how = error === undefined ? 'ended its reply early, without a finish' : 'broke off its reply with an error';
      throw providerFailure('overloaded', served, how, facts);
    }
    default:
      throw providerFailure('output_malformed', served, `ended its reply for '${finish.slice(0, 40)}'`, facts);
  }
}

/** The most that the service takes. */
const BATCH = 96;

const EmbedBody = z.object({
  id: z.string().nullish(),
  embeddings: z.object({ float: z.array(z.array(z.number())) }),
  meta: z.object({ billedUnits: z.object({ inputTokens: z.number().min(0).nullish() }).nullish() }).nullish(),
});

export function createCohereEmbedder(served: Served, name: EmbeddingName, load: LoadCohere): TextEmbedder {
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
          const reply: unknown = await client.embed(
            {
              model,
              texts: texts.map((text) => text.toWellFormed()),
              inputType: as === 'passage' ? 'search_document' : 'search_query',
              embeddingTypes: ['float'],
              ...(isShortened && { outputDimension: dimensions }),
            },
            cohereOptions(call),
          );
          const { id, embeddings, meta } = parseBody(reply, EmbedBody, served);
          const vectors = embeddings.float.map((vector) => Float32Array.from(vector));
          return {
            vectors: checkVectors(served, vectors, { count: texts.length, dimensions }),
            usage: { inputTokens: meta?.billedUnits?.inputTokens ?? null, outputTokens: 0 },
            ...(id != null && { requestId: id }),
          };
        },
        explainCohere(served),
      ),
  } satisfies TextEmbedder);
}

/** Rerankers at Cohere. */
const Billed = z.object({ searchUnits: z.number().min(0).nullish(), inputTokens: z.number().min(0).nullish() });
const RerankBody = z.object({
  id: z.string().nullish(),
  results: z.array(z.object({ index: z.int().min(0), relevanceScore: z.number() })),
  meta: z.object({ billedUnits: Billed.nullish() }).nullish(),
});

export function createCohereReranker(served: Served, load: LoadCohere): Reranker {
  return Object.freeze({
    name: servedName(served),
    async rerank({ query, documents, topN }, call) {
      if (documents.length === 0 || topN < 1)
        return { results: [], usage: { inputTokens: 0, outputTokens: 0, searchUnits: 0 } };
      return calling(
        served,
        call,
        async () => {
          const client = await load();
          const reply: unknown = await client.rerank(
            {
              model: served.model,
              query: query.toWellFormed(),
              documents: documents.map(textOf),
              topN: Math.min(topN, documents.length),
            },
            cohereOptions(call),
          );
          const { id, results, meta } = parseBody(reply, RerankBody, served);
          const billed = meta?.billedUnits;
          const isSound = new Set(results.map(({ index }) => index)).size === results.length;
          if (!isSound || results.length > topN || results.some(({ index }) => index >= documents.length))
            throw providerFailure('output_malformed', served, 'ranked documents that it was not given, or one twice');
          return {
            results: results
              .map(({ index, relevanceScore }) => ({ index, score: relevanceScore }))
              .toSorted((one, other) => other.score - one.score),
            usage: {
              inputTokens: billed?.inputTokens ?? null,
              outputTokens: 0,
              ...(billed?.searchUnits != null && { searchUnits: billed.searchUnits }),
            },
            ...(id != null && { requestId: id }),
          };
        },
        explainCohere(served),
      );
    },
  } satisfies Reranker);
}

/** A title belongs to what is ranked; YAML is the form that Cohere advises for fields. */
function textOf({ text, title }: { readonly text: string; readonly title?: string }): string {
  return (title === undefined ? text : `title: ${title.replace(/\s+/g, ' ')}\ntext: ${text}`).toWellFormed();
}
