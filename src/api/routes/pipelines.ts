/** `/v1/pipelines`: what can be asked, what each name serves, and what has been served before; deploying and rolling back. */
import { z } from '@hono/zod-openapi';
import { liveOf } from '../../client/experiment-status.ts';
import type { AnyVariant } from '../../dsl/edit.ts';
import { winnersIn } from '../../experiment/promoted.ts';
import { planId } from '../../plan/id.ts';
import type { DeploymentRow } from '../../store/deployments.ts';
import { problems } from '../problem.ts';
import {
  type AddRoutes,
  actor,
  addRoute,
  findPipeline,
  isVariantName,
  jsonAnswer,
  keyedRoute,
  type Routing,
  Why,
} from '../route.ts';
import { PipelineName } from '../schemas.ts';

const HISTORY = 100;
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
    schemas: z.object({ input: z.unknown(), output: z.unknown() }).openapi({ description: 'JSON Schemas' }),
    deployment: Deployment.nullable().openapi({ description: 'Null: the definition in code is served' }),
  })
  .openapi('Pipeline');

const named = z.object({ name: PipelineName });

const list = (allow: Routing['allow']) =>
  keyedRoute({
    method: 'get',
    path: '/v1/pipelines',
    tags: ['Pipelines'],
    summary: 'List pipelines',
    middleware: allow('ask', 'read'),
    responses: { 200: jsonAnswer('All of them', z.object({ pipelines: z.array(PipelineView) })), ...problems() },
  });

const show = (allow: Routing['allow']) =>
  keyedRoute({
    method: 'get',
    path: '/v1/pipelines/{name}',
    tags: ['Pipelines'],
    summary: 'Show a pipeline, with the schemas of what it takes and gives',
    middleware: allow('ask', 'read'),
    request: { params: named },
    responses: { 200: jsonAnswer('It is there', PipelineView), ...problems(404) },
  });

const history = (allow: Routing['allow']) =>
  keyedRoute({
    method: 'get',
    path: '/v1/pipelines/{name}/deployments',
    tags: ['Pipelines'],
    summary: 'What its name has served, newest first',
    middleware: allow('read'),
    request: { params: named },
    responses: {
      200: jsonAnswer(`The newest ${HISTORY}`, z.object({ deployments: z.array(Deployment) })),
      ...problems(404),
    },
  });

const deploy = (allow: Routing['allow']) =>
  keyedRoute({
    method: 'post',
    path: '/v1/pipelines/{name}/deployments',
    tags: ['Pipelines'],
    summary: 'Deploy the definition in code, or a variant of it',
    description: 'Name a variant as `<pipeline>:<variant>`. Refused where it would undo what an experiment has won.',
    middleware: allow('operate'),
    request: {
      params: named,
      body: {
        content: {
          'application/json': {
            schema: z.strictObject({
              why: Why,
              holdOut: z.number().min(0).max(0.5).optional(),
              force: z.boolean().optional(),
            }),
          },
        },
        required: true,
      },
    },
    responses: { 201: jsonAnswer('What is served now', Deployment), ...problems(404, 409, 413, 415, 422) },
  });

const rollback = (allow: Routing['allow']) =>
  keyedRoute({
    method: 'post',
    path: '/v1/pipelines/{name}/rollback',
    tags: ['Pipelines'],
    summary: 'Serve again what was served before',
    middleware: allow('operate'),
    request: {
      params: named,
      body: {
        content: {
          'application/json': {
            schema: z.strictObject({
              why: Why,
              to: z
                .int()
                .min(1)
                .max(VERSION_MOST)
                .optional()
                .openapi({ description: 'A deploymentNo; default: the one before' }),
              force: z.boolean().optional(),
            }),
          },
        },
        required: true,
      },
    },
    responses: { 201: jsonAnswer('What is served now', Deployment), ...problems(404, 409, 413, 415, 422) },
  });

export const addPipelines: AddRoutes = (app, { allow, pipelines, runtime: { client } }) => {
  const viewOf = async (name: string) => {
    const { plan } = findPipeline(pipelines, name);
    const deployed = isVariantName(name) ? undefined : await client.deploymentOf(name);
    const { input, output } = plan.schemas;
    return { name, planId: planId(plan), schemas: { input, output }, deployment: deployed ? shown(deployed) : null };
  };
  addRoute(app, list(allow), async (context) =>
    context.json({ pipelines: await Promise.all([...pipelines.keys()].map(viewOf)) }),
  );
  addRoute(app, show(allow), async (context) => context.json(await viewOf(context.req.valid('param').name)));
  addRoute(app, history(allow), async (context) => {
    const { id } = findPipeline(pipelines, context.req.valid('param').name);
    return context.json({ deployments: (await client.deploymentHistory(id, HISTORY)).map(shown) });
  });
  addRoute(app, deploy(allow), async (context) => {
    const { name } = context.req.valid('param');
    const { why, holdOut, force = false } = context.req.valid('json');
    const { id, plan } = findPipeline(pipelines, name);
    const variant = isVariantName(name) ? name.split(':')[1] : undefined;
    const { deployment } = await client.deploy({
      ...{ pipeline: id, plan, by: actor(context), why, force },
      ...(variant !== undefined && { variant }),
      ...(holdOut !== undefined && { holdOut }),
    });
    return context.json(shown(deployment), 201);
  });
  addRoute(app, rollback(allow), async (context) => {
    const { id } = findPipeline(pipelines, context.req.valid('param').name);
    const { why, to, force = false } = context.req.valid('json');
    const request = { by: actor(context), why, force, ...(to !== undefined && { to }) };
    const { deployment } = await client.rollbackDeployment(id, request);
    return context.json(shown(deployment), 201);
  });
};

