/** Requests that nobody sends by mistake, to an app over a store with its real tables. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createApp } from '../../src/api/app.ts';
import type { LogEntry, ServerDependencies } from '../../src/api/environment.ts';
import type { App } from '../../src/api/route.ts';
import { listen } from '../../src/api/serve.ts';
import { SCOPES } from '../../src/store/api-keys.ts';
import { describeFailure } from '../../src/store/database-errors.ts';
import type { Store } from '../../src/store/store.ts';
import { startStore, type TestStore } from '../support/test-store.ts';
import { keyOf, LIMITS } from './api-support.ts';

const MEGABYTE = 1_000_000;
const SEARCH = '/v1/search/runs';

let running: TestStore;
let store: Store;
let app: App;
let authorization: string;
const logged: LogEntry[] = [];

const appOver = (over: Store): App =>
  createApp({
    runtime: {
      ...{ store: over, connection: {}, client: {}, streams: { counts: () => ({ sent: 0, dropped: 0 }) } },
      temporal: { address: 'localhost:7233', namespace: 'default', uiUrl: '' },
    } as unknown as ServerDependencies['runtime'],
    ...{ pipelines: new Map(), limits: { ...LIMITS, requestsPerSecond: 100_000 }, version: '1' },
    log: (entry) => logged.push(entry),
  });

beforeAll(async () => {
  running = await startStore();
  store = running.store;
  app = appOver(store);
  authorization = `Bearer ${await keyOf({ store }, 'hostile', SCOPES)}`;
});
afterAll(() => running?.stop());

const post = async (
  path: string,
  body: string | Buffer | ReadableStream,
  headers: Record<string, string> = { authorization },
) =>
  app.request(path, {
    method: 'POST',
    body,
    duplex: 'half',
    headers: { 'content-type': 'application/json', ...headers },
  });

describe('a body of 1 MB without a key', () => {
  test.each([
    ['announced', { 'content-length': String(MEGABYTE) }],
    ['in chunks', { 'transfer-encoding': 'chunked' }],
  ])('gets 401 before a byte of it is read, %s', async (_, headers) => {
    let read = 0;
    const body = new ReadableStream(
      {
        pull(controller) {
          read += 1;
          controller.enqueue(new Uint8Array(MEGABYTE));
          controller.close();
        },
      },
      { highWaterMark: 0 },
    );
    const response = await post(SEARCH, body, headers);
    // What is dropped after the answer is neither kept nor parsed.
    expect([response.status, read]).toEqual([401, 0]);
  });

  test('gets 401 while it is being sent', async () => {
    const listening = await listen(app, { host: '127.0.0.1', port: 0 });
    try {
      for (const header of [`Content-Length: ${MEGABYTE}`, 'Transfer-Encoding: chunked']) {
        const socket = connect(Number(new URL(listening.url).port), '127.0.0.1');
        socket.write(`POST ${SEARCH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${header}\r\n\r\n`);
        const [answer] = await once(socket, 'data');
        expect(String(answer)).toMatch(/^HTTP\/1\.1 401 /);
        socket.destroy();
      }
    } finally {
      await listening.close(0);
    }
  });
});

const cursor = (...parts: readonly unknown[]) => Buffer.from(JSON.stringify(parts)).toString('base64url');

/** Times and cursors that no page gives. */
const TEXTS = [
  ...[
    '',
    '%00',
    'NaN',
    '-1',
    '1e300',
    '-1e300',
    '8640000000000000',
    '-8640000000000000',
    '9007199254740993',
    'Infinity',
  ],
  ...['275760-09-13T00:00:00Z', '+275760-09-13T00:00:00.000Z', '-000001-01-01T00:00:00.000Z', '2026-02-31', 'infinity'],
  ...['\ud800', "'; drop table run", '\u0000'],
  ...[cursor(), cursor(null, null), cursor(1, 2), cursor('now', 'run-1'), cursor('infinity', 'run-1')],
  ...[
    '+275760-09-13T00:00:00.000Z',
    '275760-09-13 00:00:00+00',
    '2026-02-31 00:00:00+00',
    '0000-01-01 00:00:00+00',
  ].map((place) => cursor(place, 'run-1')),
  ...['2026-01-01 00:00:00+99', '2026-01-01 00:00:00.1234567890+00', '-0001-01-01', '1', 'Jan 1 300000'].map((place) =>
    cursor(place, 'run-1'),
  ),
  ...[cursor('2026-01-01 00:00:00+00', '\u0000'), cursor('2026-01-01 00:00:00+00', '\ud800')],
];
const NUMBERS = [-1, 1e300, -1e300, 8.64e15, -8.64e15, 8.64e15 + 1, 253_402_300_800_000, -62_135_596_800_001, 1e-300];

