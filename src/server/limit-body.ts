/** Requests of more bytes are refused before they are read whole. */
import type { MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { ServerEnv } from './environment.ts';
import { problem } from './problem.ts';

export function limitBody(maxSize: number, remedy: string): MiddlewareHandler<ServerEnv> {
  return bodyLimit({
    maxSize,
    onError: (context) =>
      problem(context, {
        ...{ status: 413, code: 'body_too_large', detail: `the request has more than ${maxSize} bytes` },
        ...{ remedy, headers: { connection: 'close' } },
      }),
  });
}
