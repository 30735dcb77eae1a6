/**
 * Limits of the API: requests of a key in a second, wrong keys of an address in a minute, and runs that are waited for at a
 * time. Beyond them, 429.
 */
import { isUtf8 } from 'node:buffer';
import { isIPv6 } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
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

export interface ConcurrencyLimiter {
  /** Requests in flight. */
  readonly inside: () => number;
  /** Admits a request, and returns the function that releases its place; undefined at the limit. */
  enter(): (() => void) | undefined;
}

/** Rejects a request at once, without a queue, when `most` are in flight. */
export function createConcurrencyLimiter(most: number): ConcurrencyLimiter {
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

// Refuses bodies with more bytes than allowed, and bodies that are not UTF-8. A body that is too long is not kept. A client
// may read the answer only after it has sent everything, and a connection that is closed with unread bytes is reset, which
// takes the answer with it. So the answer is sent at once, and what still comes is read and dropped before the connection ends.

/** How long, and how many bytes, a refused body is read for at most. The server's own limit of a request holds besides. */
const DROP_MS = 30_000;
const DROP_BYTES = 1_000_000_000;
/** A client that sends nothing for so long is not waited for. */
const IDLE_MS = 2_000;

type Reader = ReadableStreamDefaultReader<Uint8Array>;

/**
 * @param refuse answers a request that may not be made, before a body whose length is not announced is read for its
 *   length; default: the caller was authenticated before
 */
export function limitBody(
  maxSize: number,
  remedy: string,
  refuse?: (context: Context<ServerEnv>) => Promise<Response | undefined>,
): MiddlewareHandler<ServerEnv> {
  return async (context, next) => {
    const { raw } = context.req;
    if (!raw.body) return next();
    const announced = raw.headers.has('transfer-encoding') ? null : raw.headers.get('content-length');
    if (announced !== null && Number(announced) <= maxSize) return next();
    const refused = announced === null ? await refuse?.(context) : undefined;
    const reader = raw.body.getReader();
    if (refused !== undefined) return answeredWhileDropping(await refused.bytes(), refused, reader);
    const body = announced === null ? await readWhole(reader, maxSize) : undefined;
    if (body !== undefined) {
      context.req.raw = new Request(raw, { body });
      return next();
    }
    const refusal = problem(context, {
      ...{ status: 413, code: 'body_too_large', detail: `the request has more than ${maxSize} bytes` },
      ...{ remedy, headers: { connection: 'close' } },
    });
    return answeredWhileDropping(await refusal.bytes(), refusal, reader);
  };
}

/** Refuses a body that is not UTF-8: decoding would put other characters in place of what was sent. */
export const requireUtf8: MiddlewareHandler<ServerEnv> = async (context, next) => {
  if (!context.req.raw.body || isUtf8(await context.req.arrayBuffer())) return next();
  return problem(context, {
    ...{ status: 400, code: 'request_malformed', detail: 'the body is not UTF-8' },
    remedy: 'send JSON in UTF-8',
  });
};

/** Undefined where it is longer. */
async function readWhole(reader: Reader, maxSize: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return Buffer.concat(parts);
    size += value.length;
    if (size > maxSize) return undefined;
    parts.push(value);
  }
}

/** The answer is whole by its length; its stream, and with it the connection, ends when nothing comes any more. */
function answeredWhileDropping(body: Uint8Array, { status, headers }: Response, reader: Reader): Response {
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(body),
    // Once the answer was taken. The client may be gone, which ends it as well.
    async pull(controller) {
      await drop(reader).catch(() => undefined);
      controller.close();
    },
  });
  return new Response(stream, {
    status,
    headers: { ...Object.fromEntries(headers), 'content-length': String(body.length) },
  });
}

async function drop(reader: Reader): Promise<void> {
  const until = performance.now() + DROP_MS;
  let bytes = 0;
  while (bytes < DROP_BYTES && performance.now() < until) {
    const idle = new AbortController();
    const part = await Promise.race([
      reader.read().finally(() => idle.abort()),
      delay(IDLE_MS, undefined, { signal: idle.signal, ref: false }).catch(() => undefined),
    ]);
    if (part === undefined || part.done) return;
    bytes += part.value.length;
  }
}
