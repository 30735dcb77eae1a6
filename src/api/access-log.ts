/** A line for each request that was answered: who, what, how long. Never a header, a query or a body. */
import type { Context, MiddlewareHandler } from 'hono';
import type { Redaction } from '../redaction/redaction.ts';
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
      ...requestOf(context),
      status,
      durationMs: Math.round(performance.now() - startedAt),
      ...(context.error !== undefined && { error: context.error.message }),
    });
  };
}

/** The log, under the rules that hold for all that is kept: addresses and errors may quote what was asked. */
export const redactedLog =
  (log: (entry: LogEntry) => void, { text }: Pick<Redaction, 'text'>) =>
  (entry: LogEntry): void =>
    log({ ...entry, path: text(entry.path), ...(entry.error !== undefined && { error: text(entry.error) }) });

interface Broken {
  readonly error: unknown;
  /** By `performance.now()`. */
  readonly startedAt: number;
}

/** A stream that broke after it was answered: a second line of its request. */
export function logBroken(
  log: (entry: LogEntry) => void,
  context: Context<ServerEnv>,
  { error, startedAt }: Broken,
): void {
  const reason = error instanceof Error ? error.message : String(error);
  const durationMs = Math.round(performance.now() - startedAt);
  log({ level: 'error', ...requestOf(context), status: context.res.status, durationMs, error: reason });
}

const requestOf = (context: Context<ServerEnv>) => ({
  requestId: context.var.requestId,
  method: context.req.method,
  path: context.req.path.slice(0, PATH_LENGTH),
  key: context.var.caller?.name ?? null,
  address: addressOf(context) ?? null,
});
