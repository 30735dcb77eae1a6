/** OpenAI's protocol: asking a pipeline as a model, and listing models. */
import {
  type Endpoints,
  EVENT_STREAM,
  eventOf,
  IdempotencyHeader,
  jsonAnswer,
  jsonBody,
  problems,
  z,
} from './endpoint.ts';

const Usage = z
  .object({ prompt_tokens: z.int(), completion_tokens: z.int(), total_tokens: z.int() })
  .openapi('CompletionUsage', { description: "Of all the run's calls together; calls that did not say are not in it" });

const Sluice = z
  .object({
    runId: z.string().openapi({ description: 'For POST /v1/runs/{id}/feedback' }),
    planId: z.string(),
    arms: z.record(z.string(), z.string()),
    degraded: z.boolean(),
    citations: z.unknown().optional().openapi({ description: "The output's own, where it has some" }),
    temporalUrl: z.string(),
  })
  .openapi('CompletionRun');

const named = {
  id: z.string().openapi({ example: 'chatcmpl-run-4f1c09aa4f1c09aa4f1c09aa4f1c09aa' }),
  created: z.int(),
  model: z.string(),
  system_fingerprint: z.string().openapi({ description: 'The planId' }),
};

const Completion = z
  .object({
    ...named,
    object: z.literal('chat.completion'),
    choices: z.array(
      z.object({
        index: z.literal(0),
        message: z.object({ role: z.literal('assistant'), content: z.string(), refusal: z.null() }),
        finish_reason: z.literal('stop'),
        logprobs: z.null(),
      }),
    ),
    usage: Usage,
    sluice: Sluice,
  })
  .openapi('ChatCompletion');

export const Chunk = z.object({
  ...named,
  object: z.literal('chat.completion.chunk'),
  choices: z.array(
    z.object({
      index: z.literal(0),
      delta: z.object({ role: z.literal('assistant').optional(), content: z.string().optional() }),
      finish_reason: z.literal('stop').nullable(),
      logprobs: z.null(),
    }),
  ),
  usage: Usage.nullable().optional(),
  sluice: Sluice.optional(),
});

/**
 * A request of OpenAI's chat completions (API reference, "Create chat completion"). Who answers is a pipeline with models of
 * its own, so what only tunes a model is taken and ignored; what would change what is answered, or how, is refused.
 */
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

const ChatBody = z
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

/** Pipelines as OpenAI's models: those that declare how they are talked to, and their variants for whoever may choose one. */
const Model = z
  .object({
    id: z.string().openapi({ example: 'docs-bot' }),
    object: z.literal('model'),
    created: z.int().openapi({ description: 'Seconds since 1970: when this server began to offer it' }),
    owned_by: z.literal('sluice'),
  })
  .openapi('Model');

export type ChatBody = z.output<typeof ChatBody>;
export type ChatPart = z.output<typeof Part>;
export type ChatCompletion = z.output<typeof Completion>;
export type ChatCompletionChunk = z.output<typeof Chunk>;

export const CHAT = {
  completeChat: {
    tags: ['OpenAI'],
    summary: 'Ask a pipeline as a model',
    description:
      'A conversation is made the input of a pipeline by its `chat`, and its text is the answer. A stream brings the text ' +
      'when it is accepted, since it cannot take back what it has brought. The run is named by `sluice.runId` and by ' +
      '`x-run-id`. A run that failed is answered with 422 and `x-should-retry: false`: to ask again is to pay again.',
    scopes: ['ask'],
    request: {
      headers: IdempotencyHeader,
      body: jsonBody(ChatBody),
    },
    responses: {
      200: {
        description: 'The answer',
        content: {
          'application/json': { schema: Completion },
          [EVENT_STREAM]: { schema: eventOf('ChatCompletionChunk') },
        },
        headers: z.object({ 'x-run-id': z.string() }),
      },
      ...problems(404, 409, 413, 415, 422),
    },
  },
  listModels: {
    tags: ['OpenAI'],
    summary: 'List models',
    description: 'Pipelines that declare `chat`; with the scope `operate`, also variants of them.',
    scopes: ['ask', 'read', 'operate'],
    responses: {
      200: jsonAnswer('All of them', z.object({ object: z.literal('list'), data: z.array(Model) })),
      ...problems(),
    },
  },
  getModel: {
    tags: ['OpenAI'],
    summary: 'Show a model',
    scopes: ['ask', 'read', 'operate'],
    request: {
      params: z.object({
        model: z
          .string()
          .min(1)
          .max(300)
          .openapi({ param: { name: 'model', in: 'path' }, example: 'docs-bot' }),
      }),
    },
    responses: {
      200: jsonAnswer('It is there', Model),
      ...problems(404),
    },
  },
} satisfies Endpoints;