const shown = ({ promoted, ...deployment }: DeploymentRow): Omit<DeploymentRow, 'promoted'> & WonBy => ({
  ...deployment,
  wonBy: winnersIn(promoted),
});

interface WonBy {
  readonly wonBy: readonly string[];
}

/** `GET /v1/pipelines/{name}/live`: which steps are live where, with their shares of the traffic. */
const LiveStep = z
  .object({
    node: z.string(),
    step: z.string().openapi({ example: 'rerank@2' }),
    fallback: z.string().nullable(),
    by: z.enum(['deployment', 'experiment', 'rollout']),
    experimentId: z.string().nullable().openapi({ description: 'Null: what is deployed' }),
    arm: z.string().nullable(),
    differs: z.array(z.string()).openapi({ description: 'What of the node is otherwise than deployed' }),
    wonBy: z.array(z.string()).openapi({ description: 'Experiments whose edits the deployed one has' }),
    share: z.number().openapi({ description: 'Of all units' }),
    isBound: z.boolean().openapi({
      description:
        'Whether units may be in two experiments on the node: at most the share of a variant, at least what is deployed',
    }),
  })
  .openapi('LiveStep');

const showLive = (allow: Routing['allow']) =>
  keyedRoute({
    method: 'get',
    path: '/v1/pipelines/{name}/live',
    tags: ['Pipelines'],
    summary: 'Which steps are live where, with their shares of the traffic',
    middleware: allow('read'),
    request: { params: z.object({ name: PipelineName }) },
    responses: {
      200: jsonAnswer(
        'By node, what is deployed first',
        z.object({ deploymentNo: z.int().nullable(), planId: z.string(), steps: z.array(LiveStep) }),
      ),
      ...problems(404),
    },
  });

export const addPipelineLive: AddRoutes = (app, { allow, pipelines, runtime: { store } }) =>
  addRoute(app, showLive(allow), async (context) => {
    const found = findPipeline(pipelines, context.req.valid('param').name);
    // Of a variant's name, too, it is what its pipeline serves.
    const { id, plan } = pipelines.get(found.id) ?? found;
    return context.json(await liveOf(store, id, plan));
  });

/** `GET /v1/pipelines/{name}/plan`: the plan of a definition in code, whether or not it was ever run. */
const DefinedPlan = z
  .object({
    planId: z.string(),
    plan: z.object({ pipeline: z.string() }).loose().openapi({ description: 'As docs/plan.schema.json has it' }),
    overrides: z.array(z.object({ node: z.string(), path: z.string(), variant: z.string() }).loose()).openapi({
      description: 'Of a variant: where it changes (`to`) what a variant that it includes says (`from`)',
    }),
  })
  .openapi('DefinedPlan');

const showPlans = (allow: Routing['allow']) =>
  keyedRoute({
    method: 'get',
    path: '/v1/pipelines/{name}/plan',
    tags: ['Pipelines'],
    summary: 'Show the plan of a pipeline, or of a variant, as the code has it',
    middleware: allow('read'),
    request: { params: z.object({ name: PipelineName }) },
    responses: {
      200: { description: 'It is defined', content: { 'application/json': { schema: DefinedPlan } } },
      ...problems(404),
    },
  });

export const addPipelinePlans: AddRoutes = (app, { allow, pipelines }) =>
  addRoute(app, showPlans(allow), (context) => {
    const pipeline = findPipeline(pipelines, context.req.valid('param').name);
    const { plan } = pipeline;
    const overrides = 'overrides' in pipeline ? (pipeline as AnyVariant).overrides : [];
    return context.json({ planId: planId(plan), plan, overrides: overrides.map((override) => ({ ...override })) });
  });

/** `GET /v1/plans/{id}`: a plan as it is stored, for whoever draws or compares it. */
const PlanId = z
  .string()
  .regex(/^[0-9a-f]{6,64}$/, 'it is no plan id, and no beginning of one')
  .openapi({ param: { name: 'id', in: 'path' }, example: '4f1c09aa4f1c' });

const PlanView = z
  .object({
    planId: z.string(),
    plan: z
      .object({ format: z.int(), pipeline: z.string(), nodes: z.array(z.object({}).loose()) })
      .loose()
      .openapi({ description: 'As docs/plan.schema.json has it' }),
  })
  .openapi('StoredPlan');

const showPlan = (allow: Routing['allow']) =>
  keyedRoute({
    method: 'get',
    path: '/v1/plans/{id}',
    tags: ['Pipelines'],
    summary: 'Show a plan that runs were started with',
    description: 'By its id, or the beginning of it that no other plan has.',
    middleware: allow('read'),
    request: { params: z.object({ id: PlanId }) },
    responses: {
      200: { description: 'It is stored, and never changes', content: { 'application/json': { schema: PlanView } } },
      ...problems(404, 422),
    },
  });

export const addPlans: AddRoutes = (app, { allow, runtime: { store } }) =>
  addRoute(app, showPlan(allow), async (context) =>
    context.json(await store.plans.find(context.req.valid('param').id)),
  );
