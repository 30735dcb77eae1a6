/** When a request counts as accepted: its run is one that Temporal has, else whoever asked is told to ask again. */
import { expect, test } from 'vitest';
import { hashSecret, makeApiKey } from '../../src/api/api-key.ts';
import { createApp } from '../../src/api/app.ts';
import type { ServerDependencies } from '../../src/api/environment.ts';
import { SluiceError } from '../../src/base/errors.ts';
import type { StartedRun } from '../../src/client/client.ts';
import type { RunResult } from '../../src/client/run-result.ts';
import { diskFull } from '../../src/embedded/disk-space.ts';
import { LIMITS } from './api-support.ts';
import { talker } from './talker.ts';

const RUN = `run-${'7'.repeat(32)}`;
const unreachable = new SluiceError('temporal_unreachable', {
  message: 'Temporal did not answer for 10 s',
  remedy: 'see that it runs',
  retryable: true,
});

/** An app whose runs begin as `begun` says, and end as `finished` does; one run is let in at a time. */
function appOf({ begun, finished }: Pick<StartedRun, 'begun' | 'finished'>, waitMs = 60_000) {
  const { key, keyId, secret } = makeApiKey();
  const row = { keyId, name: 'app', secretHash: hashSecret(secret), scopes: ['ask'], owner: 'ada' };
  const started: StartedRun = {
    ...{ runId: RUN, planId: 'abcdefabcdef', temporalUrl: 'http://localhost:8233/run' },
    ...{ begun, finished, answer: Promise.resolve(null) },
  };
  const client = {
    serve: async () => talker,
    start: async () => started,
    stream: () => ({ started: Promise.resolve(started), async *[Symbol.asyncIterator]() {} }),
  };
  const apiKeys = { find: async () => ({ ...row, revokedAt: null, expiresAt: null }) };
  const app = createApp({
    runtime: { client, store: { apiKeys }, temporal: {} },
    pipelines: new Map([[talker.id, talker]]),
    limits: { ...LIMITS, waitMs, runsAtOnce: 1 },
    log: () => undefined,
  } as unknown as ServerDependencies);
  return (headers: { readonly [name: string]: string } = {}) =>
    app.request(`/v1/pipelines/${talker.id}/runs`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ input: {} }),
    });
}

const never = new Promise<RunResult>(() => undefined);
const told: readonly [name: string, headers: { readonly [name: string]: string }, waitMs: number, status: number][] = [
  ['an id alone', { prefer: 'respond-async' }, 60_000, 202],
  ['an id, since it takes long', {}, 1, 202],
  ['a stream', { accept: 'text/event-stream' }, 60_000, 200],
];

test.each(told)('%s is given when Temporal has the run', async (_, headers, waitMs, status) => {
  const has = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  const begun = () => {
    asked.resolve();
    return has.promise;
  };
  let answered = false;
  const response = Promise.resolve(appOf({ begun, finished: never }, waitMs)(headers)).finally(() => {
    answered = true;
  });
  await asked.promise;
  await new Promise(setImmediate);
  expect(answered).toBe(false);
  has.resolve();
  expect((await response).status).toBe(status);
});

test('a full disk is a 507 that says disk, names no folder and is not sent again at once', async () => {
  const full = diskFull({ folder: '/srv/docs/.sluice', freeBytes: 5e6 });
  const response = await appOf({ begun: () => Promise.reject(full), finished: never })({ prefer: 'respond-async' });
  expect([response.status, response.headers.get('x-should-retry')]).toEqual([507, 'false']);
  const body = await response.text();
  expect(JSON.parse(body)).toMatchObject({ code: 'disk_full', detail: expect.stringContaining('disk') });
  expect(body).not.toContain('/srv/docs');
});

test.each(told)('%s is not given where Temporal is away, and the place is free again', async (_, headers, waitMs) => {
  const ask = appOf({ begun: () => Promise.reject(unreachable), finished: never }, waitMs);
  for (let time = 0; time < 2; time += 1) {
    const response = await ask(headers);
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
    expect(await response.json()).toMatchObject({ code: 'temporal_unreachable' });
  }
});

test('an answer needs no further word from Temporal', async () => {
  const result = { runId: RUN, outcome: 'completed', output: 'so it is' } as unknown as RunResult;
  const response = await appOf({ begun: () => Promise.reject(unreachable), finished: Promise.resolve(result) })();
  expect([response.status, await response.json()]).toEqual([200, result]);
});
