/** `GET /v1/leaderboards`: the variants of the newest evaluations on a dataset, ranked by a metric. */
import { z } from '@hono/zod-openapi';
import { evaluatedDatasets, loadLeaderboard, rankedEvaluations } from '../../evaluation/baseline-leaderboard.ts';
import { COMPARE_LIMITS } from '../../evaluation/compare/comparison-report.ts';
import { SPLITS } from '../../model/dataset.ts';
import { problems } from '../problem.ts';
import { type AddRoutes, addRoute, jsonAnswer, keyedRoute, type Routing } from '../route.ts';

/** Each is read whole. */
const MOST_EVALUATIONS = 20;
const DEFAULT_EVALUATIONS = 10;
const NAME_LENGTH = 200;

const name = z
  .string()
  .min(1)
  .max(NAME_LENGTH)
  .refine((text) => !/\p{Cc}|\p{Cs}/u.test(text), 'leave out control characters');

const Cell = z.object({
  mean: z.number().nullable(),
  lo: z.number().nullable(),
  hi: z.number().nullable(),
  n: z.int().openapi({ description: 'Examples that have a value' }),
  coverage: z.number().nullable().openapi({ description: 'Of the examples that have something to score' }),
  rank: z.int().nullable().openapi({ description: 'From 1; null where it is listed apart' }),
  apart: z.string().nullable().openapi({ description: 'Why it has no rank' }),
  range: z
    .object({ from: z.int(), to: z.int() })
    .nullable()
    .openapi({ description: 'The places that paired comparisons with all others leave open, all at once' }),
  best: z
    .enum(['proven', 'tied'])
    .nullable()
    .openapi({ description: 'Better than every other; none is proven better' }),
  delta: z.number().nullable().openapi({ description: "Its mean less the baseline's" }),
});

const DatasetPart = z.object({
  name: z.string(),
  version: z.string(),
  split: z.string().nullable(),
  tag: z.string().nullable(),
  examples: z.int(),
});

const Board = z
  .object({
    columns: z.array(z.object({ metric: z.string(), better: z.string(), format: z.string() }).loose()),
    rows: z.array(
      z.object({
        evaluationId: z.string(),
        name: z.string(),
        variant: z.int(),
        label: z.string(),
        reference: z.string().openapi({ description: 'As comparisons take it', example: 'eval-tone-0001:loud' }),
        planId: z.string(),
        dataset: DatasetPart,
        cells: z.array(Cell).openapi({ description: 'By column' }),
      }),
    ),
    sortedBy: z.string().nullable(),
    baseline: z.string().nullable().openapi({ description: 'The reference of a row' }),
    alpha: z.number(),
    compared: z
      .object({
        dataset: DatasetPart,
        evaluations: z.int().openapi({ description: 'With a ranked row' }),
        plans: z.int().openapi({ description: 'Ranked rows' }),
        repeated: z.array(z.string()).openapi({ description: 'Variants whose plan another evaluation has a row of' }),
      })
      .nullable()
      .openapi({ description: 'What the rows that have a rank in the sorted column are compared on' }),
  })
  .openapi('Leaderboard');

const Answer = z.object({
  datasets: z.array(
    z.object({
      name: z.string(),
      evaluations: z.int(),
      splits: z.array(z.object({ split: z.string(), evaluations: z.int() })),
    }),
  ),
  dataset: z.string().nullable().openapi({ description: 'The one that is shown; null: none has been evaluated' }),
  split: z.string().nullable().openapi({ description: 'The part of it, or all; null: none' }),
  board: Board,
});

const show = (allow: Routing['allow']) =>
  keyedRoute({
    method: 'get',
    path: '/v1/leaderboards',
    tags: ['Evaluations'],
    summary: 'Rank the variants of the newest evaluations on a dataset',
    description: `What differs from the first of them in examples, metric or scorer is listed without a rank, and so are variants after the first ${COMPARE_LIMITS.rankedSides}.`,
    middleware: allow('read'),
    request: {
      query: z.object({
        dataset: name.optional().openapi({ description: 'Default: the one that most evaluations are on' }),
        split: z
          .enum([...SPLITS, 'all'])
          .optional()
          .openapi({ description: 'Those that ran on this part of it; default: the one that most ran on' }),
        metric: name.optional().openapi({ description: 'What is ranked by; default: the first of the newest' }),
        baseline: name.optional().openapi({
          description: 'The label or reference of a row; default: the first variant of the newest evaluation',
        }),
        limit: z.coerce.number().int().min(1).max(MOST_EVALUATIONS).default(DEFAULT_EVALUATIONS).openapi({
          description: 'How many of the newest evaluations',
        }),
      }),
    },
    responses: { 200: jsonAnswer('The best first', Answer), ...problems(404, 409, 422) },
  });

export const addLeaderboards: AddRoutes = (app, { allow, runtime: { store } }) =>
  addRoute(app, show(allow), async (context) => {
    const { dataset: asked, split: part, metric, baseline, limit } = context.req.valid('query');
    const rows = await rankedEvaluations(store);
    const datasets = evaluatedDatasets(rows);
    const chosen = asked === undefined ? datasets[0] : datasets.find((each) => each.name === asked);
    const dataset = chosen?.name ?? asked ?? null;
    const split = part ?? chosen?.splits[0]?.split ?? null;
    const board = await loadLeaderboard(store, dataset === null ? [] : rows, {
      ...{ limit, baseline, sortBy: metric },
      dataset: dataset ?? undefined,
      split: split ?? undefined,
    });
    return context.json({ datasets, dataset, split, board });
  });
