/** What may be kept of the server's answers by browsers and proxies. */
import { beforeAll, describe, expect, test } from 'vitest';
import { createApp } from '../../src/api/app.ts';
import type { ServerDependencies } from '../../src/api/environment.ts';
import type { App } from '../../src/api/route.ts';
import { storeOf } from '../telemetry/vitals-fake.ts';
import { LIMITS } from './api-support.ts';

let app: App;
beforeAll(() => {
  app = createApp({
    runtime: {
      ...{ store: { ...storeOf({}), apiKeys: { find: async () => undefined } }, connection: {}, client: {} },
      streams: { counts: () => ({ sent: 0, dropped: 0 }) },
      temporal: { address: 'localhost:7233', namespace: 'default', uiUrl: '' },
    } as unknown as ServerDependencies['runtime'],
    ...{ pipelines: new Map(), limits: LIMITS, version: '1', log: () => undefined },
  });
  app.get('/v1/stream', (context) =>
    context.body('data: 1\n\n', 200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' }),
  );
  app.get('/v1/broken', () => {
    throw new Error('broken');
  });
});

const cachingOf = async (method: string, path: string) =>
  (await app.request(path, { method })).headers.get('cache-control');

describe('Cache-Control', () => {
  test('is no-store on every answer of the API, whatever its status', async () => {
    const routes = new Set(app.routes.map(({ method, path }) => `${method} ${path}`));
    const ofApi = [...routes].filter((route) => !/^ALL | \/(ui|docs)(\/|$)/.test(route));
    expect(ofApi.length).toBeGreaterThan(50);
    const answers = ofApi.map(async (route) => {
      const [method = '', path = ''] = route.split(' ');
      return `${route} ${await cachingOf(method, path.replaceAll(/:\w+(\{[^}]*\})?/g, 'x'))}`;
    });
    expect(await Promise.all(answers)).toEqual(ofApi.map((route) => `${route} no-store`));
    expect(await cachingOf('GET', '/v1/nowhere')).toBe('no-store');
    expect(await cachingOf('PUT', '/v1/runs')).toBe('no-store');
  });

  test('lets the files of the API’s description be kept, which are the same for everybody', async () => {
    expect(await cachingOf('GET', '/docs/swagger-ui.css')).toBe('public, max-age=86400');
  });
});
