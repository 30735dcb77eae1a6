/**
 * The codec endpoint: shows Temporal's UI and its program what was encrypted, to those who may see everything. It speaks
 * their protocol (github.com/temporalio/samples-go, codec-server/protocol.md), so it is not in the OpenAPI document.
 *
 * Mount it before the app's own body limit, which is for inputs: a page of a history is larger. And only where payloads are
 * encrypted; without keys there is nothing to decode.
 */
import type { Payload, PayloadCodec } from '@temporalio/common';
import { type Context, Hono, type MiddlewareHandler } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { cors } from 'hono/cors';
import { z } from 'zod';
import { SluiceError } from '../../base/errors.ts';
import type { EncryptionKeys } from '../../config/encryption-keys.ts';
import { createPayloadCodec } from '../../temporal/encryption.ts';
import type { ServerEnv } from '../environment.ts';
import { problem, problemOf } from '../problem.ts';
import { limitBody, requireUtf8 } from '../request-limits.ts';

/** A page of a history; its largest payload is 2 MB, and base64 makes a third more of it. */
const BODY_BYTES = 16_000_000;
/** How long a browser may keep what the preflight said. */
const PREFLIGHT_SECONDS = 600;
const PATHS = ['/codec/decode', '/codec/encode'] as const;

export interface CodecRouteOptions {
  readonly keys: EncryptionKeys;
  /** Where people open Temporal's UI: pages of no other origin may ask. */
  readonly uiUrl: string;
  /** Refuses whoever may not see everything. */
  readonly authorize: MiddlewareHandler<ServerEnv> | readonly MiddlewareHandler<ServerEnv>[];
}

/** `POST /codec/decode`, `POST /codec/encode`, and `/codec/sign-in`, for browsers that can send no key by themselves. */
export function createCodecRoutes({ keys, uiUrl, authorize }: CodecRouteOptions): Hono<ServerEnv> {
  const codec = createPayloadCodec(keys);
  const { origin } = new URL(uiUrl);
  const authorizing = [authorize].flat();
  const app = new Hono<ServerEnv>();
  app.onError((error, context) => problemOf(context, error));
  for (const path of PATHS) {
    app.use(path, refuseOtherOrigins(origin));
    app.use(
      path,
      cors({
        origin,
        allowMethods: ['POST'],
        allowHeaders: ['Authorization', 'X-Namespace', 'Content-Type'],
        credentials: true,
        maxAge: PREFLIGHT_SECONDS,
      }),
    );
    app.use(path, keyFromCookie(origin));
    for (const middleware of authorizing) app.use(path, middleware);
    app.use(path, limitBody(BODY_BYTES, 'send fewer payloads at a time'), requireUtf8);
  }
  app.post('/codec/decode', (context) => recode(context, codec, 'decode'));
  app.post('/codec/encode', (context) => recode(context, codec, 'encode'));
  addCodecSignIn(app, authorizing);
  return app;
}

/** Programs send no origin. A page that sends another one is told nothing, whatever key it has. */
function refuseOtherOrigins(origin: string): MiddlewareHandler<ServerEnv> {
  return async (context, next) => {
    const given = context.req.header('origin');
    if (given === undefined || given === origin) return next();
    return problem(context, {
      ...{ status: 403, code: 'origin_refused', detail: `only pages of ${origin} may ask for payloads` },
      remedy: "open Temporal's UI at that address, or set SLUICE_TEMPORAL_UI to the one that it has",
    });
  };
}

async function recode(context: Context<ServerEnv>, codec: PayloadCodec, way: 'decode' | 'encode'): Promise<Response> {
  // Only such a request is asked about by browsers before they send it from another page.
  if (!/^application\/json\b/i.test(context.req.header('content-type') ?? ''))
    return problem(context, {
      ...{ status: 415, code: 'media_type_unsupported', detail: 'the request is not JSON' },
      remedy: 'send JSON, with Content-Type: application/json',
    });
  const body: unknown = await context.req.json().catch(() => undefined);
  const parsed = PayloadsJson.safeParse(body);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return malformed(context, issue ? `${issue.path.join('.') || 'the body'}: ${issue.message}` : 'unreadable');
  }
  const { payloads } = parsed.data;
  const given = payloads.map(payloadFromJson);
  try {
    const recoded = await codec[way](given);
    const answer = { payloads: recoded.map((each, at) => (each === given[at] ? payloads[at]! : payloadToJson(each))) };
    return context.json(answer, 200, { 'cache-control': 'no-store' });
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    const { code, message: detail, remedy, data } = error;
    // The protocol's status for what cannot be decoded: of others, the UI tries again.
    return problem(context, { status: 400, code, detail, remedy, data });
  }
}

const malformed = (context: Context, why: string): Response =>
  problem(context, {
    ...{ status: 400, code: 'request_malformed', detail: `the request holds no payloads: ${why}` },
    remedy: 'send {"payloads":[{"metadata":{"<name>":"<base64>"},"data":"<base64>"}]}',
  });

/**
 * A browser's way to the codec endpoint. Temporal's UI sends a header only where it has a single sign-on, and otherwise
 * nothing but the browser's cookies for that address: so whoever looks gives their key here once, and the browser keeps it
 * for some hours, out of reach of scripts and of other sites. Each request is authorised by that key as by a header: one that
 * is revoked ends at once.
 */
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
function keyFromCookie(uiOrigin: string): MiddlewareHandler<ServerEnv> {
  return async (context, next) => {
    const key = getCookie(context, COOKIE);
    const isOfUi = context.req.header('origin') === uiOrigin;
    if (key !== undefined && isOfUi && context.req.header('authorization') === undefined)
      context.req.raw = withKey(context.req.raw, key);
    return next();
  };
}

function addCodecSignIn(app: Hono<ServerEnv>, authorizing: readonly MiddlewareHandler<ServerEnv>[]): void {
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

/** More than a page of a history holds. */
const MOST_PAYLOADS = 10_000;
const MOST_METADATA = 50;

/** Protobuf lets readers take either alphabet, with padding or without. */
const Bytes = z.string().regex(/^[A-Za-z0-9+/_-]*={0,2}$/, 'it is not base64');
/** What else a payload has, such as where its bytes are stored, goes through as it came. */
const PayloadJson = z.looseObject({
  metadata: z
    .record(z.string().max(1_000), Bytes)
    .refine((metadata) => Object.keys(metadata).length <= MOST_METADATA, `${MOST_METADATA} entries are allowed`)
    .nullish(),
  data: Bytes.nullish(),
});
export type PayloadJson = z.infer<typeof PayloadJson>;

/** An empty message may leave out its empty list. */
const PayloadsJson = z.looseObject({ payloads: z.array(PayloadJson).max(MOST_PAYLOADS).default([]) });

const bytesOf = (text: string): Uint8Array => Buffer.from(text, 'base64');
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

function payloadFromJson({ metadata, data }: PayloadJson): Payload {
  return {
    metadata: Object.fromEntries(Object.entries(metadata ?? {}).map(([name, text]) => [name, bytesOf(text)])),
    data: bytesOf(data ?? ''),
  };
}

function payloadToJson({ metadata, data }: Payload): PayloadJson {
  return {
    metadata: Object.fromEntries(Object.entries(metadata ?? {}).map(([name, bytes]) => [name, textOf(bytes)])),
    data: textOf(data ?? new Uint8Array()),
  };
}
