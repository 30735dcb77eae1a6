/** Where a request comes from: the other end of its connection. What headers claim is not believed. */
import { getConnInfo } from '@hono/node-server/conninfo';
import type { Context } from 'hono';

/** Undefined where there is no connection: in tests. */
export function addressOf(context: Context): string | undefined {
  if (context.env === undefined || context.env?.incoming === undefined) return undefined;
  return getConnInfo(context).remote.address;
}
