/** Language models at OpenAI, and at every server that speaks its Chat Completions. */
import type { ChatCompletionCreateParamsNonStreaming } from 'openai/resources/chat/completions';
import { z } from 'zod';
import type { ProviderCall, Usage } from '../model/provider-call.ts';
import { calling } from './calling.ts';
import { contextTokensOf } from './catalogue.ts';
import { tokenCounter } from './count-tokens.ts';
import { providerFailure } from './failures.ts';
import type { ChatRequest, LanguageModel, TextReply } from './language-model.ts';
import { explainOpenAi, type LoadOpenAi, requestOptions } from './openai-client.ts';
import { parseBody, parseData } from './parse-data.ts';
import { withDocuments } from './render-documents.ts';
import { type Served, servedName } from './settings.ts';
import { strictSchema } from './strict-schema.ts';

const Counted = z.object({
  prompt_tokens: z.int().min(0),
  completion_tokens: z.int().min(0),
  prompt_tokens_details: z.object({ cached_tokens: z.int().min(0).nullish() }).nullish(),
});

const Piece = z.object({ content: z.string().nullish(), refusal: z.string().nullish() });
const Body = z.object({
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
          return finished(served, receive(parseBody(data, Body, served)), request_id);
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

function receive({ choices, usage }: z.output<typeof Body>): Received {
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
