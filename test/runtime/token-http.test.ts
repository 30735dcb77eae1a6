/** Sender and receiver, over real sockets. */
import { once } from 'node:events';
import { createServer, request as httpRequest, type RequestListener } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { TokenPiece } from '../../src/model/token-piece.ts';
import { createTokenHub } from '../../src/streaming/token-hub.ts';
import {
  BATCH_BYTES,
  BATCH_PIECES,
  createTokenReceiver,
  isSigned,
  listenForTokens,
  type ReceiverOptions,
  signRun,
} from '../../src/streaming/token-receiver.ts';
import { createTokenSender } from '../../src/streaming/token-streams.ts';

const KEY = 'k'.repeat(32);
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function receiver(options: Partial<ReceiverOptions> = {}) {
  const hub = createTokenHub();
  const { url, close } = await listenForTokens(createTokenReceiver({ hub, key: KEY, ...options }), {
    host: '127.0.0.1',
    port: 0,
  });
  closing.push(close);
  return { hub, url, sink: { hub: hub.id, url } };
}

/** A server of the test's own in the receiver's place. */
async function server(handler: RequestListener) {
  const own = createServer(handler).listen(0, '127.0.0.1');
  await once(own, 'listening');
  closing.push(async () => {
    own.closeAllConnections();
    own.close();
  });
  return { hub: 'h', url: `http://127.0.0.1:${(own.address() as AddressInfo).port}` };
}

function sender(key = KEY) {
  const troubles: string[] = [];
  const made = createTokenSender(
    async () => key,
    (why) => troubles.push(why),
  );
  closing.push(made.close);
  return { ...made, troubles };
}

const piece = (seq: number, text: string, more: Partial<TokenPiece> = {}): TokenPiece => ({
  runId: 'run-1',
  key: 'draft[1]',
  call: 'step',
  attempt: 1,
  seq,
  text,
  ...more,
});
const settled = (counts: () => { sent: number; dropped: number }, total: number) =>
  vi.waitFor(() => expect(counts().sent + counts().dropped).toBe(total), { timeout: 10_000, interval: 5 });

