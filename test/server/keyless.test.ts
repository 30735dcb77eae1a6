/** Every route of the API, asked without a key. */
import { expect, test } from 'vitest';
import { createApp } from '../../src/api/app.ts';
import type { ServerDependencies } from '../../src/api/environment.ts';
import { storeOf } from '../telemetry/vitals-fake.ts';
import { LIMITS } from './api-support.ts';

/** What anybody may ask for: health in counts, the description of the API, the dashboard's files, and signing out. */
const OPEN = [/^GET \/$/, /^GET \/health(\/live)?$/, /^GET \/openapi\.json$/, /^GET \/(docs|ui)(\/|$)/];
const SIGN_OUT = /^DELETE \/session$/;

test('every other path asks for a key, before it looks at the request', async () => {
  const app = createApp({
    runtime: {
      ...{ store: { ...storeOf({}), apiKeys: { find: async () => undefined } }, connection: {}, client: {} },
      streams: { counts: () => ({ sent: 0, dropped: 0 }) },
      temporal: { address: 'temporal.internal:7233', namespace: 'default', uiUrl: '' },
    } as unknown as ServerDependencies['runtime'],
    ...{ pipelines: new Map(), limits: LIMITS, version: '1.2.3', log: () => undefined },
  });
  const routes = new Set(app.routes.map(({ method, path }) => `${method} ${path}`));
  const keyed = [...routes].filter(
    (route) => !route.startsWith('ALL ') && ![...OPEN, SIGN_OUT].some((open) => open.test(route)),
  );
  expect(keyed.length).toBeGreaterThan(40);

  const answers = keyed.map(async (route) => {
    const [method = '', path = ''] = route.split(' ');
    const body = method === 'GET' ? {} : { body: '{', headers: { 'content-type': 'application/json' } };
    const { status } = await app.request(path.replaceAll(/:\w+(\{[^}]*\})?/g, 'x'), { method, ...body });
    return `${route} ${status}`;
  });
  expect(await Promise.all(answers)).toEqual(keyed.map((route) => `${route} 401`));
});
