/** Pipelines: what each name serves and has served, their plans, and deploying and rolling back. */
import type { PlanOverride } from '../plan/diff.ts';
import type { Plan } from '../plan/plan.ts';
import { type Endpoints, json, jsonAnswer, jsonBody, outlineOf, PipelineName, problems, Why, z } from './endpoint.ts';

export const HISTORY = 100;

const VERSION_MOST = 1_000_000_000;

const Deployment = z
  .object({
    pipeline: z.string(),
    deploymentNo: z.int(),
    planId: z.string(),
    variant: z.string().nullable(),
    wonBy: z.array(z.string()).openapi({ description: 'Experiments whose winning edits it has besides' }),
    holdOut: z.number(),
    kind: z.enum(['deploy', 'rollback', 'promote']),
    by: z.string(),
    why: z.string(),
    at: z.number(),
  })
  .openapi('Deployment');

const PipelineView = z
  .object({
    name: z.string(),
    planId: z.string().openapi({ description: 'Of the definition in code' }),
    schemas: z.object({ input: json, output: json }).openapi({ description: 'JSON Schemas' }),
    deployment: Deployment.nullable().openapi({ description: 'Null: the definition in code is served' }),
  })
  .openapi('Pipeline');

const named = z.object({ name: PipelineName });

// `GET /v1/pipelines/{name}/live`: the live steps of each node, with their shares of the traffic.

const LiveStep = z
  .object({
    node: z.string(),
    step: z.string().openapi({ example: 'rerank@2' }),
    fallback: z.string().nullable(),
    by: z.enum(['deployment', 'experiment', 'rollout']),
    experimentId: z.string().nullable().openapi({ description: 'Null: what is deployed' }),
    arm: z.string().nullable(),
    differs: z
      .array(z.enum(['config', 'input', 'options', 'step']))
      .openapi({ description: 'What of the node is otherwise than deployed' }),
    wonBy: z.array(z.string()).openapi({ description: 'Experiments whose edits the deployed one has' }),
    share: z.number().openapi({ description: 'Of all units' }),
    isBound: z.boolean().openapi({
      description:
        'Whether units may be in two experiments on the node: at most the share of a variant, at least what is deployed',
    }),
  })
  .openapi('LiveStep');

// `GET /v1/pipelines/{name}/plan`: the plan of a definition in code.

const DefinedPlan = z
  .object({
    planId: z.string(),
    plan: outlineOf<Plan>(
      z.object({ pipeline: z.string() }).loose().openapi({ description: 'As docs/plan.schema.json has it' }),
    ),
    overrides: outlineOf<readonly PlanOverride[]>(
      z.array(z.object({ node: z.string(), path: z.string(), variant: z.string() }).loose()).openapi({
        description: 'Of a variant: where it changes (`to`) what a variant that it includes says (`from`)',
      }),
    ),
  })
  .openapi('DefinedPlan');

// `GET /v1/plans/{id}`: a stored plan.

const PlanId = z
  .string()
  .regex(/^[0-9a-f]{6,64}$/, 'it is no plan id, and no beginning of one')
  .openapi({ param: { name: 'id', in: 'path' }, example: '4f1c09aa4f1c' });

const PlanView = z
  .object({
    planId: z.string(),
    plan: outlineOf<Plan>(
      z
        .object({ format: z.int(), pipeline: z.string(), nodes: z.array(z.object({}).loose()) })
        .loose()
        .openapi({ description: 'As docs/plan.schema.json has it' }),
    ),
  })
  .openapi('StoredPlan');

export const PIPELINES = {
  listPipelines: {
    tags: ['Pipelines'],
    summary: 'List pipelines',
    scopes: ['ask', 'read'],
    responses: { 200: jsonAnswer('All of them', z.object({ pipelines: z.array(PipelineView) })), ...problems() },
  },
  getPipeline: {
    tags: ['Pipelines'],
    summary: 'Show a pipeline, with the schemas of what it takes and gives',
    scopes: ['ask', 'read'],
    request: { params: named },
    responses: { 200: jsonAnswer('It is there', PipelineView), ...problems(404) },
  },
  listDeployments: {
    tags: ['Pipelines'],
    summary: 'What its name has served, newest first',
    scopes: ['read'],
    request: { params: named },
    responses: {
      200: jsonAnswer(`The newest ${HISTORY}`, z.object({ deployments: z.array(Deployment) })),
      ...problems(404),
    },
  },
  deploy: {
    tags: ['Pipelines'],
    summary: 'Deploy the definition in code, or a variant of it',
    description: 'Name a variant as `<pipeline>:<variant>`. Refused where it would undo what an experiment has won.',
    scopes: ['operate'],
    request: {
      params: named,
      body: jsonBody(
        z.strictObject({
          why: Why,
          holdOut: z.number().min(0).max(0.5).optional(),
          force: z.boolean().optional(),
        }),
      ),
    },
    responses: { 201: jsonAnswer('What is served now', Deployment), ...problems(404, 409, 413, 415, 422) },
  },
  rollback: {
    tags: ['Pipelines'],
    summary: 'Serve again what was served before',
    scopes: ['operate'],
    request: {
      params: named,
      body: jsonBody(
        z.strictObject({
          why: Why,
          to: z
            .int()
            .min(1)
            .max(VERSION_MOST)
            .optional()
            .openapi({ description: 'A deploymentNo; default: the one before' }),
          force: z.boolean().optional(),
        }),
      ),
    },
    responses: { 201: jsonAnswer('What is served now', Deployment), ...problems(404, 409, 413, 415, 422) },
  },
  getLiveSteps: {
    tags: ['Pipelines'],
    summary: 'Which steps are live where, with their shares of the traffic',
    scopes: ['read'],
    request: { params: z.object({ name: PipelineName }) },
    responses: {
      200: jsonAnswer(
        'By node, what is deployed first',
        z.object({ deploymentNo: z.int().nullable(), planId: z.string(), steps: z.array(LiveStep) }),
      ),
      ...problems(404),
    },
  },
  getPipelinePlan: {
    tags: ['Pipelines'],
    summary: 'Show the plan of a pipeline, or of a variant, as the code has it',
    scopes: ['read'],
    request: { params: z.object({ name: PipelineName }) },
    responses: {
      200: jsonAnswer('It is defined', DefinedPlan),
      ...problems(404),
    },
  },
  getPlan: {
    tags: ['Pipelines'],
    summary: 'Show a plan that runs were started with',
    description: 'By its id, or the beginning of it that no other plan has.',
    scopes: ['read'],
    request: { params: z.object({ id: PlanId }) },
    responses: {
      200: jsonAnswer('It is stored, and never changes', PlanView),
      ...problems(404, 422),
    },
  },
} satisfies Endpoints;
