/** `GET /v1/pipelines/{name}/live`: which steps are live where, with their shares of the traffic. */
import { z } from '@hono/zod-openapi';
import { liveOf } from '../../client/live-of.ts';
import { findPipeline } from '../find-pipeline.ts';
import { problems } from '../problem.ts';
import { type AddRoutes, addRoute, jsonAnswer, keyedRoute, type Routing } from '../route.ts';
import { PipelineName } from '../schemas.ts';

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

const show = (allow: Routing['allow']) =>
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
  addRoute(app, show(allow), async (context) => {
    const found = findPipeline(pipelines, context.req.valid('param').name);
    // Of a variant's name, too, it is what its pipeline serves.
    const { id, plan } = pipelines.get(found.id) ?? found;
    return context.json(await liveOf(store, id, plan));
  });
