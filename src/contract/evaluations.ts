/** Evaluations: their progress, and why something is missing of them. */
import type { EvaluationState } from '../model/evaluation-result.ts';
import type { EvaluationSpec } from '../model/evaluation-spec.ts';
import type { EvaluationRow } from '../store/evaluations.ts';
import { type Endpoints, jsonAnswer, outlineOf, problems, z } from './endpoint.ts';

const MOST_LISTED = 200;

export const DEFAULT_LISTED = 100;

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
    state: outlineOf<EvaluationState>(z.string().openapi({ example: 'completed' })),
    mode: outlineOf<EvaluationSpec['mode']>(
      z.string().openapi({ description: 'compare, or aa: the same against itself' }),
    ),
    definition: z.string().nullable().openapi({ description: 'Pre-registered under this name; null: exploratory' }),
    variants: z.array(z.object({ name: z.string(), planId: z.string() })),
    dataset: outlineOf<EvaluationSpec['dataset']>(z.object({ name: z.string(), version: z.string() }).loose()),
    metrics: outlineOf<EvaluationSpec['metrics']>(z.array(z.object({ name: z.string(), role: z.string() }).loose())),
    repeats: z.int(),
    budgetUsd: z.number().nullable(),
    startedBy: z.string(),
    createdAt: z.number(),
    finishedAt: z.number().nullable(),
    error: outlineOf<EvaluationRow['error']>(
      z.unknown().openapi({ description: 'What it failed with; null where it did not' }),
    ),
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

export const EVALUATIONS = {
  listEvaluations: {
    tags: ['Evaluations'],
    summary: 'List evaluations, newest first',
    scopes: ['read'],
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
  },
  getEvaluation: {
    tags: ['Evaluations'],
    summary: 'How far an evaluation has come, and why something is missing',
    scopes: ['read'],
    request: {
      params: z.object({
        id: z
          .string()
          .regex(EVALUATION_ID, 'it is no id of an evaluation')
          .openapi({ param: { name: 'id', in: 'path' }, example: 'eval-retrieval-1f2e3d4c' }),
      }),
    },
    responses: { 200: jsonAnswer('It is there', EvaluationDetail), ...problems(404, 422) },
  },
} satisfies Endpoints;
