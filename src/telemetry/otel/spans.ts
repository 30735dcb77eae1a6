/** A trace as spans. Their ids follow from the run's, so that what is sent twice is the same twice. */

import { createHash } from 'node:crypto';
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
  ATTR_GEN_AI_RETRIEVAL_DOCUMENTS,
  ATTR_GEN_AI_RETRIEVAL_QUERY_TEXT,
  ATTR_GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS,
  ATTR_GEN_AI_USAGE_INPUT_TOKENS,
  ATTR_GEN_AI_USAGE_OUTPUT_TOKENS,
  ATTR_GEN_AI_WORKFLOW_NAME,
  GEN_AI_OPERATION_NAME_VALUE_CHAT,
  GEN_AI_OPERATION_NAME_VALUE_EMBEDDINGS,
  GEN_AI_OPERATION_NAME_VALUE_INVOKE_WORKFLOW,
  GEN_AI_OPERATION_NAME_VALUE_RETRIEVAL,
} from '@opentelemetry/semantic-conventions/incubating';
import type { Json } from '../../plan/plan.ts';
import type { CallKind } from '../../store/provider-calls.ts';
import type { Shown, Span, Trace, TraceAttempt, TraceCall, TraceNode } from '../trace.ts';

/** The enclosing times, used for a span with unknown times. */
interface Around {
  readonly parentId: string;
  readonly from: number;
  readonly to: number;
}

/**
 * The spans of a run that has ended, the root first.
 *
 * @param hasContent whether inputs, outputs, prompts and answers go along
 */
export function spansOf(trace: Trace, hasContent: boolean): readonly SpanData[] {
  const { runId, pipeline } = trace;
  const from = trace.startedAt!;
  const to = Math.max(trace.endedAt ?? from, from);
  const spanId = rootIdOf(runId);
  const around = { parentId: spanId, from, to };
  const root: SpanData = {
    ...{ traceId: traceIdOf(runId), spanId, name: `${GEN_AI_OPERATION_NAME_VALUE_INVOKE_WORKFLOW} ${pipeline}` },
    ...{ kind: 'internal', startedAt: from, endedAt: to, events: [] },
    ...failureOf(trace.error, trace.state === 'failed' ? 'failed' : undefined),
    attributes: { ...rootAttributes(trace), ...(hasContent && inAndOut(trace)) },
  };
  return [root, ...trace.nodes.flatMap((node) => nodeSpans(trace, node, around, hasContent))];
}

export const rootIdOf = (runId: string): string => spanIdOf(runId, 'run');

function rootAttributes({ runId, pipeline, planId, state, arms, spent, error, temporalUrl, nodes }: Trace): Attributes {
  const uncalled = [...stepsIn(nodes)].filter(({ outcome }) => outcome === 'skipped' || outcome === 'blocked');
  return {
    [ATTR_GEN_AI_OPERATION_NAME]: GEN_AI_OPERATION_NAME_VALUE_INVOKE_WORKFLOW,
    [ATTR_GEN_AI_WORKFLOW_NAME]: pipeline,
    [ATTR_ERROR_TYPE]: codeOf(error),
    'openinference.span.kind': 'CHAIN',
    'sluice.run.id': runId,
    'sluice.plan.id': planId,
    'sluice.outcome': state,
    'sluice.arms': list(Object.entries(arms).map(([experiment, arm]) => `${experiment}:${arm}`)),
    'sluice.cost_usd': spent.costUsd ?? undefined,
    'sluice.calls.unknown_cost': spent.unknownCalls > 0 ? spent.unknownCalls : undefined,
    'sluice.nodes.not_called': list(uncalled.map(({ key, outcome }) => `${key} ${outcome}`)),
    'sluice.temporal.url': temporalUrl,
  };
}

const list = (items: readonly string[]) => (items.length === 0 ? undefined : items);

function* stepsIn(nodes: readonly TraceNode[]): Generator<TraceNode> {
  for (const node of nodes) {
    if (node.kind === 'step') yield node;
    yield* stepsIn(node.nodes);
  }
}

/** What was never called, and what holds nothing that was, has no times: the root names it. */
const isCalled = ({ attempts, nodes }: TraceNode): boolean => attempts.length > 0 || nodes.some(isCalled);

function nodeSpans(trace: Trace, node: TraceNode, around: Around, hasContent: boolean): readonly SpanData[] {
  const { key, name, kind, step, outcome, error, queuedMs, attempts, nodes } = node;
  if (!isCalled(node)) return [];
  const isStep = kind === 'step';
  const span = spanWithin(trace, `${kind} ${key}`, node, around, {
    name,
    ...failureOf(error, outcome === 'failed' || outcome === 'lost' ? outcome : undefined),
    attributes: {
      ...(isStep ? stepAttributes(node, hasContent) : { 'openinference.span.kind': 'CHAIN' }),
      [ATTR_ERROR_TYPE]: codeOf(error),
      'sluice.node.key': key,
      'sluice.node.kind': kind,
      'sluice.step': step ?? undefined,
      'sluice.outcome': outcome ?? undefined,
      'sluice.attempts': isStep ? attempts.length : undefined,
      'sluice.queued_ms': queuedMs ?? undefined,
      'sluice.cost_usd': node.spent?.costUsd ?? undefined,
      ...(hasContent && isStep && inAndOut(node)),
    },
  });
  const inside = { parentId: span.spanId, from: span.startedAt, to: span.endedAt };
  return [
    span,
    ...attemptSpans(trace, node, inside, hasContent),
    ...nodes.flatMap((each) => nodeSpans(trace, each, inside, hasContent)),
  ];
}

