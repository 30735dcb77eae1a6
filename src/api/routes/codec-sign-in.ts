/**
 * A browser's way to the codec endpoint. Temporal's UI sends a header only where it has a single sign-on, and otherwise
 * nothing but the browser's cookies for that address: so whoever looks gives their key here once, and the browser keeps it
 * for some hours, out of reach of scripts and of other sites. Each request is authorised by that key as by a header: one that
 * is revoked ends at once.
 */
import type { Hono, MiddlewareHandler } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import type { ServerEnv } from '../environment.ts';
import { limitBody } from '../limit-body.ts';

const COOKIE = 'sluice_codec';
const COOKIE_SECONDS = 8 * 3_600;
const FORM_BYTES = 10_000;
const PATH = '/codec/sign-in';
const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
  'referrer-policy': 'same-origin',
};

/** Takes the key from the cookie where a page of Temporal's UI asks and sends none; from nobody else. */
export function keyFromCookie(uiOrigin: string): MiddlewareHandler<ServerEnv> {
  return async (context, next) => {
    const key = getCookie(context, COOKIE);
    const isOfUi = context.req.header('origin') === uiOrigin;
    if (key !== undefined && isOfUi && context.req.header('authorization') === undefined)
      context.req.raw = withKey(context.req.raw, key);
    return next();
  };
}

export function addCodecSignIn(app: Hono<ServerEnv>, authorizing: readonly MiddlewareHandler<ServerEnv>[]): void {
  app.use(PATH, limitBody(FORM_BYTES, 'send the key alone'));
  app.get(PATH, (context) => context.html(page(FORM), 200, HEADERS));
  app.on('POST', PATH, keyFromForm, ...authorizing, (context) => {
    setCookie(context, COOKIE, context.req.header('authorization')!.replace(/^Bearer /, ''), {
      ...{ httpOnly: true, sameSite: 'Strict', maxAge: COOKIE_SECONDS },
      // No path: browsers then send it to what lies beside this address, wherever that is mounted.
      ...{ path: '', secure: context.var.isTls },
    });
    return context.html(page('<p>Temporal’s UI can now show payloads in this browser, for 8 hours.</p>'), 200, HEADERS);
  });
}

const keyFromForm: MiddlewareHandler<ServerEnv> = async (context, next) => {
  const { key } = await context.req.parseBody();
  const { url, method, headers } = context.req.raw;
  const bare = new Request(url, { method, headers });
  bare.headers.delete('authorization');
  context.req.raw = typeof key === 'string' && KEY.test(key.trim()) ? withKey(bare, key.trim()) : bare;
  return next();
};

/** What a cookie and a header can both carry. */
const KEY = /^[\w.~+/=-]{1,1000}$/;

function withKey(request: Request, key: string): Request {
  const headers = new Headers(request.headers);
  headers.set('authorization', `Bearer ${key}`);
  return new Request(request, { headers });
}

const FORM = `<form method="post"><p><label>An API key with the scope <code>operate</code><br>
<input name="key" type="password" autocomplete="off" required size="60"></label></p>
<p><button>Let this browser decode payloads</button></p></form>`;

const page = (body: string): string => `<!doctype html><html lang="en"><meta charset="utf-8"><title>Payloads</title>
<style>body{font:16px/1.5 system-ui,sans-serif;margin:3rem auto;max-width:40rem;padding:0 1rem}</style>
<h1>Payloads in Temporal’s UI</h1>${body}</html>`;