interface Operation {
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly schema: { example?: string };
  }[];
}

describe('a malformed cursor or an extreme time', () => {
  /** What the document says may be in the address of each GET. */
  const operations = async () => {
    const document = (await (await app.request('/openapi.json')).json()) as {
      paths: Record<string, Record<string, Operation>>;
    };
    return Object.entries(document.paths).flatMap(([path, { get }]) =>
      (get?.parameters ?? []).filter((each) => each.in === 'query').map(({ name }) => ({ path, name })),
    );
  };

  test('is refused by every route that takes one in its address, and none breaks', async () => {
    const asked = await operations();
    expect(asked).toEqual(
      expect.arrayContaining([
        { path: '/v1/runs', name: 'before' },
        { path: '/v1/datasets/{name}', name: 'after' },
      ]),
    );
    const broken: string[] = [];
    for (const { path, name } of asked)
      for (const text of TEXTS) {
        const url = `${path.replaceAll(/\{\w+\}/g, 'x')}?${name}=${encodeURIComponent(text.toWellFormed())}`;
        const { status } = await app.request(url, { headers: { authorization } });
        if (![200, 400, 404, 422].includes(status)) broken.push(`${status} ${url}`);
      }
    expect(broken).toEqual([]);
  });

  test('as a cursor is a 400 that names it', async () => {
    for (const before of TEXTS.filter((text) => text !== '')) {
      const url = `/v1/runs?before=${encodeURIComponent(before.toWellFormed())}`;
      const response = await app.request(url, { headers: { authorization } });
      expect([before, response.status]).toEqual([before, 400]);
      expect(await response.json()).toMatchObject({ code: 'cursor_invalid' });
    }
  });

  test.each(['', '/histogram', '/points'])(
    `in a condition of ${SEARCH}%s is answered or refused, and nothing breaks`,
    async (end) => {
      const axes = end === '/points' ? { x: 'started', y: 'latencyMs' } : {};
      const statuses = new Map<string, number>();
      for (const op of ['after', 'before'])
        for (const value of [...NUMBERS, ...TEXTS]) {
          const body = { where: [{ field: 'started', op, value }], ...axes };
          statuses.set(`${op} ${value}`, (await post(`${SEARCH}${end}`, JSON.stringify(body))).status);
        }
      expect([...statuses].filter(([, status]) => ![200, 422].includes(status))).toEqual([]);
      for (const value of [8.64e15, -8.64e15, 1e300]) expect(statuses.get(`after ${value}`)).toBe(422);
    },
  );
});

describe('a failure of the database', () => {
  const PLACE = 'db.internal.example:5432/sluice';

  test.each([
    ['ECONNREFUSED', 503],
    ['28P01', 503],
    ['42P01', 503],
    ['53100', 503],
    ['XX000', 503],
  ])('%s does not name its host to a client, and does to the log', async (code, status) => {
    const cause = Object.assign(new Error(`connect ${code} db.internal.example:5432`), { code });
    const list = async () => {
      throw describeFailure(cause, PLACE, 10_000);
    };
    const response = await appOver({ ...store, runs: { ...store.runs, list } }).request('/v1/runs', {
      headers: { authorization },
    });
    expect(response.status).toBe(status);
    const text = await response.text();
    expect(text).not.toContain('db.internal');
    expect(JSON.parse(text)).toMatchObject({ code: expect.stringMatching(/^database_/), remedy: expect.any(String) });
    expect(logged.at(-1)?.error).toContain('db.internal.example');
  });

  test('about a value names no host either', async () => {
    const cause = Object.assign(new Error('unsupported Unicode escape sequence'), { code: '22P05' });
    const list = () => Promise.reject(describeFailure(cause, PLACE, 1));
    const response = await appOver({ ...store, runs: { ...store.runs, list } }).request('/v1/runs', {
      headers: { authorization },
    });
    expect(response.status).toBe(422);
    expect(await response.text()).not.toContain('db.internal');
  });
});

test('a body that is not UTF-8 is refused with 400', async () => {
  const body = Buffer.concat([
    Buffer.from('{"where":[{"field":"input","op":"contains","value":"'),
    Buffer.from([0xff, 0xfe]),
  ]);
  const whole = Buffer.concat([body, Buffer.from('"}]}')]);
  for (const headers of [{ authorization }, { authorization, 'transfer-encoding': 'chunked' }]) {
    const response = await post(SEARCH, whole, headers);
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([400, 'request_malformed']);
  }
  expect((await post(SEARCH, JSON.stringify({ where: [{ field: 'input', op: 'contains', value: 'é' }] }))).status).toBe(
    200,
  );
});
