/** `GET /v1/plans/{id}`: a plan as it is stored, for whoever draws or compares it. */
import { z } from '@hono/zod-openapi';
import { problems } from '../problem.ts';
import { type AddRoutes, addRoute, keyedRoute, type Routing } from '../route.ts';

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

const show = (allow: Routing['allow']) =>
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
  addRoute(app, show(allow), async (context) => context.json(await store.plans.find(context.req.valid('param').id)));
