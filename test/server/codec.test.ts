import { randomBytes } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import { describe, expect, test } from 'vitest';
import type { ServerEnv } from '../../src/api/environment.ts';
import { problem } from '../../src/api/problem.ts';
import { createCodecRoutes } from '../../src/api/routes/codec.ts';
import { createSecret } from '../../src/base/secret.ts';

const UI = 'http://localhost:8233';
const KEY = 'sluice_0123456789ab_secret';
const keyNamed = (id: string) => ({ id, key: createSecret(randomBytes(32).toString('base64')) });
const [OLD, NEW] = [keyNamed('old'), keyNamed('new')];

const authorize: MiddlewareHandler<ServerEnv> = async (context, next) => {
  if (context.req.header('authorization') === `Bearer ${KEY}`) return next();
  return problem(context, { status: 401, code: 'unauthorized', detail: 'no', remedy: 'send a key' });
};
const app = createCodecRoutes({ keys: [NEW, OLD], uiUrl: `${UI}/`, authorize });
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const clear = { metadata: { encoding: base64('json/plain') }, data: base64('"planted"') };

interface Asked {
  readonly body?: unknown;
  readonly headers?: { readonly [name: string]: string };
}
const JSON_TYPE = { 'content-type': 'application/json' };
const ask = (path: string, { body, headers = {} }: Asked, of = app) =>
  of.request(`${path}?preserveStorageRefs=true`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'x-namespace': 'default', ...JSON_TYPE, ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
const payloadsOf = async (response: Response) => {
  expect(response.status).toBe(200);
  return ((await response.json()) as { payloads: (typeof clear)[] }).payloads;
};
const encrypted = async (of = app) => payloadsOf(await ask('/codec/encode', { body: { payloads: [clear] } }, of));

describe('the protocol', () => {
  test('what was encoded is decoded, and what is clear comes back as it was', async () => {
    const [hidden] = await encrypted();
    expect(Buffer.from(hidden!.metadata.encoding, 'base64').toString()).toBe('binary/encrypted');
    expect(Buffer.from(hidden!.data, 'base64').toString('latin1')).not.toContain('planted');
    const other = { ...clear, externalPayloads: [{ sizeBytes: '7' }] };
    const response = await ask('/codec/decode', { body: { payloads: [hidden, other] } });
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await payloadsOf(response)).toEqual([clear, other]);
  });

  test('a key of before a rotation decodes; one that is gone is named', async () => {
    const before = createCodecRoutes({ keys: [OLD], uiUrl: UI, authorize });
    const payloads = await encrypted(before);
    expect(await payloadsOf(await ask('/codec/decode', { body: { payloads } }))).toEqual([clear]);
    const refused = await ask('/codec/decode', { body: { payloads: await encrypted() } }, before);
    expect(refused.status).toBe(400);
    expect(refused.headers.get('content-type')).toBe('application/problem+json');
    expect(await refused.json()).toMatchObject({ code: 'payload_key_missing', data: { keyId: 'new' } });
  });

  test('an empty message has no payloads', async () => {
    expect(await payloadsOf(await ask('/codec/decode', { body: {} }))).toEqual([]);
  });

  test.each([
    ['no JSON', '{"payloads":'],
    ['a list', '[]'],
    ['null', 'null'],
    ['payloads that are none', '{"payloads":{}}'],
    ['data that is not base64', '{"payloads":[{"data":"ä"}]}'],
    ['metadata that is no text', '{"payloads":[{"metadata":{"encoding":1}}]}'],
    ['too many', JSON.stringify({ payloads: Array.from({ length: 10_001 }, () => ({})) })],
  ])('refuses %s', async (_, body) => {
    const response = await ask('/codec/decode', { body });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: 'request_malformed' });
  });

  test('refuses what is too large, or not JSON', async () => {
    const large = await ask('/codec/decode', { body: 'x'.repeat(16_000_001) });
    expect(large.status).toBe(413);
    const form = await ask('/codec/decode', { body: '{"payloads":[]}', headers: { 'content-type': 'text/plain' } });
    expect(form.status).toBe(415);
  });

  test('damaged payloads are a refusal, too', async () => {
    const [hidden] = await encrypted();
    const data = Buffer.from(hidden!.data, 'base64');
    data[20]! ^= 1;
    const payloads = [{ ...hidden!, data: data.toString('base64') }];
    const response = await ask('/codec/decode', { body: { payloads } });
    expect([response.status, await response.json()]).toMatchObject([400, { code: 'payload_damaged' }]);
  });
});

