/**
 * A call to a provider in the words of OpenTelemetry's conventions for generative AI, and in OpenInference's where those
 * have no word (cost, what kind of span it is).
 */
import {
  ATTR_ERROR_TYPE,
  ATTR_GEN_AI_EMBEDDINGS_DIMENSION_COUNT,
  ATTR_GEN_AI_INPUT_MESSAGES,
  ATTR_GEN_AI_OPERATION_NAME,
  ATTR_GEN_AI_OUTPUT_MESSAGES,
  ATTR_GEN_AI_OUTPUT_TYPE,
  ATTR_GEN_AI_PROVIDER_NAME,
  ATTR_GEN_AI_REQUEST_MAX_TOKENS,
  ATTR_GEN_AI_REQUEST_MODEL,
  ATTR_GEN_AI_REQUEST_STREAM,
  ATTR_GEN_AI_REQUEST_TEMPERATURE,
  ATTR_GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS,
  ATTR_GEN_AI_USAGE_INPUT_TOKENS,
  ATTR_GEN_AI_USAGE_OUTPUT_TOKENS,
  GEN_AI_OPERATION_NAME_VALUE_CHAT,
  GEN_AI_OPERATION_NAME_VALUE_EMBEDDINGS,
} from '@opentelemetry/semantic-conventions/incubating';
import type { Json } from '../../plan/plan.ts';
import type { CallKind } from '../../store/provider-calls.ts';
import type { Shown, TraceCall } from '../trace.ts';
import { asJson, cutText, isObject, type JsonObject, numberIn, objectsIn, textIn } from './content.ts';
import { documents } from './passages.ts';
import type { Attributes } from './span-data.ts';

/** The conventions have no word for ranking. */
const OPERATIONS: { readonly [kind in CallKind]: string } = {
  text: GEN_AI_OPERATION_NAME_VALUE_CHAT,
  data: GEN_AI_OPERATION_NAME_VALUE_CHAT,
  embed: GEN_AI_OPERATION_NAME_VALUE_EMBEDDINGS,
  rerank: 'rerank',
};
const KINDS: { readonly [kind in CallKind]: string } = {
  ...{ text: 'LLM', data: 'LLM', embed: 'EMBEDDING', rerank: 'RERANKER' },
};

/** `chat gpt-5-mini` */
export const callSpanName = ({ kind, model }: TraceCall): string => `${OPERATIONS[kind]} ${model}`;

/** @param hasContent whether prompts and answers go along */
export function callAttributes(call: TraceCall, hasContent: boolean): Attributes {
  const { provider, model, kind, inputTokens, outputTokens, cachedInputTokens, costUsd, usage } = call;
  const request = valueIn(call.request);
  const isKnown = inputTokens !== null || outputTokens !== null;
  const isChat = kind === 'text' || kind === 'data';
  return {
    [ATTR_GEN_AI_OPERATION_NAME]: OPERATIONS[kind],
    [ATTR_GEN_AI_PROVIDER_NAME]: provider,
    [ATTR_GEN_AI_REQUEST_MODEL]: model,
    [ATTR_GEN_AI_REQUEST_MAX_TOKENS]: numberIn(request.maxOutputTokens),
    [ATTR_GEN_AI_REQUEST_TEMPERATURE]: numberIn(request.temperature),
    [ATTR_GEN_AI_REQUEST_STREAM]: request.stream === true ? true : undefined,
    [ATTR_GEN_AI_OUTPUT_TYPE]: isChat ? (kind === 'data' ? 'json' : 'text') : undefined,
    [ATTR_GEN_AI_USAGE_INPUT_TOKENS]: inputTokens ?? undefined,
    [ATTR_GEN_AI_USAGE_OUTPUT_TOKENS]: isChat ? (outputTokens ?? undefined) : undefined,
    [ATTR_GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS]: cachedInputTokens ?? undefined,
    [ATTR_GEN_AI_EMBEDDINGS_DIMENSION_COUNT]: numberIn(valueIn(call.response).dimensions),
    [ATTR_ERROR_TYPE]: call.errorCode ?? (call.status === 'cut' ? 'cut' : undefined),
    'openinference.span.kind': KINDS[kind],
    [kind === 'embed' ? 'embedding.model_name' : kind === 'rerank' ? 'reranker.model_name' : 'llm.model_name']: model,
    'llm.provider': provider,
    'llm.token_count.prompt': inputTokens ?? undefined,
    'llm.token_count.completion': outputTokens ?? undefined,
    'llm.token_count.total': isKnown ? (inputTokens ?? 0) + (outputTokens ?? 0) : undefined,
    'llm.token_count.prompt_details.cache_read': cachedInputTokens ?? undefined,
    'llm.cost.total': costUsd ?? undefined,
    'sluice.call.id': call.callId,
    'sluice.call.status': call.status,
    'sluice.usage': usage,
    'sluice.search_units': call.searchUnits ?? undefined,
    'sluice.request.id': call.requestId ?? undefined,
    ...(hasContent && contentOf(call)),
  };
}

const valueIn = (shown: Shown): JsonObject => ('value' in shown && isObject(shown.value) ? shown.value : {});

function contentOf(call: TraceCall): Attributes {
  switch (call.kind) {
    case 'text':
    case 'data':
      return chatContent(call);
    case 'rerank':
      return rankContent(call);
    default:
      return embedContent(call);
  }
}

interface Part {
  readonly role: string;
  readonly parts: readonly { readonly type: 'text'; readonly content: string }[];
  readonly finish_reason?: string;
}

const part = (role: string, content: string): Part => ({ role, parts: [{ type: 'text', content: cutText(content) }] });

function chatContent({ request, response, status }: TraceCall): Attributes {
  const messages = objectsIn(valueIn(request).messages).map(({ role, content }) => part(String(role), String(content)));
  const { text, data } = valueIn(response);
  const answer = textIn(text) ?? (data === undefined ? undefined : JSON.stringify(data));
  const asked = messages.findLast(({ role }) => role === 'user')?.parts[0]?.content;
  const answered =
    answer === undefined
      ? undefined
      : [{ ...part('assistant', answer), finish_reason: status === 'done' ? 'stop' : 'error' }];
  return {
    // Not cut as a whole: half a message is no JSON.
    [ATTR_GEN_AI_INPUT_MESSAGES]: messages.length === 0 ? undefined : JSON.stringify(messages),
    [ATTR_GEN_AI_OUTPUT_MESSAGES]: answered && JSON.stringify(answered),
    'input.value': asked,
    'output.value': answer === undefined ? undefined : cutText(answer),
    ...missing(request, response),
  };
}

function rankContent({ request, response }: TraceCall): Attributes {
  const { query, documents: given } = valueIn(request);
  const texts = objectsIn(given);
  const ranked = objectsIn(valueIn(response).results).map(({ index, score }) => ({
    ...texts[Number(index)],
    ...(score !== undefined && { score }),
  }));
  return {
    'reranker.query': textIn(query),
    'reranker.top_k': numberIn(valueIn(request).topN),
    'input.value': textIn(query),
    ...documents('reranker.input_documents', texts),
    ...documents('reranker.output_documents', ranked),
    ...missing(request, response),
  };
}

function embedContent({ request, response }: TraceCall): Attributes {
  const texts: Json | undefined = valueIn(request).texts;
  return { 'input.value': texts === undefined ? undefined : asJson(texts), ...missing(request, response) };
}

const missing = (request: Shown, response: Shown): Attributes => ({
  'sluice.request.missing': 'missing' in request ? request.missing : undefined,
  'sluice.response.missing': 'missing' in response ? response.missing : undefined,
});
