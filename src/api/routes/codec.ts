/**
 * The codec endpoint: shows Temporal's UI and its program what was encrypted, to those who may see everything. It speaks
 * their protocol (github.com/temporalio/samples-go, codec-server/protocol.md), so it is not in the OpenAPI document.
 *
 * Mount it before the app's own body limit, which is for inputs: a page of a history is larger. And only where payloads are
 * encrypted; without keys there is nothing to decode.
 */
import type { PayloadCodec } from '@temporalio/common';
import { type Context, Hono, type MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
import { SluiceError } from '../../base/errors.ts';
import type { EncryptionKeys } from '../../config/encryption-keys.ts';
import { createPayloadCodec } from '../../temporal/encryption.ts';
import { PayloadsJson, payloadFromJson, payloadToJson } from '../codec-json.ts';
import type { ServerEnv } from '../environment.ts';
import { limitBody, requireUtf8 } from '../limit-body.ts';
import { problem, problemOf } from '../problem.ts';
import { addCodecSignIn, keyFromCookie } from './codec-sign-in.ts';

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