describe('tokens over HTTP', () => {
  test('arrive as they were emitted, in order, whatever is in them', async () => {
    const { hub, sink } = await receiver();
    hub.open('run-1');
    const listener = hub.subscribe('run-1', new AbortController().signal);
    const { send, counts } = sender();
    const pieces = [
      piece(0, 'naïve 😀 "quoted"\n'),
      piece(1, '\ud83d'),
      piece(2, '\ude00\0\u2028'),
      piece(3, 'x'.repeat(16_000)),
      piece(4, '', { isVoid: true }),
      piece(0, 'again', { attempt: 2, call: 'fallback' }),
    ];
    for (const each of pieces) send(sink, each);
    const seen: TokenPiece[] = [];
    for (const _ of pieces) seen.push((await listener.next()).value as TokenPiece);
    expect(seen).toEqual(pieces);
    await settled(counts, pieces.length);
    expect(counts()).toEqual({ sent: pieces.length, dropped: 0 });
  });

  test('a long answer in many pieces arrives whole, over few connections', async () => {
    let connections = 0;
    const hub = createTokenHub();
    const own = createServer(createTokenReceiver({ hub, key: KEY })).on('connection', () => connections++);
    own.listen(0, '127.0.0.1');
    await once(own, 'listening');
    closing.push(async () => own.close());
    const sink = { hub: hub.id, url: `http://127.0.0.1:${(own.address() as AddressInfo).port}` };
    hub.open('run-1');
    const listener = hub.subscribe('run-1', new AbortController().signal);
    const { send, counts } = sender();
    const texts = Array.from({ length: 4_000 }, (_, at) => `${at} ${'é😀'.repeat(8)}`);
    for (const [seq, text] of texts.entries()) send(sink, piece(seq, text));
    await settled(counts, texts.length);
    let whole = '';
    for (const _ of texts) whole += (await listener.next()).value?.text;
    expect(whole).toBe(texts.join(''));
    expect(connections).toBe(1);
  });

  test('of several runs go to each alone', async () => {
    const { hub, sink } = await receiver();
    for (const runId of ['run-1', 'run-2']) hub.open(runId);
    const listener = hub.subscribe('run-2', new AbortController().signal);
    const { send } = sender();
    send(sink, piece(0, 'one'));
    send(sink, piece(0, 'two', { runId: 'run-2' }));
    expect((await listener.next()).value).toMatchObject({ runId: 'run-2', text: 'two' });
  });

  test('a run that is over, or a key that differs, is asked once; the sender then keeps quiet', async () => {
    const { hub, sink } = await receiver();
    const over = sender();
    over.send(sink, piece(0, 'x'));
    await settled(over.counts, 1);
    hub.open('run-1');
    over.send(sink, piece(1, 'y'));
    expect([over.counts(), over.troubles]).toEqual([{ sent: 0, dropped: 2 }, []]);
    const stranger = sender('z'.repeat(32));
    for (const seq of [0, 1]) {
      stranger.send(sink, piece(seq, 'x'));
      await settled(stranger.counts, seq + 1);
    }
    expect(stranger.troubles).toEqual([`${sink.url}: answered 401`]);
  });

  test('a receiver that is down drops pieces, told once, and never throws', async () => {
    const gone = await server(() => undefined);
    await closing.pop()!();
    const { send, counts, troubles } = sender();
    for (let seq = 0; seq < 100; seq++) send(gone, piece(seq, 'x'));
    await settled(counts, 100);
    send(gone, piece(100, 'x'));
    expect(counts()).toEqual({ sent: 0, dropped: 101 });
    expect(troubles).toEqual([expect.stringContaining(gone.url)]);
    send({ hub: 'h', url: 'no address' }, piece(0, 'x'));
    await settled(counts, 102);
  });

  test('a receiver that hangs is given up, and holds no more than what is bounded', async () => {
    const hanging = await server(() => undefined);
    const { send, counts } = sender();
    const all = 20_000;
    for (let seq = 0; seq < all; seq++) send(hanging, piece(seq, 'x'));
    expect(counts().dropped).toBeGreaterThan(all - 6_000); // at once: the queue is full
    await settled(counts, all);
    expect(counts().sent).toBe(0);
  });

  test('a receiver that comes back is used again', async () => {
    let isUp = false;
    const taken: number[] = [];
    const sink = await server(async (request, response) => {
      for await (const _ of request);
      if (isUp) taken.push(1);
      response.writeHead(isUp ? 204 : 503).end();
    });
    const { send, counts } = sender();
    send(sink, piece(0, 'x'));
    await settled(counts, 1);
    isUp = true;
    let seq = 1;
    await vi.waitFor(
      () => {
        send(sink, piece(seq++, 'x'));
        expect(taken.length).toBeGreaterThan(0);
      },
      { timeout: 10_000, interval: 100 },
    );
  });
});

