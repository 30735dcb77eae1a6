/** Limits of the API: requests of a key in a second, and runs that are waited for at a time. Beyond them, 429. */
import type { Context, MiddlewareHandler } from 'hono';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import type { ServerEnv } from './environment.ts';
import { problem } from './problem.ts';

/** After authentication: the key is whom requests are counted by. */
export function limitRate(requestsPerSecond: number): MiddlewareHandler<ServerEnv> {
  const limiter = new RateLimiterMemory({ points: requestsPerSecond, duration: 1 });
  return async (context, next) => {
    const isWithin = await limiter.consume(context.var.caller.keyId).then(
      () => true,
      () => false,
    );
    if (isWithin) return next();
    return tooMany(context, 'rate_limited', `this key makes more than ${requestsPerSecond} requests in a second`);
  };
}

export interface Turnstile {
  /** How many are under way. */
  readonly inside: () => number;
  /** Lets one more in; undefined where it is full. Call what it gives, once, when that one has ended. */
  enter(): (() => void) | undefined;
}

/** So many at a time, and nobody waits: whoever is refused knows at once, and may go elsewhere. */
export function createTurnstile(most: number): Turnstile {
  let inside = 0;
  return Object.freeze({
    inside: () => inside,
    enter() {
      if (inside >= most) return undefined;
      inside += 1;
      let hasLeft = false;
      return () => {
        if (!hasLeft) inside -= 1;
        hasLeft = true;
      };
    },
  });
}

export function overloaded(context: Context, most: number): Response {
  return tooMany(context, 'overloaded', `${most} runs are under way here, which is the most`);
}

function tooMany(context: Context, code: string, detail: string): Response {
  context.set('refusal', code);
  return problem(context, {
    ...{ status: 429, code, detail },
    remedy: 'send it again after the time that Retry-After names',
    headers: { 'retry-after': '1' },
  });
}
