/** Finding runs by what holds of them, and what screens show, saved under a name. */
import { OPERATORS, RUN_FIELDS } from '../model/run-fields.ts';
import { type Endpoints, jsonAnswer, jsonBody, problems, z } from './endpoint.ts';
import { ListedRun } from './runs.ts';

// `POST /v1/search/runs`, its `/histogram` and its `/points`: a search of all runs by conditions.

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

const Bins = z.strictObject({ where, bins: z.int().min(1).max(MOST_BINS).default(48) });

const Points = z.strictObject({ where, x: field, y: field, limit: z.int().min(1).max(MOST_POINTS).default(1_000) });

const found = z.object({ runs: z.array(FoundRun), total: z.int() });
const bin = z.object({ from: z.number(), to: z.number(), state: z.string(), n: z.int() });
const point = z.object({ runId: z.string(), state: z.string(), x: z.number(), y: z.number() });

const NAME_LENGTH = 100;

const VIEW_BYTES = 10_000;

const screen = z.enum(['runs', 'evaluations']).openapi({ param: { name: 'screen', in: 'path' } });

const name = z
  .string()
  .min(1)
  .max(NAME_LENGTH)
  .regex(/^[^/]+$/, 'leave out slashes')
  .refine((text) => !/\p{Cc}|\p{Cs}/u.test(text), 'leave out control characters')
  .openapi({ param: { name: 'name', in: 'path' }, example: 'slow and disliked' });

const view = z
  .record(z.string(), z.unknown())
  .refine((given) => JSON.stringify(given).length <= VIEW_BYTES, `at most ${VIEW_BYTES} characters of JSON`);

const SavedView = z
  .object({ screen: z.string(), name: z.string(), view: z.unknown(), by: z.string(), at: z.number() })
  .openapi('SavedView');

const search = { tags: ['Runs'], scopes: ['read'] as const };
const THERE_IS = 'What there is';

export const RUN_SEARCH = {
  searchRuns: {
    ...search,
    summary: 'Find runs',
    request: { body: jsonBody(Search) },
    responses: { 200: jsonAnswer(THERE_IS, found), ...problems(413, 415, 422) },
  },
  countRuns: {
    ...search,
    summary: 'How many runs, when',
    request: { body: jsonBody(Bins) },
    responses: { 200: jsonAnswer(THERE_IS, z.object({ bins: z.array(bin) })), ...problems(413, 415, 422) },
  },
  plotRuns: {
    ...search,
    summary: 'Two values of each run',
    request: { body: jsonBody(Points) },
    responses: {
      200: jsonAnswer(THERE_IS, z.object({ points: z.array(point), drawn: z.int() })),
      ...problems(413, 415, 422),
    },
  },
  listViews: {
    tags: ['Views'],
    summary: 'Views that were saved',
    scopes: ['read'],
    request: { params: z.object({ screen }) },
    responses: { 200: jsonAnswer('By name', z.object({ views: z.array(SavedView) })), ...problems() },
  },
  saveView: {
    tags: ['Views'],
    summary: 'Save a view, in place of one of that name',
    scopes: ['operate'],
    request: { params: z.object({ screen, name }), body: jsonBody(z.strictObject({ view })) },
    responses: { 200: jsonAnswer('It is kept', SavedView), ...problems(409, 413, 415, 422) },
  },
  removeView: {
    tags: ['Views'],
    summary: 'Remove a view',
    scopes: ['operate'],
    request: { params: z.object({ screen, name }) },
    responses: { 204: { description: 'There is none of that name any more' }, ...problems() },
  },
} satisfies Endpoints;
