/** Language models at Cohere, by its API's second version. */
import type { Cohere } from 'cohere-ai';
import { z } from 'zod';
import type { ProviderCall, Usage } from '../model/provider-call.ts';
import { calling } from './calling.ts';
import { contextTokensOf } from './catalogue.ts';
import { cohereOptions, explainCohere, type LoadCohere } from './cohere-client.ts';
import { tokenCounter } from './count-tokens.ts';
import { providerFailure } from './failures.ts';
import type { ChatRequest, LanguageModel, TextReply } from './language-model.ts';
import { parseBody, parseData } from './parse-data.ts';
import { withDocuments } from './render-documents.ts';
import { type Served, servedName } from './settings.ts';
import { strictSchema } from './strict-schema.ts';

const Count = z.number().min(0).nullish();
const Tokens = z.object({ inputTokens: Count, outputTokens: Count }).nullish();
/** Billed units are what is paid; `tokens` also counts what Cohere adds to a prompt by itself. */
const Counted = z.object({ billedUnits: Tokens, tokens: Tokens }).nullish();

/** A reply may hold a model's thinking beside its text. */
const Piece = z.object({ text: z.string().nullish() });
const Body = z.object({
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
          return finished(served, receive(parseBody(reply, Body, served)));
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

function receive({ id, finishReason, message, usage }: z.output<typeof Body>): Received {
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