describe('who may ask', () => {
  test.each(['/codec/decode', '/codec/encode'])('nobody without a key: %s', async (path) => {
    const response = await ask(path, { body: { payloads: [clear] }, headers: { authorization: 'Bearer other' } });
    expect(response.status).toBe(401);
    expect(await response.text()).not.toContain(clear.data);
  });

  test("pages of the UI's origin, which ask first", async () => {
    const headers = { origin: UI, 'access-control-request-method': 'POST' };
    const preflight = await app.request('/codec/decode', { method: 'OPTIONS', headers });
    expect(preflight.status).toBe(204);
    expect(Object.fromEntries(preflight.headers)).toMatchObject({
      'access-control-allow-origin': UI,
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': 'Authorization,X-Namespace,Content-Type',
      'access-control-allow-credentials': 'true',
    });
    const response = await ask('/codec/decode', { body: { payloads: [clear] }, headers: { origin: UI } });
    expect(response.headers.get('access-control-allow-origin')).toBe(UI);
    expect(response.headers.get('vary')).toContain('Origin');
    expect(await payloadsOf(response)).toEqual([clear]);
  });

  test('pages of the UI can read why they are refused', async () => {
    const response = await ask('/codec/decode', { body: {}, headers: { origin: UI, authorization: 'Bearer other' } });
    expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([401, UI]);
  });

  test.each(['http://localhost:8234', 'https://localhost:8233', 'http://localhost:8233.evil.example', 'null', ''])(
    'no page of %j, whatever key it has',
    async (origin) => {
      const headers = { origin, 'access-control-request-method': 'POST' };
      for (const response of [
        await app.request('/codec/decode', { method: 'OPTIONS', headers }),
        await ask('/codec/decode', { body: { payloads: [clear] }, headers }),
      ]) {
        expect(response.status).toBe(403);
        expect(response.headers.get('access-control-allow-origin')).toBe(null);
        expect(await response.json()).toMatchObject({ code: 'origin_refused' });
      }
    },
  );
});

describe('a browser that can send no header', () => {
  const signIn = (key: string) =>
    app.request('/codec/sign-in', { method: 'POST', body: new URLSearchParams({ key }), headers: { origin: UI } });
  const cookieOf = (response: Response) => response.headers.get('set-cookie')?.split(';')[0];

  test('signs in once, with a key that holds', async () => {
    const form = await app.request('/codec/sign-in');
    expect(form.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(await form.text()).toContain('name="key"');
    const response = await signIn(` ${KEY} `);
    expect(response.status).toBe(200);
    expect(await response.text()).not.toContain(KEY);
    expect(response.headers.get('set-cookie')).toBe(`sluice_codec=${KEY}; Max-Age=28800; HttpOnly; SameSite=Strict`);
    const headers = { origin: UI, ...JSON_TYPE, cookie: cookieOf(response)! };
    const body = JSON.stringify({ payloads: await encrypted() });
    expect(await payloadsOf(await app.request('/codec/decode', { method: 'POST', headers, body }))).toEqual([clear]);
  });

  test.each(['', 'other', 'two words', 'a\r\nb'])('gets no cookie for %j', async (key) => {
    const response = await signIn(key);
    expect([response.status, response.headers.get('set-cookie')]).toEqual([401, null]);
  });

  test.each([
    ['from nowhere', {}, 401],
    ['from another page', { origin: 'http://localhost:3000' }, 403],
    ['beside a header that does not hold', { origin: UI, authorization: 'Bearer other' }, 401],
  ])('the cookie is not taken %s', async (_, more, status) => {
    const headers = { ...JSON_TYPE, cookie: `sluice_codec=${KEY}`, ...more };
    expect((await app.request('/codec/decode', { method: 'POST', headers, body: '{}' })).status).toBe(status);
  });

  test('a form that is too large is refused', async () => {
    expect((await signIn('x'.repeat(20_000))).status).toBe(413);
  });
});
