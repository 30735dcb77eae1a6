/** `GET /v1/models` and `GET /v1/models/{model}`: pipelines that can be talked to, as OpenAI's protocol lists models. */
import { z } from '@hono/zod-openapi';
import { findModel, Model, modelsFor } from '../chat/models.ts';
import { problems } from '../problem.ts';
import { type AddRoutes, addRoute, keyedRoute, type Routing } from '../route.ts';

const list = (allow: Routing['allow']) =>
  keyedRoute({
    method: 'get',
    path: '/v1/models',
    tags: ['OpenAI'],
    summary: 'List models',
    description: 'Pipelines that declare `chat`; with the scope `operate`, also variants of them.',
    middleware: allow('ask', 'read', 'operate'),
    responses: {
      200: {
        description: 'All of them',
        content: { 'application/json': { schema: z.object({ object: z.literal('list'), data: z.array(Model) }) } },
      },
      ...problems(),
    },
  });

const show = (allow: Routing['allow']) =>
  keyedRoute({
    method: 'get',
    path: '/v1/models/{model}',
    tags: ['OpenAI'],
    summary: 'Show a model',
    middleware: allow('ask', 'read', 'operate'),
    request: {
      params: z.object({
        model: z
          .string()
          .min(1)
          .max(300)
          .openapi({ param: { name: 'model', in: 'path' }, example: 'docs-bot' }),
      }),
    },
    responses: {
      200: { description: 'It is there', content: { 'application/json': { schema: Model } } },
      ...problems(404),
    },
  });

export const addModels: AddRoutes = (app, { allow, pipelines }) => {
  const created = Math.floor(Date.now() / 1_000);
  const viewOf = (id: string) => ({ id, object: 'model', created, owned_by: 'sluice' });
  addRoute(app, list(allow), (context) =>
    context.json({ object: 'list', data: modelsFor(pipelines, context.var.caller).map(viewOf) }),
  );
  addRoute(app, show(allow), (context) => {
    const { model } = context.req.valid('param');
    findModel(pipelines, context.var.caller, model);
    return context.json(viewOf(model));
  });
};
