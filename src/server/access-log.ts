/** A line for each request that was answered: who, what, how long. Never a header, a query or a body. */
import type { MiddlewareHandler } from 'hono';
import { addressOf } from './address.ts';
import type { LogEntry, ServerEnv } from './environment.ts';

const PATH_LENGTH = 200;

export function logRequests(log: (entry: LogEntry) => void): MiddlewareHandler<ServerEnv> {
  return async (context, next) => {
    const startedAt = performance.now();
    await next();
    const { status } = context.res;
    log({
      level: status >= 500 ? 'error' : status >= 400 ? 'warn' : 'info',
      requestId: context.var.requestId,
      method: context.req.method,
      path: context.req.path.slice(0, PATH_LENGTH),
      status,
      durationMs: Math.round(performance.now() - startedAt),
      key: context.var.caller?.name ?? null,
      address: addressOf(context) ?? null,
      ...(context.error !== undefined && { error: context.error.message }),
    });
  };
}