describe('the receiver', () => {
  async function ask(
    url: string,
    { body = '{"pieces":[]}', runId = 'run-1', key = KEY, path = '', method = 'POST' } = {},
  ): Promise<number> {
    const headers = { authorization: `Bearer ${signRun(key, runId)}` };
    return (
      await fetch(url + (path || `/api/v1/runs/${runId}/tokens`), {
        method,
        headers,
        ...(method === 'POST' && { body }),
      })
    ).status;
  }

  test('takes only what is signed for that run, well formed, and listened to', async () => {
    const { hub, url } = await receiver();
    hub.open('run-1');
    hub.open('run-2');
    expect(await ask(url)).toBe(204);
    expect(await ask(url, { runId: 'run-9' })).toBe(410);
    expect(await ask(url, { key: 'z'.repeat(32) })).toBe(401);
    const foreign = await fetch(`${url}/runs/run-2/tokens`, {
      method: 'POST',
      headers: { authorization: `Bearer ${signRun(KEY, 'run-1')}` },
      body: '{"pieces":[]}',
    });
    expect(foreign.status).toBe(401);
    expect((await fetch(`${url}/runs/run-1/tokens`, { method: 'POST', body: '{}' })).status).toBe(401);
    expect(await ask(url, { method: 'GET' })).toBe(405);
    for (const path of ['/', '/runs/run-1', '/runs/%E0%A4%A/tokens']) expect(await ask(url, { path })).toBe(404);
    const { runId: _runId, ...good } = piece(0, 'x');
    const bad = [
      '',
      'no json',
      '[]',
      ...[{ seq: -1 }, { attempt: 0 }, { text: 7 }, { call: 'x' }, { text: 'x'.repeat(20_000) }].map((wrong) =>
        JSON.stringify({ pieces: [{ ...good, ...wrong }] }),
      ),
      JSON.stringify({ pieces: Array.from({ length: BATCH_PIECES + 1 }, () => good) }),
    ];
    for (const body of bad) expect(await ask(url, { body })).toBe(400);
    expect(await ask(url, { body: JSON.stringify({ pieces: [good] }) })).toBe(204);
  });

  test('reads no more than a batch, announced or not', async () => {
    const { hub, url } = await receiver();
    hub.open('run-1');
    expect(await ask(url, { body: 'x'.repeat(BATCH_BYTES + 1) })).toBe(413);
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const streaming = httpRequest(`${url}/runs/run-1/tokens`, {
        method: 'POST',
        headers: { authorization: `Bearer ${signRun(KEY, 'run-1')}`, 'transfer-encoding': 'chunked' },
      });
      streaming.on('response', (response) => resolve(response.statusCode));
      streaming.on('error', reject);
      for (let sent = 0; sent <= BATCH_BYTES; sent += 100_000) streaming.write('x'.repeat(100_000));
    });
    expect(status).toBe(413);
  });

  test('survives requests that break off', async () => {
    const { hub, url } = await receiver();
    hub.open('run-1');
    const { port } = new URL(url);
    const socket = connect(Number(port), '127.0.0.1');
    await once(socket, 'connect');
    const authorization = `authorization: Bearer ${signRun(KEY, 'run-1')}`;
    socket.write(`POST /runs/run-1/tokens HTTP/1.1\r\nhost: x\r\n${authorization}\r\ncontent-length: 100\r\n\r\n{"pie`);
    socket.destroy();
    await once(socket, 'close');
    expect(await ask(url)).toBe(204);
  });

  test('takes so many requests of a run in a second', async () => {
    const { hub, url } = await receiver({ requestsPerSecond: 3 });
    hub.open('run-1');
    hub.open('run-2');
    // At once: one after the other, twenty may take longer than a second allows three of.
    const statuses = await Promise.all(Array.from({ length: 20 }, () => ask(url)));
    expect(new Set(statuses)).toEqual(new Set([204, 429]));
    expect(await ask(url, { runId: 'run-2' })).toBe(204);
  });

  test('an address that is taken is said with what to do', async () => {
    const { url } = await receiver();
    const taken = { host: '127.0.0.1', port: Number(new URL(url).port) };
    await expect(listenForTokens(() => undefined, taken)).rejects.toMatchObject({
      code: 'sink_unavailable',
      remedy: expect.stringContaining('SLUICE_SINK_LISTEN'),
    });
  });
});

test('a signature is of use for one run and one key', () => {
  const signature = signRun(KEY, 'run-1');
  expect(isSigned(KEY, 'run-1', signature)).toBe(true);
  for (const [key, runId, given] of [
    [KEY, 'run-2', signature],
    ['z'.repeat(32), 'run-1', signature],
    [KEY, 'run-1', ''],
    [KEY, 'run-1', `${signature}0`],
  ] as const)
    expect(isSigned(key, runId, given)).toBe(false);
});
