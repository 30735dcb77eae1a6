/** `/v1/pipelines`: what can be asked, what each name serves, and what has been served before; deploying and rolling back. */
import { z } from '@hono/zod-openapi';
import { winnersIn } from '../../experiment/promoted.ts';
import { planId } from '../../plan/id.ts';
import type { DeploymentRow } from '../../store/deployments.ts';
import { findPipeline, isVariantName } from '../find-pipeline.ts';
import { problems } from '../problem.ts';
import { type AddRoutes, addRoute, jsonAnswer, keyedRoute, type Routing } from '../route.ts';
import { PipelineName } from '../schemas.ts';
import { actor, Why } from '../who.ts';

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
