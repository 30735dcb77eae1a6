/** Runs: asking a pipeline, what came of it, what people say of it, and running it again. */
import type { RunResult } from '../client/run-result.ts';
import { Feedback } from '../model/feedback.ts';
import type { RerunError, RerunResult, RerunSide } from '../model/rerun-spec.ts';
import type { Json } from '../plan/plan.ts';
import type { Trace } from '../telemetry/trace.ts';
import {
  type Endpoints,
  EVENT_STREAM,
  eventOf,
  Failure,
  IdempotencyHeader,
  json,
  jsonAnswer,
  jsonBody,
  outlineOf,
  PipelineName,
  problems,
  RunId,
  time,
  z,
} from './endpoint.ts';

const money = z
  .number()
  .nullable()
  .openapi({ description: 'US dollars; null where it is not known, never 0 for that' });

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

/** The fields that name a run, its plan and its arms. */
const identity = {
  runId: z.string(),
  pipeline: z.string(),
  variant: z.string().nullable().openapi({ description: 'The variant that was asked for; null: the pipeline itself' }),
  planId: z.string(),
  arms: z.record(z.string(), z.string()).openapi({ description: 'The arm, by experiment' }),
};

export const RunView = outlineOf<RunResult>(
  z
    .object({
      ...identity,
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
    .openapi('Run'),
);

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
    ...identity,
    unit: z.string().nullable(),
    state: z.enum(['running', 'completed', 'degraded', 'failed', 'cancelled']),
    error: outlineOf<Json>(Failure.nullable()),
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

const MOST_LISTED = 100;

// `GET /v1/runs/{id}/trace`: the trace of a run.

/** A run as one tree, with what it read. */
export type RunTrace = Trace & {
  readonly unit: string | null;
  readonly snapshots: { readonly [index: string]: string };
};

const TraceView = outlineOf<RunTrace>(
  z
    .object({
      runId: z.string(),
      pipeline: z.string(),
      planId: z.string(),
      state: z.string(),
      unit: z.string().nullable().openapi({ description: 'Whom it was for' }),
      arms: z.record(z.string(), z.string()),
      input: z.unknown().openapi({ description: '{ value }, or { missing }: why it cannot be shown' }),
      output: z.unknown(),
      snapshots,
      error: z.unknown(),
      startedAt: z.number().nullable(),
      endedAt: z.number().nullable(),
      nodes: z.array(z.object({ key: z.string(), name: z.string(), kind: z.string() }).loose()),
      feedback: z.array(z.object({}).loose()),
      temporalUrl: z.string(),
    })
    .loose()
    .openapi('Trace'),
);

const BY_LENGTH = 200;

const FeedbackBody = z
  .strictObject({
    ...Feedback.shape,
    by: z.string().min(1).max(BY_LENGTH).optional().openapi({ description: 'Who says it, as you know them' }),
  })
  .openapi('NewFeedback', { description: 'At least one of thumb, score, note, emoji, fields' });

const NAME = /^[A-Za-z0-9_-]{1,100}$/;

const Body = z
  .strictObject({
    variant: z.string().regex(NAME).optional().openapi({ description: 'Its own name; default: the pipeline itself' }),
    from: z
      .string()
      .regex(/^[A-Za-z0-9_/-]{1,200}$/)
      .optional()
      .openapi({ description: 'Call this node, and all that hangs on it, again, whether it differs or not' }),
    limitUsd: z.number().positive().max(1_000_000).optional(),
  })
  .refine(({ variant, from }) => variant !== undefined || from !== undefined, 'name a variant, or a node')
  .openapi('NewBacktest');

const BacktestView = z
  .object({
    rerunId: z.string(),
    pipeline: z.string(),
    variant: z.string(),
    from: z.string().nullable(),
    state: z.enum(['running', 'completed', 'out_of_budget', 'stopped', 'failed']),
    error: outlineOf<RerunError | null>(Failure.nullable()),
    startedAt: z.number(),
    endedAt: z.number().nullable(),
    paidUsd: z.number().nullable(),
    temporalUrl: z.string(),
    result: z
      .object({
        state: z.enum(['done', 'failed', 'skipped']),
        isChanged: z.boolean().nullable(),
        calls: z.object({ reused: z.int(), made: z.int() }),
        error: outlineOf<RerunResult['error']>(Failure.nullable()),
        served: outlineOf<RerunSide | null>(
          z.unknown().openapi({ description: 'What was served: outcome, output, facts of the run, scores' }),
        ),
        variant: outlineOf<RerunSide | null>(z.unknown().openapi({ description: 'The same under the variant' })),
      })
      .nullable()
      .openapi({ description: 'Of this run; null while there is none' }),
  })
  .openapi('Backtest');

const RerunId = z
  .string()
  .regex(/^backtest-[A-Za-z0-9_-]{1,120}$/, 'it is no id of a backtest')
  .openapi({ param: { name: 'rerun', in: 'path' }, example: 'backtest-docs-bot-1f2e3d4c' });

export const RUNS = {
  listRuns: {
    tags: ['Runs'],
    summary: 'List runs, newest first',
    scopes: ['ask', 'read'],
    request: {
      query: z.object({
        pipeline: PipelineName.optional().openapi({ param: { name: 'pipeline', in: 'query' } }),
        state: z.enum(['running', 'completed', 'degraded', 'failed', 'cancelled']).optional(),
        limit: z.coerce.number().int().min(1).max(MOST_LISTED).optional(),
        before: z.string().min(1).max(1_000).optional().openapi({ description: 'The `next` of the page before' }),
      }),
    },
    responses: {
      200: jsonAnswer(
        'A page; `next` is null on the last. Without `read`, only runs of your own',
        z.object({ runs: z.array(ListedRun), next: z.string().nullable() }),
      ),
      ...problems(),
    },
  },
  getRun: {
    tags: ['Runs'],
    summary: 'Show a run',
    scopes: ['ask', 'read'],
    request: { params: z.object({ id: RunId }) },
    responses: {
      200: jsonAnswer('It has ended', RunView),
      202: jsonAnswer('It goes on', StartedView),
      ...problems(404),
    },
  },
  getTrace: {
    tags: ['Runs'],
    summary: 'A run as one tree',
    description: 'Run, node runs, attempts and calls to providers, with what each was given and gave, took and cost.',
    scopes: ['read'],
    request: { params: z.object({ id: RunId }) },
    responses: {
      200: jsonAnswer('As it is recorded', TraceView),
      ...problems(404),
    },
  },
  ask: {
    tags: ['Runs'],
    summary: 'Ask a pipeline',
    description:
      "Runs what is served under the name, with the arms of the experiments that the request's unit is in. " +
      '`<pipeline>:<variant>` runs that variant, in no experiment, and needs the scope `operate`. ' +
      `With \`Accept: ${EVENT_STREAM}\` the run is told as it goes. With \`Prefer: respond-async\`, or where it takes ` +
      'too long, the answer is 202 and the run goes on. A run that failed is an answer too: see its `outcome`.',
    scopes: ['ask'],
    request: {
      params: z.object({ name: PipelineName }),
      headers: IdempotencyHeader.extend({
        prefer: z.string().max(1_000).optional().openapi({ description: 'respond-async: do not wait (RFC 7240)' }),
      }),
      body: jsonBody(AskBody),
    },
    responses: {
      200: {
        description: 'The run, with its answer',
        content: { 'application/json': { schema: RunView }, [EVENT_STREAM]: { schema: eventOf('RunEvent') } },
      },
      202: {
        ...jsonAnswer('It goes on: ask for it by its id', StartedView),
        headers: z.object({ location: z.string() }),
      },
      ...problems(404, 409, 413, 415, 422),
    },
  },
  giveFeedback: {
    tags: ['Feedback'],
    summary: 'Say what you think of an answer',
    description:
      'Kept with the run, and so with its arms, plan and snapshot. The same said twice by the same person is kept once; ' +
      'with an `Idempotency-Key`, each key is kept once.',
    scopes: ['feedback'],
    request: {
      params: z.object({ id: RunId }),
      headers: IdempotencyHeader,
      body: jsonBody(FeedbackBody),
    },
    responses: {
      201: jsonAnswer('It is kept', FeedbackView),
      ...problems(404, 409, 413, 415, 422),
    },
  },
  listFeedback: {
    tags: ['Feedback'],
    summary: 'What was said of an answer',
    scopes: ['feedback', 'read'],
    request: { params: z.object({ id: RunId }) },
    responses: {
      200: jsonAnswer('All of it, oldest first', z.object({ feedback: z.array(FeedbackView) })),
      ...problems(404),
    },
  },
  startBacktest: {
    tags: ['Runs'],
    summary: 'Run it again under a variant, calling only what differs',
    description: 'It goes on by itself; ask for it by its id until its state is another than `running`.',
    scopes: ['operate'],
    request: {
      params: z.object({ id: RunId }),
      body: jsonBody(Body),
    },
    responses: { 202: jsonAnswer('It is started', BacktestView), ...problems(404, 409, 413, 415, 422) },
  },
  getBacktest: {
    tags: ['Runs'],
    summary: 'What a backtest has made of a run',
    scopes: ['read', 'operate'],
    request: { params: z.object({ id: RunId, rerun: RerunId }) },
    responses: { 200: jsonAnswer('As far as it is', BacktestView), ...problems(404, 422) },
  },
} satisfies Endpoints;
