/** `GET /v1/runs` and `GET /v1/runs/{id}`: what was asked, and what came of it. */
import { z } from '@hono/zod-openapi';
import { resultOf } from '../../client/run-result.ts';
import { OPERATORS, RUN_FIELDS, type RunCondition } from '../../model/run-fields.ts';
import { restoreClaims } from '../../store/claims.ts';
import { loadTrace, snapshotsAt } from '../../telemetry/load-trace.ts';
import { problems } from '../problem.ts';
import { type AddRoutes, addRoute, keyedRoute, type Routing, seesAll, visibleRun } from '../route.ts';
import { ListedRun, PipelineName, RunId, RunView, StartedView, snapshots } from '../schemas.ts';

const MOST_LISTED = 100;

const list = (allow: Routing['allow']) =>
  keyedRoute({
    method: 'get',
    path: '/v1/runs',
    tags: ['Runs'],
    summary: 'List runs, newest first',
    middleware: allow('ask', 'read'),
    request: {
      query: z.object({
        pipeline: PipelineName.optional().openapi({ param: { name: 'pipeline', in: 'query' } }),
        state: z.enum(['running', 'completed', 'degraded', 'failed', 'cancelled']).optional(),
        limit: z.coerce.number().int().min(1).max(MOST_LISTED).optional(),
        before: z.string().min(1).max(1_000).optional().openapi({ description: 'The `next` of the page before' }),
      }),
    },
    responses: {
      200: {
        description: 'A page; `next` is null on the last. Without `read`, only runs of your own',
        content: {
          'application/json': { schema: z.object({ runs: z.array(ListedRun), next: z.string().nullable() }) },
        },
      },
      ...problems(),
    },
  });

const show = (allow: Routing['allow']) =>
  keyedRoute({
    method: 'get',
    path: '/v1/runs/{id}',
    tags: ['Runs'],
    summary: 'Show a run',
    middleware: allow('ask', 'read'),
    request: { params: z.object({ id: RunId }) },
    responses: {
      200: { description: 'It has ended', content: { 'application/json': { schema: RunView } } },
      202: { description: 'It goes on', content: { 'application/json': { schema: StartedView } } },
      ...problems(404),
    },
  });

export const addRuns: AddRoutes = (app, { allow, runtime: { store, client } }) => {
  addRoute(app, list(allow), async (context) => {
    const { pipeline, state, limit, before } = context.req.valid('query');
    const { caller } = context.var;
    const page = await store.runs.list({
      ...(pipeline !== undefined && { pipeline }),
      ...(state !== undefined && { state }),
      ...(limit !== undefined && { limit }),
      ...(before !== undefined && { before }),
      ...(!seesAll(caller) && { owner: caller.owner }),
    });
    const runs = page.runs.map(
      ({ runId, pipeline, variant, planId, arms, unit, state, error, startedAt, finishedAt }) => ({
        ...{ runId, pipeline, variant, planId, arms, unit, state, error, startedAt, finishedAt },
      }),
    );
    return context.json({ runs, next: page.next });
  });
  addRoute(app, show(allow), async (context) => {
    const run = await visibleRun(store, context.var.caller, context.req.valid('param').id);
    const { runId, planId, state } = run;
    const temporalUrl = client.urlOf(runId);
    if (state === 'running') return context.json({ runId, planId, state, temporalUrl }, 202, { 'retry-after': '1' });
    return context.json(await resultOf(run, temporalUrl, (output) => restoreClaims(store.payloads, output)));
  });
};

/** `POST /v1/search/runs`, its `/histogram` and its `/points`: runs by what holds of them, for whoever may read all. */
const MOST_CONDITIONS = 20;
const MOST_VALUES = 100;
const TEXT_LENGTH = 1_000;
const PAGE = 200;
const DEEPEST = 1_000_000;
const MOST_BINS = 200;
const MOST_POINTS = 2_000;
const FIELD_LENGTH = 220;

const field = z
  .string()
  .min(1)
  .max(FIELD_LENGTH)
  .openapi({ description: `${RUN_FIELDS.join(', ')}, or monitor:<name>:<field>`, example: 'latencyMs' });

const value = z.union([z.string().max(TEXT_LENGTH), z.number()]);
const Condition = z
  .strictObject({
    field,
    op: z.enum(OPERATORS as unknown as [string, ...string[]]),
    value: z
      .union([value, z.array(value).max(MOST_VALUES)])
      .optional()
      .openapi({ description: 'A list for `in`; milliseconds since 1970 for times; none for `is empty`' }),
  })
  .openapi('RunCondition');
