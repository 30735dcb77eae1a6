/**
 * The API as a Hono app: what every request passes, outermost first, then the routes. Nothing listens here, so tests may
 * ask it without a socket.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { serveStatic } from '@hono/node-server/serve-static';
import { OpenAPIHono } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
import { HTTPException } from 'hono/http-exception';
import { methodNotAllowed } from 'hono/method-not-allowed';
import { requestId } from 'hono/request-id';
import { secureHeaders } from 'hono/secure-headers';
import { absolutePath } from 'swagger-ui-dist';
import { z } from 'zod';
import { once } from '../base/once.ts';
import { NO_REDACTION } from '../redaction/redaction.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { detectTls, logRequests, measureRequests, redactedLog } from './access-log.ts';
import { createAuthentication } from './authenticate.ts';
import type { ServerDependencies, ServerEnv } from './environment.ts';
import { problem, problemOf } from './problem.ts';
import { createConcurrencyLimiter, limitBody, limitRate, requireUtf8 } from './request-limits.ts';
import { type App, BEARER, type Routing } from './route.ts';
import { createCodecRoutes } from './routes/codec.ts';
import { healthFor } from './routes/health.ts';
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
    concurrencyLimiter: createConcurrencyLimiter(limits.runsAtOnce),
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

/** All comes from here, and nobody else may frame it. Charts set the styles of their elements. */
const CSP = {
  defaultSrc: ["'none'"],
  scriptSrc: ["'self'"],
  styleSrc: ["'self'"],
  styleSrcAttr: ["'unsafe-inline'"],
  imgSrc: ["'self'", 'data:'],
  fontSrc: ["'self'"],
  connectSrc: ["'self'"],
  formAction: ["'self'"],
  baseUri: ["'none'"],
  frameAncestors: ["'none'"],
};

const FOR_EVER = 'public, max-age=31536000, immutable';

function addDashboard(app: App): void {
  // Found, or built, when it is first asked for: an API alone does without.
  const files = once(async () => {
    const { builtFolder } = await import('../dashboard/built-folder.ts');
    const root = await builtFolder('app');
    const file = serveStatic({ root, rewriteRequestPath: (path) => path.slice('/ui'.length) });
    // Whatever is no file is an address within the page.
    return { file, page: serveStatic({ path: join(root, 'index.html') }) };
  });
  app.get('/', (context) => context.redirect('/ui/'));
  app.use('/ui/*', secureHeaders({ contentSecurityPolicy: CSP }));
  app.get('/ui/*', async (context, next) => {
    const { file, page } = await files();
    const isFile = /\.\w+$/.test(context.req.path);
    context.header('cache-control', context.req.path.startsWith('/ui/assets/') ? FOR_EVER : 'no-cache');
    return isFile ? file(context, next) : page(context, next);
  });
}

/** All of the page comes from here. Swagger UI sets styles on its elements, hence the one exception. */
const DOCS_CSP = {
  defaultSrc: ["'none'"],
  connectSrc: ["'self'"],
  imgSrc: ["'self'", 'data:'],
  scriptSrc: ["'self'"],
  styleSrc: ["'self'", "'unsafe-inline'"],
};

const ASSETS: { readonly [name: string]: string } = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
};

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sluice API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
<div id="docs">Loading. The document itself is at /openapi.json.</div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
`;

const START = `window.ui = SwaggerUIBundle({ url: '/openapi.json', dom_id: '#docs', deepLinking: true });\n`;

function addDocs(app: App, version: string): void {
  app.openAPIRegistry.registerComponent('securitySchemes', BEARER, {
    type: 'http',
    scheme: 'bearer',
    description: 'A key of `sluice keys create`.',
  });
  app.doc31('/openapi.json', {
    openapi: '3.1.0',
    info: {
      title: 'Sluice',
      version,
      description: 'Ask pipelines, say what you think of their answers, and see and steer what is served.',
    },
  });
  app.use('/docs/*', secureHeaders({ contentSecurityPolicy: DOCS_CSP }));
  app.get('/docs', (context) => context.html(PAGE));
  app.get('/docs/start.js', (context) => context.body(START, 200, { 'content-type': 'text/javascript' }));
  for (const [name, type] of Object.entries(ASSETS))
    app.get(`/docs/${name}`, async (context) =>
      context.body(await readFile(join(absolutePath(), name)), 200, {
        'content-type': type,
        'cache-control': 'public, max-age=86400',
      }),
    );
}