/** The only attempt, where it succeeded, is the node run itself: its calls stand directly under that. */
function attemptSpans(trace: Trace, { key, attempts }: TraceNode, around: Around, hasContent: boolean) {
  const callsOf = ({ calls }: TraceAttempt, within: Around) =>
    calls.map((call) => callSpan(trace, call, within, hasContent));
  if (attempts.length === 1 && attempts[0]!.outcome === 'completed') return callsOf(attempts[0]!, around);
  return attempts.flatMap((attempt, place) => {
    const { call, attempt: number, outcome, step, worker, queuedMs, error } = attempt;
    // One of which nothing came back was over when the next began.
    const to = attempts[place + 1]?.startedAt ?? around.to;
    const span = spanWithin(
      trace,
      `attempt ${key} ${call} ${number}`,
      attempt,
      { ...around, to },
      {
        name: call === 'step' ? 'attempt' : 'fallback attempt',
        ...failureOf(error, outcome === 'completed' ? undefined : outcome),
        attributes: {
          ...{ 'openinference.span.kind': 'CHAIN', [ATTR_ERROR_TYPE]: codeOf(error) },
          ...{ 'sluice.node.key': key, 'sluice.attempt': number, 'sluice.call': call, 'sluice.outcome': outcome },
          ...{ 'sluice.step': step ?? undefined, 'sluice.worker': worker ?? undefined },
          'sluice.queued_ms': queuedMs ?? undefined,
        },
      },
    );
    return [span, ...callsOf(attempt, { parentId: span.spanId, from: span.startedAt, to: span.endedAt })];
  });
}

function callSpan(trace: Trace, call: TraceCall, around: Around, hasContent: boolean): SpanData {
  const { callId, status, errorCode, startedAt, finishedAt: endedAt } = call;
  const failure = status === 'done' ? undefined : (errorCode ?? status);
  return spanWithin(trace, `call ${callId}`, { startedAt, endedAt }, around, {
    name: callSpanName(call),
    kind: 'client',
    ...(failure !== undefined && { failure }),
    attributes: callAttributes(call, hasContent),
  });
}

type SpanContent = Pick<SpanData, 'name' | 'attributes'> & Partial<Pick<SpanData, 'kind' | 'failure'>>;

/** An unknown time is taken from the enclosing span and marked as estimated. */
function spanWithin({ runId }: Trace, path: string, span: Span, around: Around, content: SpanContent): SpanData {
  const startedAt = span.startedAt ?? around.from;
  const isKnown = span.startedAt !== null && span.endedAt !== null;
  return {
    ...{ traceId: traceIdOf(runId), spanId: spanIdOf(runId, path), parentId: around.parentId },
    ...{ kind: 'internal', startedAt, endedAt: Math.max(span.endedAt ?? around.to, startedAt), events: [] },
    ...content,
    attributes: { ...content.attributes, ...(!isKnown && { 'sluice.time.estimated': true }) },
  };
}

/** @param otherwise the message when the error has none; absent: it succeeded in the end */
function failureOf(error: Json, otherwise: string | undefined): Pick<SpanData, 'failure'> {
  if (otherwise === undefined) return {};
  return { failure: isObject(error) && typeof error.message === 'string' ? cutText(error.message, 1_000) : otherwise };
}

const codeOf = (error: Json): string | undefined =>
  isObject(error) && typeof error.code === 'string' ? error.code : undefined;

// A call to a provider in the words of OpenTelemetry's conventions for generative AI, and in OpenInference's where those
// have no word (cost, what kind of span it is).

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
const callSpanName = ({ kind, model }: TraceCall): string => `${OPERATIONS[kind]} ${model}`;

