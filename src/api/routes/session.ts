/** `/session`: the dashboard's own way in. An API key that may read, or review, is exchanged for a cookie. */
import type { MiddlewareHandler } from 'hono';
import type { ServerEnv } from '../environment.ts';
import type { AddRoutes } from '../route.ts';
import { deleteSessionCookie, sessionHash, setSessionCookie } from '../session.ts';

export const addSession: AddRoutes = (app, { allow, runtime: { store, temporal }, version }) => {
  const [mayEnter, isInRate] = allow('read', 'feedback') as [
    MiddlewareHandler<ServerEnv>,
    MiddlewareHandler<ServerEnv>,
  ];
  // With the key as a bearer, so that wrong ones are counted and refused as everywhere.
  app.post('/session', mayEnter, isInRate, async (context) => {
    await store.sessions.begin(setSessionCookie(context), context.var.caller.keyId);
    return context.body(null, 204);
  });

  app.get('/session', mayEnter, isInRate, (context) => {
    const { name, scopes } = context.var.caller;
    return context.json({ name, scopes, temporalUi: temporal.uiUrl, version });
  });

  app.delete('/session', async (context) => {
    const hash = sessionHash(context);
    if (hash !== undefined) await store.sessions.end(hash);
    deleteSessionCookie(context);
    return context.body(null, 204);
  });
};
