/**
 * Puts money and rate limits around models, behind the same interfaces: adapters know nothing of either, and steps
 * cannot forget them. Models that run here are free and theirs alone, so they pass through as they are.
 */

import { z } from 'zod';
import { allowanceOf, type LimitRules, type PriceRules } from '../model/limit-rules.ts';
import type { ProviderCall, Usage } from '../model/provider-call.ts';
import type { Store } from '../store/store.ts';
import { estimateTokens, withDocuments } from './chat-request.ts';
import { type Meter, pay, type Redact } from './paid-call.ts';
import { costOf, priceOf } from './prices.ts';
import type {
  ChatRequest,
  DataReply,
  LanguageModel,
  Providers,
  Reranker,
  Shape,
  TextEmbedder,
  TextReply,
} from './providers.ts';

export type { Meter } from './paid-call.ts';

/** A meter by the config's limits and prices, shared by all workers through the store. */
export function createMeter(
  { calls, rateLimits }: Pick<Store, 'calls' | 'rateLimits'>,
  {
    limits,
    limitWaitMs,
    prices,
    redact,
  }: {
    readonly limits: LimitRules;
    readonly limitWaitMs: number;
    readonly prices: PriceRules;
    readonly redact?: Redact;
  },
): Meter {
  return Object.freeze({
    calls,
    limits: rateLimits,
    allowanceOf: (model: string) => allowanceOf(limits, model),
    longestWaitMs: limitWaitMs,
    costOf: (model: string, usage: Usage) => costOf(usage, priceOf(model, prices)),
    ...(redact && { redact }),
  });
}

/** The same models, each call of which is held back, paid and recorded. */
export function createMetered(providers: Providers, meter: Meter): Providers {
  return Object.freeze({
    languageModel: (name) => unlessLocal(name, providers.languageModel(name), (model) => languageModel(model, meter)),
    reranker: (name) => unlessLocal(name, providers.reranker(name), (model) => reranker(model, meter)),
    embedder: (name) => unlessLocal(name, providers.embedder(name), (model) => embedder(model, meter)),
  } satisfies Providers);
}

const unlessLocal = <M>(name: string, model: M, meter: (model: M) => M): M =>
  name.startsWith('local/') ? model : meter(model);

function languageModel(model: LanguageModel, meter: Meter): LanguageModel {
  const { name } = model;
  return Object.freeze({
    ...model,
    writeText: (asked, call) => {
      const { request, ...counts } = counting(model, asked);
      return pay<TextReply>(meter, {
        ...counts,
        model: name,
        kind: 'text',
        call,
        make: () => model.writeText(request, call),
      });
    },
    writeData: <T>(asked: ChatRequest, shape: Shape<T>, call: ProviderCall) => {
      const schema = z.toJSONSchema(shape.schema);
      const { request, asked: sent, ...counts } = counting(model, asked, [JSON.stringify(schema)]);
      return pay<DataReply<T>>(meter, {
        ...counts,
        model: name,
        kind: 'data',
        call,
        asked: () => ({ ...sent(), shape: { name: shape.name, schema } }),
        make: () => model.writeData(request, shape, call),
      });
    },
  } satisfies LanguageModel);
}

/** Tokens of each message and document in addition to its text: roles and separators. */
const TOKENS_PER_PART = 8;

/** A request and what comes of its reply: by the tokenizer's count, for when the provider does not say, and for the record. */
function counting(model: LanguageModel, asked: ChatRequest, besides: readonly string[] = []) {
  const { messages, documents = [], maxOutputTokens, onText } = asked;
  const texts = [
    ...besides,
    ...messages.map(({ content }) => content),
    ...documents.map(({ text, title = '', url = '' }) => `${title} ${url} ${text}`),
  ];
  const inputTokens = texts.reduce((sum, text) => sum + model.countTokens(text).tokens + TOKENS_PER_PART, 0);
  let streamed = '';
  const request: ChatRequest = {
    ...asked,
    ...(onText && {
      onText: (text: string) => {
        streamed += text;
        onText(text);
      },
    }),
  };
  type Content = { readonly text: string } | { readonly data: unknown } | undefined;
  const counted = (reply: Content): Usage | null => {
    const text = reply === undefined ? streamed : 'text' in reply ? reply.text : JSON.stringify(reply.data);
    if (reply === undefined && text === '') return null;
    return { inputTokens, outputTokens: model.countTokens(text).tokens };
  };
  const answered = (reply: Content) => {
    if (reply === undefined) return streamed === '' ? undefined : { text: streamed };
    return 'text' in reply ? { text: reply.text } : { data: reply.data };
  };
  const { temperature } = asked;
  const sent = () => ({ messages: withDocuments(asked), maxOutputTokens, temperature, stream: onText !== undefined });
  return { request, most: { inputTokens, outputTokens: maxOutputTokens }, counted, asked: sent, answered };
}

const measure = (texts: readonly string[]): number => texts.reduce((sum, text) => sum + estimateTokens(text), 0);

/** Cohere counts a search unit for each 100 documents, and a document anew for each 500 tokens of it, query included. */
const DOCUMENTS_PER_UNIT = 100;
const TOKENS_PER_DOCUMENT = 500;

function reranker(model: Reranker, meter: Meter): Reranker {
  return Object.freeze({
    ...model,
    rerank: (request, call) => {
      const queryTokens = estimateTokens(request.query);
      const tokens = request.documents.map(({ text, title = '' }) => queryTokens + measure([title, text]));
      const documents = tokens.reduce((sum, each) => sum + Math.ceil(each / TOKENS_PER_DOCUMENT), 0);
      const inputTokens = tokens.reduce((sum, each) => sum + each, 0);
      const most = { inputTokens, outputTokens: 0, searchUnits: Math.ceil(documents / DOCUMENTS_PER_UNIT) };
      const counted = (reply: object | undefined) => (reply === undefined ? null : most);
      return pay(meter, {
        model: model.name,
        kind: 'rerank',
        call,
        most,
        counted,
        asked: () => request,
        answered: (reply) => reply && { results: reply.results },
        make: () => model.rerank(request, call),
      });
    },
  } satisfies Reranker);
}

function embedder(model: TextEmbedder, meter: Meter): TextEmbedder {
  return Object.freeze({
    ...model,
    embed: (request, call) => {
      const most = { inputTokens: measure(request.texts), outputTokens: 0 };
      const counted = (reply: object | undefined) => (reply === undefined ? null : most);
      return pay(meter, {
        model: model.name,
        kind: 'embed',
        call,
        most,
        counted,
        asked: () => request,
        // Vectors are long, and nobody reads them.
        answered: (reply) => reply && { vectors: reply.vectors.length, dimensions: model.dimensions },
        make: () => model.embed(request, call),
      });
    },
  } satisfies TextEmbedder);
}
