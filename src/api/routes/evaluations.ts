/** `/v1/evaluations`: what was evaluated on what, how far it came, and why something is missing of it. */
import { z } from '@hono/zod-openapi';
import { missingReasons } from '../../evaluation/compare/missing.ts';
import type { EvaluationState } from '../../model/evaluation-result.ts';
import type { EvaluationRow } from '../../store/evaluations.ts';
import { problems } from '../problem.ts';
import { type AddRoutes, addRoute, jsonAnswer, keyedRoute, type Routing } from '../route.ts';

const MOST_LISTED = 200;
const DEFAULT_LISTED = 100;

const EVALUATION_ID = /^[A-Za-z0-9_.-]{1,200}$/;

const Progress = z
  .object({
    total: z.int().openapi({ description: 'Examples × variants × repeats' }),
    done: z.int(),
    resumable: z.int().openapi({ description: 'Rows with a cell that another try may fill' }),
    cells: z.object({ done: z.int(), failed: z.int(), missing: z.int() }),
    calls: z.object({ made: z.int(), shared: z.int() }),
    paidUsd: z.number().nullable().openapi({ description: 'Null where it is not known, never 0 for that' }),
    unknownCalls: z.int(),
    savedUsd: z.number().nullable(),
  })
  .openapi('EvaluationProgress');

const EvaluationView = z
  .object({
    evaluationId: z.string(),
    name: z.string(),
    state: z.string().openapi({ example: 'completed' }),
    mode: z.string().openapi({ description: 'compare, or aa: the same against itself' }),
    definition: z.string().nullable().openapi({ description: 'Pre-registered under this name; null: exploratory' }),
    variants: z.array(z.object({ name: z.string(), planId: z.string() })),
    dataset: z.object({ name: z.string(), version: z.string() }).loose(),
    metrics: z.array(z.object({ name: z.string(), role: z.string() }).loose()),
    repeats: z.int(),
    budgetUsd: z.number().nullable(),
    startedBy: z.string(),
    createdAt: z.number(),
    finishedAt: z.number().nullable(),
    error: z.unknown().openapi({ description: 'What it failed with; null where it did not' }),
    progress: Progress,
  })
  .openapi('Evaluation');

const EvaluationDetail = EvaluationView.extend({
  missing: z.array(
    z.object({ reason: z.string(), resumable: z.boolean(), isInapplicable: z.boolean(), cells: z.int() }),
  ),
  scorers: z.array(
    z.object({
      id: z.string(),
      kind: z.string().openapi({ description: 'step, pair or human' }),
      fields: z.array(z.string()).openapi({ description: 'Of what it gives, those that are scores' }),
    }),
  ),
  temporalUrl: z.string(),
}).openapi('EvaluationDetail');

const list = (allow: Routing['allow']) =>
  keyedRoute({
    method: 'get',
    path: '/v1/evaluations',
    tags: ['Evaluations'],
    summary: 'List evaluations, newest first',
    middleware: allow('read'),
    request: {
      query: z.object({
        name: z
          .string()
          .regex(/^[\x20-\x7e]{1,200}$/, 'it is no name of a definition')
          .optional()
          .openapi({ description: 'Only those of this definition' }),
        limit: z.coerce.number().int().min(1).max(MOST_LISTED).optional(),
      }),
    },
    responses: {
      200: jsonAnswer(
        `The newest ${DEFAULT_LISTED}, or as many as asked for`,
        z.object({ evaluations: z.array(EvaluationView) }),
      ),
      ...problems(),
    },
  });

const show = (allow: Routing['allow']) =>
  keyedRoute({
    method: 'get',
    path: '/v1/evaluations/{id}',
    tags: ['Evaluations'],
    summary: 'How far an evaluation has come, and why something is missing',
    middleware: allow('read'),
    request: {
      params: z.object({
        id: z
          .string()
          .regex(EVALUATION_ID, 'it is no id of an evaluation')
          .openapi({ param: { name: 'id', in: 'path' }, example: 'eval-retrieval-1f2e3d4c' }),
      }),
    },
    responses: { 200: jsonAnswer('It is there', EvaluationDetail), ...problems(404, 422) },
  });

const OPEN: ReadonlySet<EvaluationState> = new Set(['begun', 'running', 'paused']);

export const addEvaluations: AddRoutes = (app, { allow, runtime: { store, client } }) => {
  const viewed = async (row: EvaluationRow) => viewOf(row, await store.evaluations.progress(row.evaluationId));
  addRoute(app, list(allow), async (context) => {
    const { name, limit = DEFAULT_LISTED } = context.req.valid('query');
    const rows = await store.evaluations.list({ name, limit });
    return context.json({ evaluations: await Promise.all(rows.map(viewed)) });
  });
  addRoute(app, show(allow), async (context) => {
    const row = await store.evaluations.get(context.req.valid('param').id);
    const view = await viewed(row);
    // All rows are read for the reasons: only when there will be no others.
    const isTold = !OPEN.has(row.state) && view.progress.cells.missing > 0;
    const missing = isTold ? await missingReasons(store, row.evaluationId) : [];
    const scorers = row.spec.scorers.map(({ id, kind, fields }) => ({ id, kind, fields: Object.keys(fields) }));
    return context.json({ ...view, missing, scorers, temporalUrl: client.urlOf(row.evaluationId) });
  });
};

type Told = Awaited<ReturnType<Routing['runtime']['store']['evaluations']['progress']>>;

function viewOf({ evaluationId, name, state, spec, ...row }: EvaluationRow, progress: Told) {
  const { mode, definition, variants, dataset, metrics, repeats } = spec;
  const { budgetUsd, startedBy, createdAt, finishedAt, error } = row;
  return {
    ...{ evaluationId, name, state, mode, definition, variants, dataset, metrics, repeats },
    ...{ budgetUsd, startedBy, createdAt, finishedAt, error, progress },
  };
}
