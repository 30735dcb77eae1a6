import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { OpenAPIHono } from '@hono/zod-openapi';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ServerEnv } from '../../src/api/environment.ts';
import { type Listening, listen } from '../../src/api/serve.ts';

/** Longer than any test: what waits for it fails. */
const NEVER_MS = 3_600_000;

let listening: Listening;
let agent: Agent;
/** Resolves when the route is in the middle of its answer; it goes on when `goOn` is called. */
let middle: PromiseWithResolvers<void>;
let goOn: () => void;

beforeEach(async () => {
  middle = Promise.withResolvers();
  const held = Promise.withResolvers<void>();
  goOn = held.resolve;
  const app = new OpenAPIHono<ServerEnv>();
  app.get('/quick', (context) => context.text('quick'));
  app.get('/whole', async (context) => {
    middle.resolve();
    await held.promise;
    return context.text('whole');
  });
  app.get('/parts', () => {
    const parts = async function* () {
      yield new TextEncoder().encode('first, ');
      middle.resolve();
      await held.promise;
      yield new TextEncoder().encode('last');
    };
    return new Response(ReadableStream.from(parts()));
  });
  listening = await listen(app, { host: '127.0.0.1', port: 0 });
  agent = new Agent({ keepAlive: true, maxSockets: 1 });
});
afterEach(async () => {
  agent.destroy();
  goOn();
  await listening.close(0);
});

async function get(path: string): Promise<IncomingMessage> {
  const asked = request(`${listening.url}${path}`, { agent }).end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  return response;
}

describe('closing, while a client keeps its connection', () => {
  test('a request under way gets its answer, with word that the connection ends; the next is refused', async () => {
    const first = await get('/quick');
    expect([await text(first), first.headers.connection]).toEqual(['quick', 'keep-alive']);
    const answer = get('/whole');
    await middle.promise;
    const closed = listening.close(NEVER_MS);
    goOn();
    const response = await answer;
    expect([await text(response), response.headers.connection]).toEqual(['whole', 'close']);
    await closed;
    await expect(get('/quick')).rejects.toThrow('ECONNREFUSED');
  });

  test('an answer that has begun comes to its end, and its connection with it', async () => {
    const response = await get('/parts');
    await middle.promise;
    const closed = listening.close(NEVER_MS);
    goOn();
    expect(await text(response)).toBe('first, last');
    await closed;
  });

  test('what takes longer than it is given is cut', async () => {
    expect(listening.requestsUnderWay()).toBe(0);
    const response = await get('/parts');
    await middle.promise;
    expect(listening.requestsUnderWay()).toBe(1);
    await listening.close(1);
    await expect(text(response)).rejects.toThrow('aborted');
  });
});
