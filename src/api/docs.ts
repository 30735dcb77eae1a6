/** The API describes itself: `/openapi.json`, of the schemas that requests are checked by, and a page to read it at `/docs`. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { secureHeaders } from 'hono/secure-headers';
import { absolutePath } from 'swagger-ui-dist';
import type { App } from './route.ts';
import { BEARER } from './route.ts';

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

export function addDocs(app: App, version: string): void {
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
