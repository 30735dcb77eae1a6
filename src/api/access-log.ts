/** A line for each request that was answered: who, what, how long. Never a header, a query or a body. */
import { BlockList, isIPv6 } from 'node:net';
import type { HttpBindings } from '@hono/node-server';
import { getConnInfo } from '@hono/node-server/conninfo';
import type { Context, MiddlewareHandler } from 'hono';
import { matchedRoutes } from 'hono/route';
import type { Redaction } from '../redaction/redaction.ts';
import type { HttpMetrics } from '../telemetry/metrics.ts';
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

/** Undefined where there is no connection: in tests. */
export function addressOf(context: Context): string | undefined {
  if (context.env === undefined || context.env?.incoming === undefined) return undefined;
  return getConnInfo(context).remote.address;
}

/**
 * Notes whether a request came over TLS. The server itself has none, so a proxy in front of it says so.
 *
 * @param proxies addresses and networks (`10.0.0.0/8`) whose X-Forwarded-Proto is believed
 */
export function detectTls(proxies: readonly string[]): MiddlewareHandler<ServerEnv> {
  const trusted = new BlockList();
  for (const proxy of proxies) {
    const [address = '', prefix] = proxy.split('/');
    const family = familyOf(address);
    trusted.addSubnet(address, Number(prefix ?? (family === 'ipv6' ? 128 : 32)), family);
  }
  return async (context, next) => {
    const address = addressOf(context);
    const isTrusted = address !== undefined && trusted.check(address, familyOf(address));
    const [protocol] = (isTrusted && context.req.header('x-forwarded-proto')?.split(',')) || [];
    context.set('isTls', protocol?.trim().toLowerCase() === 'https');
    return next();
  };
}

const familyOf = (address: string) => (isIPv6(address) ? 'ipv6' : 'ipv4');

/** Counts each request that was answered, by the route as it is written, and streams for as long as they are open. */
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
