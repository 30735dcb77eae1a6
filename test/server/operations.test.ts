/** Health and metrics, asked of an app without servers. */
import { EventEmitter } from 'node:events';
import { beforeEach, describe, expect, test } from 'vitest';
import { hashSecret, makeApiKey } from '../../src/api/api-key.ts';
import { createApp } from '../../src/api/app.ts';
import type { ServerDependencies } from '../../src/api/environment.ts';
import { overloaded } from '../../src/api/request-limits.ts';
import type { App } from '../../src/api/route.ts';
import type { ApiKeyRow, Scope } from '../../src/store/api-keys.ts';
import { readExposition } from '../telemetry/exposition.ts';
import { storeOf } from '../telemetry/vitals-fake.ts';

const NOW = Date.UTC(2026, 0, 1);
const keys = new Map<string, ApiKeyRow>();

function keyWith(...scopes: readonly Scope[]): { readonly authorization: string } {
  const { key, keyId, secret } = makeApiKey();
  keys.set(keyId, {
    ...{ keyId, name: 'prometheus', secretHash: hashSecret(secret), scopes, owner: 'ops', createdAt: NOW },
    ...{ createdBy: 'mo', expiresAt: null, revokedAt: null, isExpired: false },
  });
  return { authorization: `Bearer ${key}` };
}

let workers: number;
let app: App;
beforeEach(() => {
  workers = 1;
  const idle = { count: 1, first: [{ evaluationId: 'eval-secret-plan', state: 'running' as const, idleMs: 700_000 }] };
  const store = {
    ...storeOf({}, { workers: async () => workers, idleEvaluations: async () => idle }),
    apiKeys: { find: async (keyId: string) => keys.get(keyId) },
    sessions: { begin: async () => undefined },
  };
  const connection = {
    withDeadline: (_: number, ask: () => Promise<unknown>) => ask(),
    workflowService: { describeNamespace: async () => ({}) },
  };
  app = createApp({
    runtime: {
      ...{ store, connection, client: {}, streams: { counts: () => ({ sent: 2, dropped: 0 }) } },
      temporal: { address: 'temporal.internal:7233', namespace: 'default', uiUrl: '' },
    } as unknown as ServerDependencies['runtime'],
    pipelines: new Map(),
    limits: { bodyBytes: 1_000, requestsPerSecond: 2, refusedPerMinute: 3, runsAtOnce: 1, waitMs: 1 },
    ...{ version: '1.2.3', log: () => undefined },
  });
});

test('a session is begun by whoever may read or review', async () => {
  const begin = async (scope: Scope) =>
    (await app.request('/session', { method: 'POST', headers: keyWith(scope) })).status;
  expect(await Promise.all((['read', 'feedback', 'ask'] as const).map(begin))).toEqual([204, 204, 403]);
});

describe('health', () => {
  test('says to everybody how it is, with counts, and what it is about to a key that may read', async () => {
    const open = await app.request('/health');
    expect([open.status, open.headers.get('cache-control')]).toEqual([200, 'no-store']);
    const said = (await open.json()) as { status: string; checks: readonly { name: string }[] };
    expect(said.status).toBe('degraded');
    expect(said.checks.find(({ name }) => name === 'evaluations')).toEqual({
      ...{ name: 'evaluations', status: 'degraded', stalled: 1 },
      detail: '1 evaluation is under way and gets no result',
    });
    expect(JSON.stringify(said)).not.toMatch(/secret-plan|internal/);
    const known = await app.request('/health', { headers: keyWith('read') });
    expect(await known.json()).toMatchObject({
      checks: expect.arrayContaining([
        expect.objectContaining({ things: [expect.stringContaining('eval-secret-plan')], remedy: expect.any(String) }),
      ]),
    });
  });

  test('is 503 where asking would fail, while the process still answers', async () => {
    workers = 0;
    const response = await app.request('/health');
    expect([response.status, ((await response.json()) as { status: string }).status]).toEqual([503, 'down']);
    expect((await app.request('/health/live')).status).toBe(200);
  });

  test('refuses a key that does not hold, or may not read', async () => {
    expect((await app.request('/health', { headers: { authorization: 'Bearer nonsense' } })).status).toBe(401);
    expect((await app.request('/health', { headers: keyWith('ask') })).status).toBe(403);
  });
});

describe('metrics', () => {
  const scrape = async () => {
    const response = await app.request('/metrics', { headers: keyWith('read') });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const families = readExposition(await response.text());
    return (name: string) => families.get(name)?.samples.map(({ labels, value }) => [...Object.values(labels), value]);
  };

  test('are for keys that may read', async () => {
    expect((await app.request('/metrics')).status).toBe(401);
    expect((await app.request('/metrics', { headers: keyWith('ask') })).status).toBe(403);
    expect((await scrape())('sluice_workers')).toEqual([[1]]);
  });

  test('count requests by the route as it is written, whatever was asked for', async () => {
    for (const path of ['/v1/runs/run-1?secret=1', '/v1/runs/run-2', '/nowhere/secret', '/docs'])
      await app.request(path);
    await app.request('/v1/runs', { method: 'BREW' });
    const requests = (await scrape())('sluice_http_requests_total');
    expect(requests).toEqual(
      expect.arrayContaining([
        ['GET', '/v1/runs/:id', '401', 2],
        ['GET', 'none', '404', 1],
        ['GET', '/docs', '200', 1],
        ['other', 'none', '405', 1],
      ]),
    );
    expect(JSON.stringify(requests)).not.toMatch(/secret|run-1|BREW/);
  });

  test('say why requests were too many', async () => {
    app.get('/full', (context) => overloaded(context, 0));
    const headers = keyWith('read');
    for (let n = 0; n < 4; n += 1) await app.request('/health', { headers });
    const elsewhere = { incoming: { socket: { remoteAddress: '192.0.2.1', remotePort: 1, remoteFamily: 'IPv4' } } };
    const wrong = { authorization: `Bearer ${makeApiKey().key}` };
    for (let n = 0; n < 4; n += 1) await app.request('/v1/runs', { headers: wrong }, elsewhere);
    await app.request('/full');
    expect((await scrape())('sluice_http_throttled_total')?.sort()).toEqual([
      ['overloaded', 1],
      ['rate_limited', 2],
      ['too_many_refused', 1],
    ]);
  });

  test('count streams while they are open', async () => {
    app.get('/talk', (context) => context.body('data: 1\n\n', 200, { 'content-type': 'text/event-stream' }));
    const outgoing = new EventEmitter();
    await app.request('/talk', {}, { outgoing });
    expect((await scrape())('sluice_http_streams_open')).toEqual([[1]]);
    outgoing.emit('close');
    outgoing.emit('close');
    expect((await scrape())('sluice_http_streams_open')).toEqual([[0]]);
  });
});
