/**
 * Limits of the API: requests of a key in a second, wrong keys of an address in a minute, and runs that are waited for at a
 * time. Beyond them, 429.
 */
import { isIPv6 } from 'node:net';
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

export interface FailureLimit {
  /** Counts a failure of the address. Returns how long the address must wait; 0 within the limit. */
  count(address: string): number;
  /** How many addresses are kept. */
  readonly kept: () => number;
}

const MINUTE_MS = 60_000;
/** An attacker with more addresses makes the oldest ones start anew. */
const KEPT_ADDRESSES = 10_000;

/** Failures of one address within a minute of its first. Addresses of one IPv6 network of 64 bits count as one. */
export function createFailureLimit(perMinute: number, now: () => number = () => performance.now()): FailureLimit {
  const failures = new Map<string, { count: number; readonly until: number }>();
  return Object.freeze({
    count(address: string) {
      const key = networkOf(address);
      let known = failures.get(key);
      if (known === undefined || known.until <= now()) {
        known = { count: 0, until: now() + MINUTE_MS };
        failures.delete(key);
        failures.set(key, known);
        if (failures.size > KEPT_ADDRESSES) failures.delete(failures.keys().next().value!);
      }
      known.count += 1;
      return known.count > perMinute ? known.until - now() : 0;
    },
    kept: () => failures.size,
  });
}

/** The first 64 bits of an IPv6 address, which one client often has whole; other addresses as they are. */
function networkOf(address: string): string {
  if (!isIPv6(address) || address.includes('.')) return address;
  const [head = '', tail] = address.split('::');
  const [before, after] = [head, tail ?? ''].map((part) => (part === '' ? [] : part.split(':')));
  const zeros = tail === undefined ? 0 : 8 - before!.length - after!.length;
  return [...before!, ...Array<string>(zeros).fill('0'), ...after!].slice(0, 4).join(':');
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
