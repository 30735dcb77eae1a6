/** `/v1/views/{screen}`: what screens show, saved under a name. */
import { z } from '@hono/zod-openapi';
import type { Json } from '../../plan/plan.ts';
import { problems } from '../problem.ts';
import { type AddRoutes, actor, addRoute, jsonAnswer, keyedRoute, type Routing } from '../route.ts';

const NAME_LENGTH = 100;
const VIEW_BYTES = 10_000;

const screen = z.enum(['runs', 'evaluations']).openapi({ param: { name: 'screen', in: 'path' } });
const name = z
  .string()
  .min(1)
  .max(NAME_LENGTH)
  .regex(/^[^/]+$/, 'leave out slashes')
  .refine((text) => !/\p{Cc}|\p{Cs}/u.test(text), 'leave out control characters')
  .openapi({ param: { name: 'name', in: 'path' }, example: 'slow and disliked' });
const view = z
  .record(z.string(), z.unknown())
  .refine((given) => JSON.stringify(given).length <= VIEW_BYTES, `at most ${VIEW_BYTES} characters of JSON`);
const SavedView = z
  .object({ screen: z.string(), name: z.string(), view: z.unknown(), by: z.string(), at: z.number() })
  .openapi('SavedView');

const list = (allow: Routing['allow']) =>
  keyedRoute({
    method: 'get',
    path: '/v1/views/{screen}',
    tags: ['Views'],
    summary: 'Views that were saved',
    middleware: allow('read'),
    request: { params: z.object({ screen }) },
    responses: { 200: jsonAnswer('By name', z.object({ views: z.array(SavedView) })), ...problems() },
  });

const save = (allow: Routing['allow']) =>
  keyedRoute({
    method: 'put',
    path: '/v1/views/{screen}/{name}',
    tags: ['Views'],
    summary: 'Save a view, in place of one of that name',
    middleware: allow('operate'),
    request: {
      params: z.object({ screen, name }),
      body: { content: { 'application/json': { schema: z.strictObject({ view }) } }, required: true },
    },
    responses: { 200: jsonAnswer('It is kept', SavedView), ...problems(409, 413, 415, 422) },
  });

const remove = (allow: Routing['allow']) =>
  keyedRoute({
    method: 'delete',
    path: '/v1/views/{screen}/{name}',
    tags: ['Views'],
    summary: 'Remove a view',
    middleware: allow('operate'),
    request: { params: z.object({ screen, name }) },
    responses: { 204: { description: 'There is none of that name any more' }, ...problems() },
  });

export const addViews: AddRoutes = (app, { allow, runtime: { store } }) => {
  addRoute(app, list(allow), async (context) =>
    context.json({ views: await store.views.list(context.req.valid('param').screen) }),
  );
  addRoute(app, save(allow), async (context) => {
    const saved = { ...context.req.valid('param'), view: context.req.valid('json').view as Json, by: actor(context) };
    return context.json(await store.views.save(saved));
  });
  addRoute(app, remove(allow), async (context) => {
    const { screen, name } = context.req.valid('param');
    await store.views.remove(screen, name, actor(context));
    return context.body(null, 204);
  });
};