/** @param hasContent whether prompts and answers go along */
function callAttributes(call: TraceCall, hasContent: boolean): Attributes {
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

/** Of a list; it may be 100 long. */
const [MOST_DOCUMENTS, DOCUMENT_CHARACTERS] = [50, 2_000];

/** Under OpenInference's names for a list: `retrieval.documents.0.document.id`. */
function documents(prefix: string, given: readonly JsonObject[]): Attributes {
  const named = given.slice(0, MOST_DOCUMENTS).flatMap(({ id, text, score, title, url }, place) => {
    const about = { ...(title !== undefined && { title }), ...(url !== undefined && { url }) };
    return [
      ['id', textIn(id)],
      ['content', textIn(text) === undefined ? undefined : cutText(textIn(text)!, DOCUMENT_CHARACTERS)],
      ['score', numberIn(score)],
      ['metadata', Object.keys(about).length === 0 ? undefined : asJson(about)],
    ].map(([field, value]) => [`${prefix}.${place}.document.${field}`, value] as const);
  });
  return Object.fromEntries(named);
}

/** Attributes of a step's span, with those of retrieval and ranking. */
function stepAttributes({ input, output }: TraceNode, hasContent: boolean): Attributes {
  const found = passagesIn(output);
  const asked = 'value' in input && isObject(input.value) ? queryIn(input.value) : undefined;
  if (found === undefined || asked === undefined) return { 'openinference.span.kind': 'CHAIN' };
  const given = passagesIn(input);
  if (given !== undefined)
    return {
      'openinference.span.kind': 'RERANKER',
      ...(hasContent && {
        'reranker.query': cutText(asked),
        ...documents('reranker.input_documents', given),
        ...documents('reranker.output_documents', found),
      }),
    };
  const ranks = found.map(({ id, score }) => ({ id: String(id), score: numberIn(score) ?? null }));
  return {
    [ATTR_GEN_AI_OPERATION_NAME]: GEN_AI_OPERATION_NAME_VALUE_RETRIEVAL,
    [ATTR_GEN_AI_RETRIEVAL_DOCUMENTS]: asJson(ranks.slice(0, MOST_DOCUMENTS)),
    'openinference.span.kind': 'RETRIEVER',
    ...(hasContent && {
      [ATTR_GEN_AI_RETRIEVAL_QUERY_TEXT]: cutText(asked),
      ...documents('retrieval.documents', found),
    }),
  };
}

function passagesIn(shown: TraceNode['output']): readonly JsonObject[] | undefined {
  if (!('value' in shown) || !isObject(shown.value) || !Array.isArray(shown.value.passages)) return undefined;
  return objectsIn(shown.value.passages);
}

function queryIn({ query, queries }: JsonObject): string | undefined {
  if (typeof query === 'string') return query;
  return Array.isArray(queries) ? queries.map(String).join('\n') : undefined;
}

/** Characters of one attribute; receivers refuse requests of some megabytes. */
const CHARACTERS = 32_000;

/** Values as attributes: of a bounded length, and only where content is sent at all. */
export function cutText(text: string, most: number = CHARACTERS): string {
  const rest = text.length - most;
  return rest <= 0 ? text : `${text.slice(0, most).toWellFormed()} (and ${rest} characters more)`;
}

const asJson = (value: unknown): string => cutText(JSON.stringify(value));

/** What a span was given and what it gave, in OpenInference's words; where one is missing, why. */
function inAndOut({ input, output }: { readonly input: Shown; readonly output: Shown }): Attributes {
  return { ...side('input', input), ...side('output', output) };
}

function side(name: 'input' | 'output', shown: Shown): Attributes {
  if ('missing' in shown) return { [`sluice.${name}.missing`]: shown.missing };
  const { value } = shown;
  const isText = typeof value === 'string';
  return {
    [`${name}.value`]: isText ? cutText(value) : asJson(value),
    [`${name}.mime_type`]: isText ? 'text/plain' : 'application/json',
  };
}

export type JsonObject = { readonly [key: string]: Json };

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const objectsIn = (value: unknown): readonly JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : []);

const textIn = (value: Json | undefined): string | undefined => (typeof value === 'string' ? value : undefined);

const numberIn = (value: Json | undefined): number | undefined => (typeof value === 'number' ? value : undefined);

/** A span as it is sent, as plain data: what the OpenTelemetry library makes of it is in `sender.ts` alone. */
export type Attribute = string | number | boolean | readonly string[];

/** Undefined: not known, and left out. */
export interface Attributes {
  readonly [name: string]: Attribute | undefined;
}

export interface SpanEvent {
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly attributes: Attributes;
}

export interface SpanData {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId?: string;
  readonly name: string;
  /** `client`: a call to another service. */
  readonly kind: 'internal' | 'client';
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly endedAt: number;
  /** Absent: it went well. */
  readonly failure?: string;
  readonly attributes: Attributes;
  readonly events: readonly SpanEvent[];
}

/** Equal for every export of a run, so that receivers can find duplicates: 16 bytes as hex. */
export const traceIdOf = (runId: string): string => digest(`sluice trace ${runId}`).slice(0, 32);

/** @param path what it is of within the run, such as `node draft[2]`: 8 bytes as hex */
export const spanIdOf = (runId: string, path: string): string => digest(`sluice span ${runId} ${path}`).slice(0, 16);

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Whether a run is among the `share` that is sent: the same answer in every process. */
export const isSampled = (runId: string, share: number): boolean =>
  Number.parseInt(digest(`sluice sample ${runId}`).slice(0, 8), 16) / 2 ** 32 < share;
