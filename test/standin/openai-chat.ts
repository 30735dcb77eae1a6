/**
 * `POST /v1/chat/completions`, whole and as an event stream: a first chunk with the role, one for each token, one with
 * the finish reason, one with the usage where it was asked for, then `[DONE]`.
 * https://platform.openai.com/docs/api-reference/chat (create, streaming)
 */
import { randomUUID } from 'node:crypto';
import type { Json } from '../../src/plan/plan.ts';
import { type ChatReply, composeReply } from './chat.ts';
import { type ChatBody, readChatBody } from './openai-chat-body.ts';
import type { BilledUsage } from './record.ts';
import type { Frame, Route } from './route.ts';

export const openaiChat: Route = {
  name: 'openai/chat',
  method: 'POST',
  path: '/v1/chat/completions',
  read(body, own) {
    const read = readChatBody(body, own);
    if (read.kind === 'refusal') {
      return read;
    }
    const { request, chat, size } = read;
    return {
      kind: 'asked',
      route: 'openai/chat',
      model: request.model,
      schema: chat.schema?.name ?? null,
      text: chat.messages.map((message) => message.content).join('\n'),
      streamed: request.stream === true,
      chat,
      tokens: Math.max(size.promptTokens, size.maxOutputTokens ?? 0),
      answer(script, fault) {
        const reply = composeReply(chat, script, fault, size);
        return request.stream === true
          ? { kind: 'stream', frames: streamFrames(request, reply), billed: reply.billed }
          : { kind: 'json', body: wholeReply(request, reply), billed: reply.billed };
      },
    };
  },
};

const finishReasons = { stop: 'stop', length: 'length', 'content-filter': 'content_filter', error: 'stop' } as const;

function usageOf(billed: BilledUsage): Json {
  return {
    prompt_tokens: billed.inputTokens,
    completion_tokens: billed.outputTokens,
    total_tokens: billed.inputTokens + billed.outputTokens,
    prompt_tokens_details: { cached_tokens: billed.cachedInputTokens, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: 0,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}

function head(request: ChatBody, object: string) {
  return {
    id: `chatcmpl-${randomUUID()}`,
    object,
    created: Math.floor(Date.now() / 1000),
    model: request.model,
    service_tier: 'default',
    system_fingerprint: null,
  };
}

function wholeReply(request: ChatBody, reply: ChatReply): Json {
  const message = {
    role: 'assistant',
    content: reply.refusal === null ? reply.text : null,
    refusal: reply.refusal,
    annotations: [],
  };
  return {
    ...head(request, 'chat.completion'),
    choices: [{ index: 0, message, logprobs: null, finish_reason: finishReasons[reply.finish] }],
    usage: usageOf(reply.billed),
  };
}

function streamFrames(request: ChatBody, reply: ChatReply): readonly Frame[] {
  const withUsage = request.stream_options?.include_usage === true;
  const common = head(request, 'chat.completion.chunk');
  const chunk = (part: Frame['part'], delta: Json, piece = ''): Frame => {
    const finish = part === 'end' ? finishReasons[reply.finish] : null;
    const choices = [{ index: 0, delta, logprobs: null, finish_reason: finish }];
    return { wire: event({ ...common, choices, ...(withUsage ? { usage: null } : {}) }), part, piece, usage: false };
  };
  const field = reply.refusal === null ? 'content' : 'refusal';
  const usage: Frame = {
    wire: event({ ...common, choices: [], usage: usageOf(reply.billed) }),
    part: 'end',
    piece: '',
    usage: true,
  };
  return [
    chunk('start', { role: 'assistant', content: reply.refusal === null ? '' : null, refusal: null }),
    ...reply.pieces.map((piece) => chunk('text', { [field]: piece }, piece)),
    chunk('end', {}),
    ...(withUsage ? [usage] : []),
    { wire: 'data: [DONE]\n\n', part: 'end', piece: '', usage: false },
  ];
}

function event(data: Json): string {
  return `data: ${JSON.stringify(data)}\n\n`;
}
