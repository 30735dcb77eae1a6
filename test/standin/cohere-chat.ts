/**
 * `POST /v2/chat`, whole and as an event stream: message-start, content-start, a content-delta for each token,
 * content-end, message-end with the finish reason and the usage, then `[DONE]`.
 * https://docs.cohere.com/reference/chat and https://docs.cohere.com/docs/streaming
 */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Json } from '../../src/plan/plan.ts';
import { type ChatReply, composeReply } from './chat.ts';
import { cohereBodyRefusal, cohereModelRefusal, cohereRefusal } from './cohere-errors.ts';
import { cohereSchemaFault } from './cohere-schema.ts';
import { findModel } from './models.ts';
import type { Frame, Refusal, Route } from './route.ts';
import type { ChatAsked } from './stand-in.ts';
import { countTokens } from './tokens.ts';

const content = z.union([
  z.string().min(1),
  z.array(z.strictObject({ type: z.literal('text'), text: z.string() })).min(1),
]);

const bodySchema = z.strictObject({
  model: z.string(),
  messages: z.array(z.strictObject({ role: z.enum(['system', 'user', 'assistant']), content })).min(1),
  stream: z.boolean().optional(),
  documents: z.array(z.union([z.string(), z.looseObject({ data: z.record(z.string(), z.json()) })])).optional(),
  response_format: z
    .discriminatedUnion('type', [
      z.strictObject({ type: z.literal('text') }),
      z.strictObject({ type: z.literal('json_object'), json_schema: z.record(z.string(), z.json()).optional() }),
    ])
    .optional(),
  max_tokens: z.int().min(1).optional(),
  temperature: z
    .number()
    .min(0, 'temperature must be between 0 and 1.0 inclusive.')
    .max(1, 'temperature must be between 0 and 1.0 inclusive.')
    .optional(),
  seed: z.int().optional(),
  p: z.number().min(0.01).max(0.99).optional(),
  k: z.int().min(0).max(500).optional(),
  stop_sequences: z.array(z.string()).max(5).optional(),
  frequency_penalty: z.number().min(0).max(1).optional(),
  presence_penalty: z.number().min(0).max(1).optional(),
  safety_mode: z.enum(['CONTEXTUAL', 'STRICT', 'OFF']).optional(),
  citation_options: z.looseObject({}).optional(),
  thinking: z.looseObject({ type: z.enum(['enabled', 'disabled']) }).optional(),
  priority: z.int().min(0).optional(),
});

type Body = z.infer<typeof bodySchema>;

export const cohereChat: Route = {
  name: 'cohere/chat',
  method: 'POST',
  path: '/v2/chat',
  read(body, own) {
    const parsed = bodySchema.safeParse(body);
    if (!parsed.success) {
      return cohereBodyRefusal(parsed.error);
    }
    const request = parsed.data;
    const model = findModel('cohere/chat', request.model, own);
    if (model === null) {
      return cohereModelRefusal(request.model);
    }
    const chat = readChat(request);
    const size = { promptTokens: promptTokens(chat), maxOutputTokens: request.max_tokens ?? null };
    const refusal = refusalOf(request, size.promptTokens, model.contextTokens);
    if (refusal !== null) {
      return refusal;
    }
    return {
      kind: 'asked',
      route: 'cohere/chat',
      model: request.model,
      schema: chat.schema?.name ?? null,
      text: [...chat.messages.map((message) => message.content), ...chat.documents].join('\n'),
      streamed: request.stream === true,
      chat,
      tokens: Math.max(size.promptTokens, size.maxOutputTokens ?? 0),
      answer(script, fault) {
        const reply = composeReply(chat, script, fault, size);
        return request.stream === true
          ? { kind: 'stream', frames: streamFrames(reply), billed: reply.billed }
          : { kind: 'json', body: wholeReply(reply), billed: reply.billed };
      },
    };
  },
};

