/**
 * What OpenAI takes as the body of `POST /v1/chat/completions`, and what it refuses: unknown parameters, what reasoning
 * models do not support, schemas that are not strict, prompts that are too long.
 * https://platform.openai.com/docs/api-reference/chat/create
 */
import { z } from 'zod';
import type { Json } from '../../src/plan/plan.ts';
import type { ChatSize } from './chat.ts';
import { findModel } from './models.ts';
import { openaiBodyRefusal, openaiModelRefusal, openaiRefusal } from './openai-errors.ts';
import { strictSchemaFault } from './openai-schema.ts';
import type { Refusal } from './route.ts';
import type { ChatAsked } from './stand-in.ts';
import { countTokens } from './tokens.ts';

const content = z.union([z.string(), z.array(z.strictObject({ type: z.literal('text'), text: z.string() })).min(1)]);

const bodySchema = z.strictObject({
  model: z.string().min(1),
  messages: z
    .array(
      z.strictObject({
        role: z.enum(['developer', 'system', 'user', 'assistant']),
        content,
        name: z.string().optional(),
      }),
    )
    .min(1),
  stream: z.boolean().nullish(),
  stream_options: z
    .strictObject({ include_usage: z.boolean().optional(), include_obfuscation: z.boolean().optional() })
    .nullish(),
  max_tokens: z.int().min(1).nullish(),
  max_completion_tokens: z.int().min(1).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  seed: z.int().nullish(),
  stop: z.union([z.string(), z.array(z.string()).max(4)]).nullish(),
  n: z.literal(1).nullish(),
  user: z.string().optional(),
  safety_identifier: z.string().max(64).optional(),
  prompt_cache_key: z.string().optional(),
  reasoning_effort: z.enum(['none', 'minimal', 'low', 'medium', 'high', 'xhigh']).nullish(),
  verbosity: z.enum(['low', 'medium', 'high']).nullish(),
  metadata: z.record(z.string().max(64), z.string().max(512)).nullish(),
  store: z.boolean().nullish(),
  service_tier: z.enum(['auto', 'default', 'flex', 'priority']).nullish(),
  response_format: z
    .discriminatedUnion('type', [
      z.strictObject({ type: z.literal('text') }),
      z.strictObject({ type: z.literal('json_object') }),
      z.strictObject({
        type: z.literal('json_schema'),
        json_schema: z.strictObject({
          name: z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/),
          description: z.string().optional(),
          schema: z.record(z.string(), z.json()),
          strict: z.boolean().nullish(),
        }),
      }),
    ])
    .optional(),
});

export type ChatBody = z.infer<typeof bodySchema>;

interface ReadChat {
  readonly kind: 'read';
  readonly request: ChatBody;
  readonly chat: ChatAsked;
  readonly size: ChatSize;
}

export function readChatBody(body: Json, own: { readonly [model: string]: number }): ReadChat | Refusal {
  const parsed = bodySchema.safeParse(body, { reportInput: true });
  if (!parsed.success) {
    return openaiBodyRefusal(parsed.error);
  }
  const request = parsed.data;
  const model = findModel('openai/chat', request.model, own);
  if (model === null) {
    return openaiModelRefusal(request.model);
  }
  const chat = readChat(request);
  const size: ChatSize = {
    promptTokens: promptTokens(chat),
    maxOutputTokens: request.max_completion_tokens ?? request.max_tokens ?? null,
  };
  const refusal =
    (model.reasoning ? reasoningRefusal(request) : null) ??
    schemaRefusal(request) ??
    contextRefusal(model.contextTokens, size.promptTokens, size.maxOutputTokens);
  return refusal ?? { kind: 'read', request, chat, size };
}

function readChat(request: ChatBody): ChatAsked {
  const format = request.response_format;
  return {
    route: 'openai/chat',
    model: request.model,
    messages: request.messages.map(({ role, content: said }) => ({
      role,
      content: typeof said === 'string' ? said : said.map((part) => part.text).join('\n'),
    })),
    schema:
      format?.type === 'json_schema'
        ? { name: format.json_schema.name, schema: format.json_schema.schema as { readonly [key: string]: Json } }
        : null,
    documents: [],
  };
}

/** Three tokens frame each message and three begin the reply (OpenAI's cookbook, "How to count tokens"). */
function promptTokens(chat: ChatAsked): number {
  const messages = chat.messages.reduce((sum, each) => sum + 3 + countTokens(each.role) + countTokens(each.content), 3);
  return messages + (chat.schema === null ? 0 : countTokens(JSON.stringify(chat.schema.schema)));
}

function contextRefusal(most: number, prompt: number, output: number | null): Refusal | null {
  if (prompt + (output ?? 1) <= most) {
    return null;
  }
  const requested =
    output === null
      ? `your messages resulted in ${prompt} tokens. Please reduce the length of the messages.`
      : `you requested ${prompt + output} tokens (${prompt} in the messages, ${output} in the completion). Please reduce the length of the messages or completion.`;
  return openaiRefusal(400, {
    message: `This model's maximum context length is ${most} tokens. However, ${requested}`,
    param: 'messages',
    code: 'context_length_exceeded',
  });
}

/** Reasoning models refuse two parameters that others take. */
function reasoningRefusal(request: ChatBody): Refusal | null {
  if (request.max_tokens !== undefined && request.max_tokens !== null) {
    return openaiRefusal(400, {
      message:
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
      param: 'max_tokens',
      code: 'unsupported_parameter',
    });
  }
  if (request.temperature !== undefined && request.temperature !== null && request.temperature !== 1) {
    return openaiRefusal(400, {
      message: `Unsupported value: 'temperature' does not support ${request.temperature} with this model. Only the default (1) value is supported.`,
      param: 'temperature',
      code: 'unsupported_value',
    });
  }
  return null;
}

function schemaRefusal(request: ChatBody): Refusal | null {
  const format = request.response_format;
  if (format?.type !== 'json_schema' || format.json_schema.strict !== true) {
    return null;
  }
  const fault = strictSchemaFault(
    format.json_schema.name,
    format.json_schema.schema as { readonly [key: string]: Json },
  );
  return fault === null ? null : openaiRefusal(400, { message: fault, param: 'response_format' });
}
