/** Counts each request that was answered, by the route as it is written, and streams for as long as they are open. */
import type { HttpBindings } from '@hono/node-server';
import type { MiddlewareHandler } from 'hono';
import { matchedRoutes } from 'hono/route';
import type { HttpMetrics } from '../telemetry/metrics.ts';
import type { ServerEnv } from './environment.ts';

const EVENT_STREAM = 'text/event-stream';
/** Handlers of all paths, or of all below one, are what a request passes, and not where it goes. */
const MANY_PATHS = /\*$/;

export function measureRequests(metrics: HttpMetrics): MiddlewareHandler<ServerEnv> {
  return async (context, next) => {
    const startedAt = performance.now();
    await next();
    const { status, headers } = context.res;
    metrics.count({
      ...{ method: context.req.method, status, seconds: (performance.now() - startedAt) / 1_000 },
      route: matchedRoutes(context).findLast(({ path }) => !MANY_PATHS.test(path))?.path,
      refusal: context.get('refusal'),
    });
    // There is no connection in tests that ask the app itself.
    const { outgoing } = (context.env ?? {}) as Partial<HttpBindings>;
    if (outgoing !== undefined && headers.get('content-type')?.startsWith(EVENT_STREAM))
      outgoing.once('close', metrics.openStream());
  };
}