function readChat(request: Body): ChatAsked {
  const format = request.response_format;
  const schema = format?.type === 'json_object' ? format.json_schema : undefined;
  return {
    route: 'cohere/chat',
    model: request.model,
    messages: request.messages.map(({ role, content: said }) => ({
      role,
      content: typeof said === 'string' ? said : said.map((part) => part.text).join('\n'),
    })),
    schema:
      format?.type === 'json_object'
        ? {
            name: String(schema?.title ?? ''),
            schema: (schema ?? { type: 'object' }) as { readonly [key: string]: Json },
          }
        : null,
    documents: (request.documents ?? []).map((each) =>
      typeof each === 'string' ? each : Object.values(each.data).map(String).join('\n'),
    ),
  };
}

/** What is billed: the texts. (What the model reads has its template around them: see `usageOf`.) */
function promptTokens(chat: ChatAsked): number {
  return [...chat.messages.map((message) => message.content), ...chat.documents]
    .map(countTokens)
    .reduce((a, b) => a + b, 0);
}

function refusalOf(request: Body, prompt: number, most: number): Refusal | null {
  const format = request.response_format;
  if (format?.type === 'json_object' && request.documents !== undefined) {
    return cohereRefusal(400, 'invalid request: response_format is not supported with RAG.');
  }
  const fault =
    format?.type === 'json_object' && format.json_schema !== undefined
      ? cohereSchemaFault(format.json_schema as { readonly [key: string]: Json })
      : null;
  if (fault !== null) {
    return cohereRefusal(400, `invalid request: ${fault}`);
  }
  if (prompt + (request.max_tokens ?? 0) > most) {
    return cohereRefusal(
      400,
      `too many tokens: total number of tokens in the prompt cannot exceed ${most} - received ${prompt}. Try using a shorter prompt, or enabling prompt truncating. See https://docs.cohere.com/reference/generate for more details.`,
    );
  }
  return null;
}

/** `content-filter` has no name of its own in v2: a stopped generation is an `ERROR`. */
const finishReasons = { stop: 'COMPLETE', length: 'MAX_TOKENS', 'content-filter': 'ERROR', error: 'ERROR' } as const;

/** Tokens read beside those billed: the chat template's. */
const templateTokens = 66;

function usageOf({ billed }: ChatReply): Json {
  return {
    billed_units: { input_tokens: billed.inputTokens, output_tokens: billed.outputTokens },
    tokens: { input_tokens: billed.inputTokens + templateTokens, output_tokens: billed.outputTokens },
    cached_tokens: billed.cachedInputTokens,
  };
}

function wholeReply(reply: ChatReply): Json {
  return {
    id: randomUUID(),
    finish_reason: finishReasons[reply.finish],
    message: { role: 'assistant', content: [{ type: 'text', text: reply.text }] },
    usage: usageOf(reply),
  };
}

function streamFrames(reply: ChatReply): readonly Frame[] {
  const event = (
    part: Frame['part'],
    data: { readonly type: string; readonly [key: string]: Json },
    piece = '',
  ): Frame => ({
    wire: `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`,
    part,
    piece,
    usage: data.type === 'message-end',
  });
  const said = (type: string, part: Json) => ({ type, index: 0, delta: { message: { content: part } } });
  const failed = reply.finish === 'error' || reply.finish === 'content-filter';
  const end = {
    ...(failed ? { error: 'the generation was stopped' } : {}),
    finish_reason: finishReasons[reply.finish],
    usage: usageOf(reply),
  };
  return [
    event('start', {
      type: 'message-start',
      id: randomUUID(),
      delta: { message: { role: 'assistant', content: [], tool_plan: '', tool_calls: [], citations: [] } },
    }),
    event('start', said('content-start', { type: 'text', text: '' })),
    ...reply.pieces.map((piece) => event('text', said('content-delta', { text: piece }), piece)),
    event('end', { type: 'content-end', index: 0 }),
    event('end', { type: 'message-end', delta: end }),
    { wire: 'data: [DONE]\n\n', part: 'end', piece: '', usage: false },
  ];
}
