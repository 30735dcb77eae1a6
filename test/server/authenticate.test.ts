/** Keys and sessions, asked of an app without servers. */
import { beforeEach, describe, expect, test } from 'vitest';
import { hashSecret, makeApiKey } from '../../src/api/api-key.ts';
import { createApp } from '../../src/api/app.ts';
import type { ServerDependencies } from '../../src/api/environment.ts';
import { createFailureLimit } from '../../src/api/request-limits.ts';
import type { App } from '../../src/api/route.ts';
import type { ApiKeyRow } from '../../src/store/api-keys.ts';
import { storeOf } from '../telemetry/vitals-fake.ts';
import { LIMITS } from './api-support.ts';

const keys = new Map<string, ApiKeyRow>();

function newKey(): string {
  const { key, keyId, secret } = makeApiKey();
  keys.set(keyId, {
    ...{ keyId, name: keyId, secretHash: hashSecret(secret), scopes: ['read'], owner: 'ops', createdAt: 1 },
    ...{ createdBy: 'mo', expiresAt: null, revokedAt: null, isExpired: false },
  });
  return key;
}

let app: App;
beforeEach(() => {
  const store = { ...storeOf({}), apiKeys: { find: async (keyId: string) => keys.get(keyId) } };
  app = createApp({
    runtime: {
      ...{ store, connection: {}, client: {}, streams: { counts: () => ({ sent: 0, dropped: 0 }) } },
      temporal: { address: 'localhost:7233', namespace: 'default', uiUrl: '' },
    } as unknown as ServerDependencies['runtime'],
    ...{ pipelines: new Map(), limits: { ...LIMITS, refusedPerMinute: 60 }, version: '1', log: () => undefined },
  });
});

const ask = async (key: string, remoteAddress: string) =>
  app.request(
    '/session',
    { headers: { authorization: `Bearer ${key}` } },
    { incoming: { socket: { remoteAddress, remotePort: 1, remoteFamily: 'IPv4' } } },
  );

describe('wrong keys', () => {
  test('60 of one address do not shut out a valid key of that address', async () => {
    const valid = newKey();
    for (let n = 0; n < 60; n += 1) expect((await ask(makeApiKey().key, '192.0.2.7')).status).toBe(401);
    expect((await ask(valid, '192.0.2.7')).status).toBe(200);
    const next = await ask(makeApiKey().key, '192.0.2.7');
    expect([next.status, Number(next.headers.get('retry-after'))]).toEqual([429, expect.any(Number)]);
    expect((await ask(valid, '192.0.2.7')).status).toBe(200);
    expect((await ask(makeApiKey().key, '192.0.2.8')).status).toBe(401);
  });
});

describe('the limit of failures', () => {
  test('starts anew a minute after the first failure', () => {
    let now = 0;
    const limit = createFailureLimit(2, () => now);
    expect([limit.count('a'), limit.count('a'), limit.count('a')]).toEqual([0, 0, 60_000]);
    now = 59_999;
    expect(limit.count('a')).toBe(1);
    now = 60_000;
    expect(limit.count('a')).toBe(0);
  });

  test('counts an IPv6 network of 64 bits as one address, and other addresses apart', () => {
    const limit = createFailureLimit(1, () => 0);
    for (const address of ['2001:db8::1', '2001:db8:0:1::1', '::ffff:192.0.2.1', '::ffff:192.0.2.2', '::1'])
      expect([address, limit.count(address)]).toEqual([address, 0]);
    for (const address of ['2001:db8::ffff:1', '2001:db8:0:0:5:6:7:8', '2001:db8:0:1:2::'])
      expect(limit.count(address)).toBeGreaterThan(0);
  });

  test('keeps 10,000 addresses at most', () => {
    const limit = createFailureLimit(1);
    for (let n = 0; n < 20_000; n += 1) limit.count(`10.0.${n >> 8}.${n & 255}`);
    expect(limit.kept()).toBe(10_000);
  });
});
