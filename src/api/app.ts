/**
 * The API as a Hono app: what every request passes, outermost first, then the routes. Nothing listens here, so tests may
 * ask it without a socket.
 */
import { OpenAPIHono } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
import { HTTPException } from 'hono/http-exception';
import { methodNotAllowed } from 'hono/method-not-allowed';
import { requestId } from 'hono/request-id';
import { secureHeaders } from 'hono/secure-headers';
import { z } from 'zod';
import { NO_REDACTION } from '../redaction/redaction.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { logRequests, redactedLog } from './access-log.ts';
import { detectTls } from './address.ts';
import { createAuthentication } from './authenticate.ts';
import { addDashboard } from './dashboard.ts';
import { addDocs } from './docs.ts';
import type { ServerDependencies, ServerEnv } from './environment.ts';
import { healthFor } from './health.ts';
import { limitBody, requireUtf8 } from './limit-body.ts';
import { createTurnstile, limitRate } from './limits.ts';
import { measureRequests } from './measure.ts';
import { problem, problemOf } from './problem.ts';
import type { App, Routing } from './route.ts';
import { createCodecRoutes } from './routes/codec.ts';
import { ROUTES } from './routes/index.ts';

/** What a header may call a request, for its callers to find it by. */
const REQUEST_ID_LENGTH = 64;

export function createApp(given: ServerDependencies): App {
  const { redaction = NO_REDACTION } = given;
  const dependencies = { ...given, redaction, log: redactedLog(given.log, redaction) };
  const { limits, origins = [], proxies = [], encryption, runtime } = dependencies;
  const app: App = new OpenAPIHono<ServerEnv>({
    defaultHook: (result, context) => {
      if (result.success) return undefined;
      const problems = result.error.issues.map(({ path, message }) => [z.core.toDotPath(path), message].join(': '));
      return problem(context, {
        status: result.target === 'json' ? 422 : 400,
        ...{ code: 'request_invalid', detail: `the request's ${result.target} is not valid: ${problems.join('; ')}` },
        ...{ remedy: 'correct what is named; /docs shows what is taken', data: { problems } },
      });
    },
  });
  app.use(requestId({ limitLength: REQUEST_ID_LENGTH }));
  app.use(detectTls(proxies));
  app.use(forbidCaching);
  app.use(logRequests(dependencies.log));
  const metrics = createMetrics(dependencies);
  app.use(measureRequests(metrics.http));
  app.use(secureHeaders());
  const { requireScope, refuse } = createAuthentication(runtime.store, limits.refusedPerMinute);
  const inRate = limitRate(limits.requestsPerSecond);
  const authorize: Routing['allow'] = (...scopes) => [requireScope(...scopes), inRate];
  const allow: Routing['allow'] = (...scopes) => [...authorize(...scopes), requireUtf8];
  // Before the limit of bodies: a page of payloads may be larger than a question.
  if (encryption !== undefined)
    app.route(
      '/',
      createCodecRoutes({ keys: encryption, uiUrl: runtime.temporal.uiUrl, authorize: authorize('operate') }),
    );
  if (origins.length > 0) app.use('/v1/*', cors(corsOf(origins)));
  app.use(limitBody(limits.bodyBytes, 'send less: texts belong into an index, not into a question', refuse));
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed: (context, methods) =>
        problem(context, {
          ...{ status: 405, code: 'method_not_allowed', detail: `${context.req.method} is not taken here` },
          ...{ remedy: `use ${methods.join(' or ')}`, headers: { allow: methods.join(', ') } },
        }),
    }),
  );
  app.notFound((context) =>
    problem(context, {
      ...{ status: 404, code: 'path_unknown', detail: 'there is nothing at this path' },
      remedy: 'see /docs for all paths',
    }),
  );
  app.onError((error, context) => {
    if (error instanceof HTTPException && error.status < 500) return malformed(context, error);
    return problemOf(context, error);
  });

  const routing: Routing = {
    ...dependencies,
    allow,
    turnstile: createTurnstile(limits.runsAtOnce),
    ...{ metrics, health: healthFor(dependencies) },
  };
  for (const add of ROUTES) add(app, routing);
  addDocs(app, dependencies.version);
  addDashboard(app);
  return app;
}

/** Answers hold content, which no browser or proxy keeps. Files of the dashboard and of /docs are the same for everybody. */
const forbidCaching: MiddlewareHandler = async (context, next) => {
  await next();
  const isFile = PUBLIC_FILES.test(context.req.path) && context.res.headers.has('cache-control');
  if (!isFile) context.header('cache-control', 'no-store');
};

const PUBLIC_FILES = /^\/(ui|docs)\//;

/** Pages of these origins may ask, with keys that they hold; no cookie is ever read. */
const corsOf = (origins: readonly string[]) => ({
  origin: [...origins],
  allowHeaders: ['authorization', 'content-type', 'idempotency-key', 'prefer', 'x-request-id'],
  exposeHeaders: ['x-run-id', 'x-request-id', 'retry-after', 'location'],
  maxAge: 600,
});

/** Bodies that are no JSON, or of a type that is not taken. */
function malformed(context: Parameters<typeof problem>[0], { status, message }: HTTPException): Response {
  const isType = status === 415;
  return problem(context, {
    status: isType ? 415 : 400,
    code: isType ? 'media_type_unsupported' : 'request_malformed',
    detail: message === '' ? 'the request could not be read' : message,
    remedy: 'send JSON, with Content-Type: application/json',
  });
}
