/**
 * A request of OpenAI's chat completions (API reference, "Create chat completion"). Who answers is a pipeline with models of
 * its own, so what only tunes a model is taken and ignored; what would change what is answered, or how, is refused.
 */
import { z } from '@hono/zod-openapi';
import type { ChatMessage, ChatRequest } from '../../dsl/chat.ts';

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

export const ChatBody = z
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
export function requestOf({ messages, user, safety_identifier }: ChatBody): ChatRequest {
  const unit = user ?? safety_identifier ?? undefined;
  return Object.freeze({ messages: Object.freeze(messages.map(messageOf)), user: unit });
}

function messageOf({ role, content }: ChatBody['messages'][number]): ChatMessage {
  const text = typeof content === 'string' ? content : (content ?? []).map(textOf).join('\n');
  return Object.freeze({ role, content: text });
}

const textOf = (part: z.output<typeof Part>): string => ('text' in part ? part.text : part.refusal) as string;
