/** `/v1/views/{screen}`: what screens show, saved under a name. */
import type { Json } from '../../plan/plan.ts';
import { type AddRoutes, actor, addRoute } from '../route.ts';

export const addViews: AddRoutes = (app, { allow, runtime: { store } }) => {
  addRoute(app, { allow }, 'listViews', async (request) => ({ views: await store.views.list(request.params.screen) }));
  addRoute(app, { allow }, 'saveView', async (request) => {
    const saved = { ...request.params, view: request.body.view as Json, by: actor(request.context) };
    return store.views.save(saved);
  });
  addRoute(app, { allow }, 'removeView', async (request) => {
    const { screen, name } = request.params;
    await store.views.remove(screen, name, actor(request.context));
    return undefined;
  });
};
