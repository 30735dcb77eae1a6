/** The dashboard's files under `/ui/`: all that is built may be kept for ever, since names change with contents; the page itself not. */
import { join } from 'node:path';
import { serveStatic } from '@hono/node-server/serve-static';
import { secureHeaders } from 'hono/secure-headers';
import { once } from '../base/once.ts';
import type { App } from './route.ts';

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

export function addDashboard(app: App): void {
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
