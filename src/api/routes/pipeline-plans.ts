/** `GET /v1/pipelines/{name}/plan`: the plan of a definition in code, whether or not it was ever run. */
import { z } from '@hono/zod-openapi';
import type { AnyVariant } from '../../dsl/edit.ts';
import { planId } from '../../plan/id.ts';
import { findPipeline } from '../find-pipeline.ts';
import { problems } from '../problem.ts';
import { type AddRoutes, addRoute, keyedRoute, type Routing } from '../route.ts';
import { PipelineName } from '../schemas.ts';

const DefinedPlan = z
  .object({
    planId: z.string(),
    plan: z.object({ pipeline: z.string() }).loose().openapi({ description: 'As docs/plan.schema.json has it' }),
    overrides: z.array(z.object({ node: z.string(), path: z.string(), variant: z.string() }).loose()).openapi({
      description: 'Of a variant: where it changes (`to`) what a variant that it includes says (`from`)',
    }),
  })
  .openapi('DefinedPlan');

const show = (allow: Routing['allow']) =>
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
  addRoute(app, show(allow), (context) => {
    const pipeline = findPipeline(pipelines, context.req.valid('param').name);
    const { plan } = pipeline;
    const overrides = 'overrides' in pipeline ? (pipeline as AnyVariant).overrides : [];
    return context.json({ planId: planId(plan), plan, overrides: overrides.map((override) => ({ ...override })) });
  });
