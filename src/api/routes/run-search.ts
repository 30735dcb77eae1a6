/** `POST /v1/search/runs`, its `/histogram` and its `/points`: runs by what holds of them, for whoever may read all. */
import { z } from '@hono/zod-openapi';
import { OPERATORS, RUN_FIELDS, type RunCondition } from '../../model/run-fields.ts';
import { problems } from '../problem.ts';
import { type AddRoutes, addRoute, keyedRoute, type Routing } from '../route.ts';
import { ListedRun } from '../schemas.ts';

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
