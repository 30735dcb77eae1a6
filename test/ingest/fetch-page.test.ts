import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { type FetchOptions, fetchPage } from '../../src/ingest/fetch-page.ts';
import { isAllowed } from '../../src/ingest/hosts.ts';
import { INGEST_LIMITS } from '../../src/ingest/ingest-limits.ts';
import { type Answer, servePages } from './pages.ts';

const fetching = (url: string, options: Partial<FetchOptions> = {}) =>
  fetchPage(new URL(url), { allowedHosts: [], retryMs: 1, ...options });

describe('hosts', () => {
  test.each([
    'http://localhost/a',
    'https://docs.localhost:8443',
    'http://127.0.0.1:8080',
    'http://127.9.8.7',
    'http://2130706433/',
    'http://0x7f.1',
    'http://[::1]:80',
    'http://[::ffff:127.0.0.1]',
  ])('%s is this machine', (url) => {
    expect(isAllowed(new URL(url), [])).toBe(true);
  });

  test.each([
    'http://example.com',
    'http://localhost.example.com',
    'http://127.0.0.1.nip.io',
    'http://notlocalhost',
    'http://0.0.0.0',
    'http://10.0.0.1',
    'http://169.254.169.254/latest/meta-data',
    'http://[::]',
    'http://[fe80::1]',
    'http://[::ffff:10.0.0.1]',
    'ftp://localhost',
    'file:///etc/passwd',
  ])('%s is not', (url) => {
    expect(isAllowed(new URL(url), [])).toBe(false);
  });

  test('that the operator names may be read, by name or by name and port', () => {
    const allowed = ['docs.example.com', 'intranet:8080', 'plain.example:80', '[fd00::1]'];
    const isFine = (url: string) => isAllowed(new URL(url), allowed);
    expect(
      ['http://docs.example.com:99/x', 'http://intranet:8080', 'http://plain.example', 'http://[fd00::1]'].map(isFine),
    ).toEqual([true, true, true, true]);
    expect(['http://intranet', 'https://plain.example', 'http://a.docs.example.com'].map(isFine)).toEqual([
      false,
      false,
      false,
    ]);
  });
});

describe('a listed host', () => {
  const secret = { '/secret': { body: 'Secret.', headers: { 'content-type': 'text/plain' } } };
  const local = [{ address: '127.0.0.1', family: 4 }];

  test('cannot redirect to this machine, nor to a host that is not listed', async () => {
    const inside = await servePages(secret);
    const port = new URL(inside.origin).port;
    for (const target of [`127.0.0.1:${port}`, `localhost:${port}`, `[::ffff:127.0.0.1]:${port}`, 'other.example']) {
      const outside = await servePages({ '/': { status: 302, headers: { location: `http://${target}/secret` } } });
      const { port: outsidePort } = new URL(outside.origin);
      const page = await fetching(`http://docs.example:${outsidePort}/`, {
        allowedHosts: ['docs.example', `127.0.0.1:${outsidePort}`],
        resolve: async () => local,
      });
      expect(page).toMatchObject({ kind: 'refused', reason: 'host-refused' });
      expect(outside.asked).toEqual(['/']);
    }
    expect(inside.asked).toEqual([]);
  });

  test('cannot redirect to this machine with the resolver of the system, either', async () => {
    const inside = await servePages(secret);
    const outside = await servePages({ '/': { status: 302, headers: { location: `${inside.origin}/secret` } } });
    const listed = `0.0.0.0:${new URL(outside.origin).port}`;
    const page = await fetching(`http://${listed}/`, { allowedHosts: [listed] });
    expect(page).toMatchObject({ kind: 'refused', reason: 'host-refused' });
    expect([outside.asked, inside.asked]).toEqual([['/'], []]);
  });

  test.each([
    '127.0.0.1',
    '10.1.2.3',
    '172.31.0.1',
    '192.168.1.1',
    '100.64.0.1',
    '169.254.169.254',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    '::',
    'fd00::1',
    'fe80::1',
    'ff02::1',
    '::ffff:127.0.0.1',
    '::ffff:8.8.8.8',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
  ])('that resolves to %s, even beside a public address, is refused', async (address) => {
    const { origin, asked } = await servePages(secret);
    const page = await fetching(`http://docs.example:${new URL(origin).port}/secret`, {
      allowedHosts: ['docs.example'],
      resolve: async () => [
        { address: '8.8.8.8', family: 4 },
        { address, family: address.includes(':') ? 6 : 4 },
      ],
    });
    expect(page).toMatchObject({ kind: 'refused', reason: 'host-refused' });
    expect(asked).toEqual([]);
  });

  test('is resolved once, and the connection goes to the address that was checked', async () => {
    const { origin, asked } = await servePages(secret);
    const { port } = new URL(origin);
    let resolutions = 0;
    // The name does not exist for the system's resolver: only the checked address can answer.
    const page = await fetching(`http://docs.invalid:${port}/secret`, {
      allowedHosts: ['docs.invalid', '127.0.0.1'],
      resolve: async () => (++resolutions === 1 ? local : [{ address: '10.1.2.3', family: 4 }]),
    });
    expect(page).toMatchObject({ kind: 'read' });
    expect(resolutions).toBe(1);
    expect(asked).toEqual(['/secret']);
  });
});

