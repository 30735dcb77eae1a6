/** Sessions of the dashboard, over a store with its real tables. */
import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createApp } from '../../src/api/app.ts';
import type { ServerDependencies } from '../../src/api/environment.ts';
import type { App } from '../../src/api/route.ts';
import type { Store } from '../../src/store/store.ts';
import { allText } from '../support/all-text.ts';
import { startStore, type TestStore } from '../support/test-store.ts';
import { keyOf, LIMITS } from './api-support.ts';

const HOUR_MS = 3_600_000;
const NAME = 'sluice_session';

let running: TestStore;
let store: Store;
let app: App;
let now = Date.now();

beforeAll(async () => {
  running = await startStore({ clock: () => now });
  store = running.store;
  app = createApp({
    runtime: {
      ...{ store, connection: {}, client: {}, streams: { counts: () => ({ sent: 0, dropped: 0 }) } },
      temporal: { address: 'localhost:7233', namespace: 'default', uiUrl: '' },
    } as unknown as ServerDependencies['runtime'],
    ...{ pipelines: new Map(), limits: LIMITS, version: '1', log: () => undefined },
    proxies: ['10.0.0.0/8', '::1'],
  });
});
afterAll(() => running?.stop());

const from = (remoteAddress: string) => ({
  incoming: { socket: { remoteAddress, remotePort: 1, remoteFamily: 'IPv4' } },
});

async function begin(key: string, headers: Record<string, string> = {}, address = '127.0.0.1') {
  const given = { authorization: `Bearer ${key}`, ...headers };
  const { status, headers: answered } = await app.request(
    '/session',
    { method: 'POST', headers: given },
    from(address),
  );
  const cookie = answered.get('set-cookie') ?? '';
  return { status, cookie, value: /^sluice_session=([^;]+)/.exec(cookie)?.[1] ?? '' };
}

const send = async (method: string, value: string): Promise<Response> =>
  app.request('/session', { method, headers: { cookie: `${NAME}=${value}`, 'x-sluice-session': '1' } });
const statusOf = async (value: string): Promise<number> => (await send('GET', value)).status;

describe('a session', () => {
  test('cannot be made from the contents of all tables', async () => {
    const key = await keyOf({ store }, 'attacked', ['read']);
    const { value } = await begin(key);
    expect(await statusOf(value)).toBe(200);
    const values = [...(await allText(running.database)).values()].flatMap((text) => text.split('\n'));
    expect(values.join('\n')).not.toContain(value);
    const keyId = key.split('_')[1]!;
    const until = Date.now() + HOUR_MS;
    const signed = values.map((secret) => {
      const signature = createHmac('sha256', secret).update(`session\0${keyId}\0${until}`).digest('hex');
      return `${keyId}.${until}.${signature}`;
    });
    const tried = [...values.map(encodeURIComponent), ...signed];
    const accepted = [];
    for (const each of tried) if ((await statusOf(each)) !== 401) accepted.push(each);
    expect(tried.length).toBeGreaterThan(50);
    expect(accepted).toEqual([]);
  });

  test('has a random id of 256 bits, and a cookie that scripts and other sites do not get', async () => {
    const key = await keyOf({ store }, 'twice', ['read']);
    const [one, two] = [await begin(key), await begin(key)];
    expect(one.value).toMatch(/^[\w-]{43}$/);
    expect(one.value).not.toBe(two.value);
    expect(one.cookie).toMatch(/HttpOnly/);
    expect(one.cookie).toMatch(/SameSite=Strict/);
  });

  test('ends when its user signs out, and a copy of its cookie with it', async () => {
    const { value } = await begin(await keyOf({ store }, 'leaves', ['read']));
    expect(await statusOf(value)).toBe(200);
    expect((await send('DELETE', value)).status).toBe(204);
    expect(await statusOf(value)).toBe(401);
  });

  test('ends with its key, when that is revoked', async () => {
    const { value } = await begin(await keyOf({ store }, 'revoked', ['read']));
    await store.apiKeys.revoke('revoked', 'test', 'leaked');
    const refused = await send('GET', value);
    expect(refused.status).toBe(401);
    expect(refused.headers.get('set-cookie')).toMatch(/^sluice_session=;.*Max-Age=0/);
  });

  test('ends with its key, when that expires', async () => {
    const { value } = await begin(await keyOf({ store }, 'expiring', ['read'], { expiresAt: now + HOUR_MS }));
    expect(await statusOf(value)).toBe(200);
    now += HOUR_MS;
    expect(await statusOf(value)).toBe(401);
  });

  test('ends 12 hours after its start, however it is used, and is removed', async () => {
    const key = await keyOf({ store }, 'long', ['read']);
    const { value } = await begin(key);
    now += 11 * HOUR_MS;
    expect(await statusOf(value)).toBe(200);
    now += HOUR_MS;
    expect(await statusOf(value)).toBe(401);
    await begin(key);
    const [{ ended } = { ended: -1 }] = await running.database.query<{ ended: number }>(
      'select count(*)::int as ended from api_session where ends_at <= $1',
      [new Date(now)],
    );
    expect(ended).toBe(0);
  });

  test('is one of 20 of its key: the oldest one ends', async () => {
    const key = await keyOf({ store }, 'many', ['read']);
    const values: string[] = [];
    for (let n = 0; n < 21; n += 1) {
      now += 1;
      values.push((await begin(key)).value);
    }
    const other = await begin(await keyOf({ store }, 'other', ['read']));
    const statuses = await Promise.all([...values, other.value].map(statusOf));
    expect(statuses).toEqual([401, ...Array.from({ length: 21 }, () => 200)]);
  });
});

describe('the cookie is Secure', () => {
  const isSecure = async (address: string, protocol?: string) => {
    const key = await keyOf({ store }, `secure-${address}-${protocol}`, ['read']);
    const { cookie } = await begin(key, protocol === undefined ? {} : { 'x-forwarded-proto': protocol }, address);
    return /; Secure/.test(cookie);
  };

  test('where a trusted proxy says that the request came over TLS', async () => {
    expect(await isSecure('10.1.2.3', 'https')).toBe(true);
    expect(await isSecure('::ffff:10.1.2.3', 'https')).toBe(true);
    expect(await isSecure('::1', 'https')).toBe(true);
  });

  test('and not where the proxy says otherwise or nothing, or an address says it that is not trusted', async () => {
    expect(await isSecure('10.1.2.3', 'http')).toBe(false);
    expect(await isSecure('10.1.2.3')).toBe(false);
    expect(await isSecure('192.0.2.1', 'https')).toBe(false);
  });
});
