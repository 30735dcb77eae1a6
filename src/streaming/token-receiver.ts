/**
 * The HTTP end of the token sink: takes pieces from workers in other processes and hands them to the hub. A plain Node
 * request handler, so that it can be mounted in any server; without one, a listener of its own is started for it.
 *
 *     POST <anything>/runs/<run id>/tokens    Authorization: Bearer <HMAC-SHA256 of the run id>
 *     { "pieces": [{ "key": "draft[1]", "call": "step", "attempt": 1, "seq": 0, "text": "Hel" }, ...] }
 *
 * 204 taken, 410 nobody listens any more: send no more of this run. Refusals are decided before the body is read.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { z } from 'zod';
import { createClaim } from '../base/claim-file.ts';
import { SluiceError } from '../base/errors.ts';
import { makePrivateFolder } from '../base/private-folder.ts';
import type { Config } from '../config/config.ts';
import { stateFolder } from '../embedded/dev-state.ts';
import { PIECE_LENGTH } from '../model/token-piece.ts';
import type { TokenHub } from './token-hub.ts';

// The key that a worker signs tokens with, so that a receiver takes them from nobody else. Workers and callers of one
// folder share a key that is made there; those on several machines are given one by `SLUICE_SINK_KEY`.

const KEY_BYTES = 32;

/** The configured key, or the folder's own, which is made where there is none. */
export async function readSinkKey({ sink }: Config, folder: string): Promise<string> {
  if (sink.key !== undefined) return sink.key.reveal();
  const state = stateFolder(folder);
  const file = join(state, 'sink-key');
  const known = await readFile(file, 'utf8').catch(() => undefined);
  if (known !== undefined) return known.trim();
  await makePrivateFolder(state);
  // Of two that make one at the same moment, both use that of the first.
  await createClaim(file, randomBytes(KEY_BYTES).toString('hex'));
  return (await readFile(file, 'utf8')).trim();
}

/** What a sender of a run's tokens shows: of use for this run alone. */
export function signRun(key: string, runId: string): string {
  return createHmac('sha256', key).update(runId).digest('hex');
}

export function isSigned(key: string, runId: string, signature: string): boolean {
  const expected = Buffer.from(signRun(key, runId));
  const given = Buffer.from(signature);
  return given.length === expected.length && timingSafeEqual(given, expected);
}

export const BATCH_PIECES = 500;
/** A batch of the longest pieces, each character of which is escaped, would be more: senders keep to both. */
export const BATCH_BYTES = 1_000_000;
/** A sender makes at most 200 requests a second for a run; several workers may have parts of one. */
const REQUESTS_PER_SECOND = 1_000;
const CONNECTIONS = 1_000;
const REQUEST_MS = 10_000;
const RUN_ID_LENGTH = 200;

const Batch = z.object({
  pieces: z
    .array(
      z.object({
        key: z.string().min(1).max(1_000),
        call: z.enum(['step', 'fallback']),
        attempt: z.number().int().min(1),
        seq: z.number().int().min(0),
        text: z.string().max(PIECE_LENGTH),
        isVoid: z.literal(true).exactOptional(),
      }),
    )
    .max(BATCH_PIECES),
});

export interface ReceiverOptions {
  readonly hub: TokenHub;
  readonly key: string;
  /** Requests that one run may have taken in a second; default 1,000. */
  readonly requestsPerSecond?: number;
}

/** A handler for `POST .../runs/<run id>/tokens`; every other request gets 404 or 405. */
export function createTokenReceiver(options: ReceiverOptions): RequestListener {
  const { hub, key, requestsPerSecond = REQUESTS_PER_SECOND } = options;
  const limiter = new RateLimiterMemory({ points: requestsPerSecond, duration: 1 });

  async function statusOf(request: IncomingMessage): Promise<number> {
    const runId = runIdOf(request.url ?? '');
    if (runId === undefined) return 404;
    if (request.method !== 'POST') return 405;
    const [, signature] = /^Bearer ([0-9a-f]{64})$/.exec(request.headers.authorization ?? '') ?? [];
    if (signature === undefined || !isSigned(key, runId, signature)) return 401;
    if (!hub.isOpen(runId)) return 410;
    const isWithin = await limiter.consume(runId).then(
      () => true,
      () => false,
    );
    if (!isWithin) return 429;
    const body = await readBody(request);
    if (body === undefined) return 413;
    const batch = Batch.safeParse(parseJson(body));
    if (!batch.success) return 400;
    for (const piece of batch.data.pieces) hub.publish({ runId, ...piece });
    return 204;
  }

  return (request, response) => {
    statusOf(request).then(
      (status) => answer(response, status),
      () => response.destroy(), // the request broke off
    );
  };
}

function answer(response: ServerResponse, status: number): void {
  const isTaken = status === 204;
  response.writeHead(status, {
    // The rest of a refused body is not waited for.
    ...(!isTaken && { connection: 'close' }),
    ...(status === 429 && { 'retry-after': '1' }),
  });
  response.end();
}

function runIdOf(url: string): string | undefined {
  const { pathname } = new URL(url, 'http://sink');
  const found = /\/runs\/([^/]+)\/tokens$/.exec(pathname)?.[1];
  if (found === undefined) return undefined;
  try {
    const runId = decodeURIComponent(found);
    return runId.length <= RUN_ID_LENGTH ? runId : undefined;
  } catch {
    return undefined;
  }
}

/** Undefined where it is too long. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > BATCH_BYTES) return undefined;
  let bytes = 0;
  let isTooLong = false;
  const bounded = async function* () {
    for await (const chunk of request) {
      bytes += (chunk as Buffer).length;
      isTooLong = bytes > BATCH_BYTES;
      if (isTooLong) return;
      yield chunk as Buffer;
    }
  };
  const body = await text(bounded());
  return isTooLong ? undefined : body;
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

export interface TokenListener {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Listens for tokens where no other server does. It does not keep the process alive.
 *
 * @param port 0 for any that is free
 */
export async function listenForTokens(
  receiver: RequestListener,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<TokenListener> {
  const server = createServer({ requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS, noDelay: true }, receiver);
  server.maxConnections = CONNECTIONS;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject).listen(port, host, resolve);
  await promise.catch((cause) => {
    throw new SluiceError('sink_unavailable', {
      message: `tokens cannot be listened for on ${host}:${port}: ${cause.message}`,
      remedy: 'set SLUICE_SINK_LISTEN to an address that is free, such as 127.0.0.1:0',
      cause,
    });
  });
  server.unref();
  const address = server.address() as AddressInfo;
  const shown = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return Object.freeze({
    url: `http://${shown}:${address.port}`,
    close: () =>
      new Promise<void>((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  });
}