describe('a page', () => {
  test('comes with its format, its charset and where it was found', async () => {
    const { origin } = await servePages({
      '/old': { status: 301, headers: { location: '/new?a=1#part' } },
      '/new?a=1': {
        body: gzipSync('<p>Hello</p>'),
        headers: { 'content-encoding': 'gzip', 'content-type': 'text/html; charset="ISO-8859-1"' },
      },
    });
    const page = await fetching(`${origin}/old`);
    expect(page).toMatchObject({ kind: 'read', format: { kind: 'html' }, charset: 'ISO-8859-1' });
    if (page.kind !== 'read') return;
    expect(Buffer.from(page.bytes).toString()).toBe('<p>Hello</p>');
    expect(page.url.href).toBe(`${origin}/new?a=1#part`);
  });

  test.each<[string, Answer, string, string]>([
    ['404', { status: 404 }, 'not-found', '404'],
    ['410', { status: 410 }, 'not-found', '410'],
    ['403', { status: 403 }, 'unreadable', '403'],
    ['a picture', { headers: { 'content-type': 'image/png' } }, 'unknown-format', 'image/png'],
    ['a redirect to nowhere', { status: 302, headers: { location: 'http://' } }, 'not-found', 'no address'],
    ['a redirect to itself', { status: 302, headers: { location: '/' } }, 'not-found', 'more than 5 times'],
    [
      'a redirect to another host',
      { status: 307, headers: { location: 'http://169.254.169.254/' } },
      'host-refused',
      '169.254.169.254',
    ],
    [
      'a redirect to another host, without a scheme',
      { status: 302, headers: { location: '//example.com/x' } },
      'host-refused',
      'example.com',
    ],
    [
      'a redirect to a file',
      { status: 302, headers: { location: 'file:///etc/passwd' } },
      'host-refused',
      'not this machine',
    ],
    ['a length above the limit', { headers: { 'content-length': '200000000' } }, 'too-large', '10000000'],
    [
      'a body that unpacks beyond the limit',
      { body: gzipSync(Buffer.alloc(INGEST_LIMITS.documentBytes + 1)), headers: { 'content-encoding': 'gzip' } },
      'too-large',
      '10000000',
    ],
  ])('a definite answer counts at once: %s', async (_name, answer, reason, detail) => {
    const { origin, asked } = await servePages({ '/': answer });
    expect(await fetching(`${origin}/`)).toMatchObject({
      kind: 'refused',
      reason,
      detail: expect.stringContaining(detail),
    });
    expect(new Set(asked).size).toBe(1);
    expect(asked.length).toBe(reason === 'not-found' && detail.includes('times') ? INGEST_LIMITS.pageRedirects + 1 : 1);
  });

  test.each([500, 503, 429, 408])('a server that answers %i is asked again, and then is away', async (status) => {
    const { origin, asked } = await servePages({ '/': { status } });
    expect(await fetching(`${origin}/`)).toMatchObject({
      reason: 'unavailable',
      detail: `its server answers ${status}`,
    });
    expect(asked).toHaveLength(INGEST_LIMITS.pageTries);
  });

  test('is there when a later try finds it', async () => {
    let tries = 0;
    const { origin } = await servePages({
      '/': (_request, response) => {
        tries += 1;
        if (tries === 1) return void response.destroy();
        response.writeHead(200, { 'content-type': 'text/plain' }).end('Here.');
      },
    });
    expect(await fetching(`${origin}/`)).toMatchObject({ kind: 'read', format: { kind: 'text' } });
  });

  test('of a server that is away, or hangs before or in its answer, is unavailable', async () => {
    const { origin, close } = await servePages({});
    await close();
    expect(await fetching(`${origin}/`)).toMatchObject({
      reason: 'unavailable',
      detail: 'its server is away (ECONNREFUSED)',
    });
    const hanging = await servePages({
      '/silent': () => undefined,
      '/begun': (_request, response) => void response.writeHead(200, { 'content-type': 'text/plain' }).write('So far'),
    });
    for (const path of ['/silent', '/begun'])
      expect(await fetching(hanging.origin + path, { pageMs: 200 })).toMatchObject({
        reason: 'unavailable',
        detail: 'its server takes too long',
      });
  });

  test('is no longer waited for when the ingest is cancelled', async () => {
    const controller = new AbortController();
    const { origin } = await servePages({ '/': () => controller.abort(new Error('enough')) });
    await expect(fetching(`${origin}/`, { signal: controller.signal })).rejects.toThrow('enough');
  });
});
