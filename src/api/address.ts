/** Where a request comes from: the other end of its connection. Headers are believed only from trusted proxies. */
import { BlockList, isIPv6 } from 'node:net';
import { getConnInfo } from '@hono/node-server/conninfo';
import type { Context, MiddlewareHandler } from 'hono';
import type { ServerEnv } from './environment.ts';

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
