/** A body over the limit: each client reads the refusal, however it sends, and the server keeps nothing of it. */
import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { OpenAPIHono } from '@hono/zod-openapi';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hashSecret, makeApiKey } from '../../src/api/api-key.ts';
import { createApp } from '../../src/api/app.ts';
import type { ServerDependencies, ServerEnv } from '../../src/api/environment.ts';
import { limitBody } from '../../src/api/request-limits.ts';
import { type Listening, listen } from '../../src/api/serve.ts';

const BYTES = 100_000_000;
const PART = Buffer.alloc(1_000_000, 'x');
const PATHS = ['/v1/pipelines/docs-bot/runs', '/v1/chat/completions', '/v1/session', '/experiments'];
const REFUSAL = {
  status: 413,
  code: 'body_too_large',
  remedy: expect.any(String),
  error: { message: expect.any(String) },
};

/** So much has been sent when it is measured what is kept of it. */
const MEASURED_AT = 80_000_000;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
/** V8 counts the buffers of one collection as freed when the next one begins. */
function keptBytes(): number {
  collect();
  collect();
  return process.memoryUsage().arrayBuffers;
}

let listening: Listening;
const { key, secret } = makeApiKey();
const authorization = `Bearer ${key}`;
const row = { name: 'large', secretHash: hashSecret(secret), scopes: ['read'], revokedAt: null, expiresAt: null };

beforeAll(async () => {
  const app = createApp({
    runtime: {
      store: { apiKeys: { find: async () => row } },
      client: {},
      connection: {},
      streams: {},
      temporal: {},
    },
    pipelines: new Map(),
    limits: { bodyBytes: 2_000_000, requestsPerSecond: 100, refusedPerMinute: 100, runsAtOnce: 1, waitMs: 1 },
    ...{ version: '0', log: () => undefined },
  } as unknown as ServerDependencies);
  listening = await listen(app, { host: '127.0.0.1', port: 0 });
});
afterAll(() => listening.close(0));

const parts = async function* () {
  for (let sent = 0; sent < BYTES; sent += PART.length) yield PART;
};

const bodies = [
  ['announced', () => ({ body: Buffer.alloc(BYTES, 'x') })],
  ['in chunks', () => ({ body: ReadableStream.from(parts()), duplex: 'half' })],
] as const;

describe.each(PATHS)('POST %s with 100 MB', (path) => {
  test.each(bodies)('is refused with 413 to fetch, the body %s', async (_, init) => {
    const headers = { 'content-type': 'application/json', authorization };
    const response = await fetch(`${listening.url}${path}`, { method: 'POST', headers, ...init() } as RequestInit);
    expect(response.status).toBe(413);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(await response.json()).toMatchObject(REFUSAL);
  });

  test.each([
    ['announced', `Content-Length: ${BYTES}`, (part: Buffer) => part],
    [
      'in chunks',
      'Transfer-Encoding: chunked',
      (part: Buffer) => Buffer.concat([Buffer.from('f4240\r\n'), part, Buffer.from('\r\n')]),
    ],
  ])(
    'is refused to a client that reads after it has sent all, the body %s, and is not kept',
    async (_, header, asSent) => {
      const socket = connect(Number(new URL(listening.url).port), '127.0.0.1').pause();
      const broken = once(socket, 'error').then(([error]) => Promise.reject(error));
      const before = keptBytes();
      let kept = 0;
      const send = async () => {
        socket.write(
          `POST ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\nContent-Type: application/json\r\n${header}\r\n\r\n`,
        );
        const part = asSent(PART);
        for (let sent = 0; sent < BYTES; sent += PART.length) {
          if (!socket.write(part)) await once(socket, 'drain');
          if (sent === MEASURED_AT) kept = keptBytes() - before;
        }
        if (header.startsWith('Transfer')) socket.write('0\r\n\r\n');
        return text(socket);
      };
      const answer = await Promise.race([send(), broken]);
      expect(answer).toMatch(/^HTTP\/1\.1 413 /);
      expect(JSON.parse(answer.slice(answer.indexOf('{')))).toMatchObject(REFUSAL);
      expect(kept).toBeLessThan(MEASURED_AT / 4);
    },
  );
});

test('a second request on a connection that is kept is refused as well', async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ask = async (method: string, body: Readable, headers = {}) => {
    const asked = body.pipe(request(`${listening.url}/v1/runs`, { agent, method, headers }));
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    return [response.statusCode, JSON.parse(await text(response)).code];
  };
  try {
    expect(await ask('GET', Readable.from([]))).toEqual([401, 'unauthorized']);
    expect(await ask('POST', Readable.from(parts()), { authorization })).toEqual([413, 'body_too_large']);
  } finally {
    agent.destroy();
  }
});

test.each(bodies)(
  'a body of 100 MB without a key is refused, with 413 where its size is announced, %s',
  async (how, init) => {
    const response = await fetch(`${listening.url}/v1/runs`, { method: 'POST', ...init() } as RequestInit);
    expect(response.status).toBe(how === 'announced' ? 413 : 401);
  },
);

test('a client that stops sending is not waited for', async () => {
  const socket = connect(Number(new URL(listening.url).port), '127.0.0.1');
  socket.write(`POST /v1/runs HTTP/1.1\r\nHost: x\r\nContent-Length: ${BYTES}\r\n\r\n{`);
  expect(await text(socket)).toMatch(/^HTTP\/1\.1 413 /);
});

test('a body in chunks that is within the limit reaches its route whole', async () => {
  const app = new OpenAPIHono<ServerEnv>();
  app.use(limitBody(10, 'send less'));
  app.post('/', async (context) => context.text(await context.req.text()));
  const own = await listen(app, { host: '127.0.0.1', port: 0 });
  const body = ReadableStream.from([Buffer.from('12345'), Buffer.from('67890')]);
  try {
    const response = await fetch(own.url, { method: 'POST', duplex: 'half', body } as RequestInit);
    expect([response.status, await response.text()]).toEqual([200, '1234567890']);
  } finally {
    await own.close(0);
  }
});
