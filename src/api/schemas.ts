/** What the API takes and gives of runs: what requests are checked by, and what the OpenAPI document shows. */
import { z } from '@hono/zod-openapi';

const json = z.unknown().openapi({ description: 'Any JSON' });
const money = z
  .number()
  .nullable()
  .openapi({ description: 'US dollars; null where it is not known, never 0 for that' });
const time = z.number().openapi({ description: 'Milliseconds since 1970' });

export const RunId = z
  .string()
  .regex(/^run-[0-9a-f-]{32,36}$/, 'it is no run id')
  .openapi({ param: { name: 'id', in: 'path' }, example: 'run-4f1c09aa4f1c09aa4f1c09aa4f1c09aa' });

export const PipelineName = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,100}(:[A-Za-z0-9_-]{1,100})?$/, 'it is no name of a pipeline')
  .openapi({ param: { name: 'name', in: 'path' }, example: 'docs-bot' });

export const Failure = z
  .object({ code: z.string(), message: z.string(), remedy: z.string().optional() })
  .loose()
  .openapi('Failure');

const spending = {
  paidCalls: z.int(),
  costUsd: money,
  unknownCalls: z.int().openapi({ description: 'Calls whose cost is not known: costUsd is then a lower bound' }),
  estimatedCalls: z.int(),
  inputTokens: z.int(),
  outputTokens: z.int(),
};

const NodeView = z
  .object({
    id: z.string(),
    key: z.string().openapi({ description: 'The node run, such as draft[2]' }),
    step: z.string().nullable().openapi({ example: 'rerank@2' }),
    outcome: z.string(),
    attempts: z.int(),
    durationMs: z.number().nullable(),
    error: Failure.nullable(),
    ...spending,
  })
  .openapi('NodeRun');

const CallView = z
  .object({
    key: z.string(),
    attempt: z.int(),
    provider: z.string(),
    model: z.string(),
    kind: z.string(),
    status: z.string(),
    usage: z.string().nullable(),
    inputTokens: z.int().nullable(),
    outputTokens: z.int().nullable(),
    costUsd: money,
    startedAt: time,
    finishedAt: time.nullable(),
  })
  .loose()
  .openapi('ProviderCall');

export const RunView = z
  .object({
    runId: z.string(),
    pipeline: z.string(),
    variant: z
      .string()
      .nullable()
      .openapi({ description: 'The variant that was asked for; null: the pipeline itself' }),
    planId: z.string(),
    arms: z.record(z.string(), z.string()).openapi({ description: 'The arm, by experiment' }),
    outcome: z.enum(['completed', 'degraded', 'failed', 'cancelled']),
    output: json,
    degraded: z.boolean(),
    nodes: z.array(NodeView),
    error: Failure.nullable(),
    durationMs: z.number().nullable(),
    calls: z.array(CallView),
    temporalUrl: z.string(),
    ...spending,
  })
  .openapi('Run');

export const StartedView = z
  .object({
    runId: z.string(),
    planId: z.string(),
    state: z.literal('running'),
    temporalUrl: z.string(),
  })
  .openapi('StartedRun');

export const ListedRun = z
  .object({
    runId: z.string(),
    pipeline: z.string(),
    variant: z
      .string()
      .nullable()
      .openapi({ description: 'The variant that was asked for; null: the pipeline itself' }),
    planId: z.string(),
    arms: z.record(z.string(), z.string()),
    unit: z.string().nullable(),
    state: z.enum(['running', 'completed', 'degraded', 'failed', 'cancelled']),
    error: Failure.nullable(),
    startedAt: time,
    finishedAt: time.nullable(),
  })
  .openapi('ListedRun');

export const snapshots = z
  .record(z.string(), z.string())
  .openapi({ description: 'Hashes of what the run has read, by index; without those that were pruned since' });

/** Longer ones are no names. */
const UNIT_LENGTH = 1_000;

export const AskBody = z
  .strictObject({
    input: z
      .record(z.string(), z.unknown())
      .openapi({ description: "As the pipeline's schema has it: GET /v1/pipelines/{name}" }),
    unit: z
      .string()
      .min(1)
      .max(UNIT_LENGTH)
      .optional()
      .openapi({ description: 'Whom it is for: who is randomised in experiments' }),
    budget: z
      .strictObject({
        usd: z.number().positive().max(1_000_000).optional(),
        tokens: z.int().positive().max(1_000_000_000).optional(),
        deadlineMs: z.int().positive().max(86_400_000).optional(),
      })
      .optional()
      .openapi({ description: 'What the run may take' }),
    drafts: z
      .boolean()
      .optional()
      .openapi({ description: 'In a stream: whether text is shown that may still be taken back' }),
  })
  .openapi('Ask');

export const FeedbackView = z
  .object({
    feedbackId: z.string(),
    runId: z.string(),
    thumb: z.enum(['up', 'down']).nullable(),
    score: z.number().nullable(),
    note: z.string().nullable(),
    emoji: z.string().nullable(),
    fields: z.record(z.string(), z.unknown()).nullable(),
    by: z.string().nullable(),
    keyId: z.string().nullable().openapi({ description: 'The API key that sent it; null: it came another way' }),
    at: time,
    receivedAt: time,
    planId: z.string().openapi({ description: 'Of the run' }),
    arms: z.record(z.string(), z.string()).openapi({ description: 'Of the run, by experiment' }),
    snapshots,
  })
  .openapi('Feedback');

/** One event of a stream, as its `data`; `event` is its kind. */
export const RunEvent = z
  .discriminatedUnion('kind', [
    z.object({ kind: z.literal('run'), ...StartedView.shape }),
    z.object({
      kind: z.literal('token'),
      runId: z.string(),
      node: z.string(),
      key: z.string(),
      attempt: z.int(),
      round: z.int(),
      seq: z.int(),
      text: z.string(),
    }),
    z.object({
      kind: z.literal('retract'),
      runId: z.string(),
      node: z.string(),
      key: z.string(),
      attempt: z.int(),
      round: z.int(),
    }),
    z.object({
      kind: z.literal('accepted'),
      runId: z.string(),
      text: z.string().nullable(),
      rest: z.string().nullable(),
      output: json,
    }),
    z.object({ kind: z.literal('degraded'), runId: z.string(), keys: z.array(z.string()) }),
    z.object({ kind: z.literal('answer'), runId: z.string(), result: RunView }),
    z.object({ kind: z.literal('failed'), runId: z.string(), error: Failure.nullable(), result: RunView }),
  ])
  .openapi('RunEvent');