const where = z.array(Condition).max(MOST_CONDITIONS).default([]);

const Search = z
  .strictObject({
    where,
    sort: z.strictObject({ by: field, descending: z.boolean() }).optional(),
    limit: z.int().min(1).max(PAGE).default(50),
    offset: z.int().min(0).max(DEEPEST).default(0),
  })
  .openapi('RunSearch');

const FoundRun = ListedRun.extend({
  question: z.string().nullable(),
  latencyMs: z.number().nullable(),
  costUsd: z.number().nullable(),
  tokens: z.number().nullable(),
  thumb: z.number().nullable(),
}).openapi('FoundRun');

const post = <const Path extends string, Body extends z.ZodType>(
  allow: Routing['allow'],
  path: Path,
  summary: string,
  body: Body,
  answer: z.ZodType,
) =>
  keyedRoute({
    method: 'post',
    path,
    tags: ['Runs'],
    summary,
    middleware: allow('read'),
    request: { body: { content: { 'application/json': { schema: body } }, required: true } },
    responses: {
      200: { description: 'What there is', content: { 'application/json': { schema: answer } } },
      ...problems(413, 415, 422),
    },
  });

const Bins = z.strictObject({ where, bins: z.int().min(1).max(MOST_BINS).default(48) });
const Points = z.strictObject({ where, x: field, y: field, limit: z.int().min(1).max(MOST_POINTS).default(1_000) });

export const addRunSearch: AddRoutes = (app, { allow, runtime: { store } }) => {
  const found = z.object({ runs: z.array(FoundRun), total: z.int() });
  addRoute(app, post(allow, '/v1/search/runs', 'Find runs', Search, found), async (context) => {
    const { where, sort, limit, offset } = context.req.valid('json');
    const page = await store.runSearch.search({ where: asConditions(where), limit, offset, ...(sort && { sort }) });
    return context.json(page);
  });

  const bin = z.object({ from: z.number(), to: z.number(), state: z.string(), n: z.int() });
  const histogram = post(
    allow,
    '/v1/search/runs/histogram',
    'How many runs, when',
    Bins,
    z.object({ bins: z.array(bin) }),
  );
  addRoute(app, histogram, async (context) => {
    const { where, bins } = context.req.valid('json');
    return context.json({ bins: await store.runSearch.histogram(asConditions(where), bins) });
  });

  const point = z.object({ runId: z.string(), state: z.string(), x: z.number(), y: z.number() });
  const drawn = z.object({ points: z.array(point), drawn: z.int() });
  addRoute(app, post(allow, '/v1/search/runs/points', 'Two values of each run', Points, drawn), async (context) => {
    const { where, x, y, limit } = context.req.valid('json');
    return context.json(await store.runSearch.points(asConditions(where), { x, y }, limit));
  });
};

const asConditions = (given: readonly z.output<typeof Condition>[]): readonly RunCondition[] =>
  given.map(({ field, op, value }) => ({ field, op, ...(value !== undefined && { value }) }));

/** `GET /v1/runs/{id}/trace`: the whole tree of a run. */
const TraceView = z
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
  .openapi('Trace');

const showTrace = (allow: Routing['allow']) =>
  keyedRoute({
    method: 'get',
    path: '/v1/runs/{id}/trace',
    tags: ['Runs'],
    summary: 'A run as one tree',
    description: 'Run, node runs, attempts and calls to providers, with what each was given and gave, took and cost.',
    middleware: allow('read'),
    request: { params: z.object({ id: RunId }) },
    responses: {
      200: { description: 'As it is recorded', content: { 'application/json': { schema: TraceView } } },
      ...problems(404),
    },
  });

export const addTrace: AddRoutes = (app, { allow, runtime: { store, client } }) =>
  addRoute(app, showTrace(allow), async (context) => {
    const { runId, unit, planId, startedAt } = await visibleRun(
      store,
      context.var.caller,
      context.req.valid('param').id,
    );
    const [trace, plan] = await Promise.all([
      loadTrace({ store, urlOf: client.urlOf }, runId),
      store.plans.get(planId),
    ]);
    return context.json({ ...trace, unit, snapshots: await snapshotsAt(plan, startedAt, store.indexes) });
  });
