/**
 * Who calls: a bearer key, looked up by its id and proven by its secret; or a session that was begun with one. What is found
 * is kept for two seconds, so a key that is revoked holds no longer than that.
 *
 * Wrong keys are counted by address, and answered with 429 beyond a limit. A valid key is answered whatever its address sent
 * before: a client that shares its address with an attacker is not shut out.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { Context, MiddlewareHandler } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import type { ApiKeyRow, ApiKeys, Scope } from '../store/api-keys.ts';
import { SESSION_SECONDS } from '../store/api-keys.ts';
import type { Store } from '../store/store.ts';
import { addressOf } from './access-log.ts';
import { isSecret, parseApiKey } from './api-key.ts';
import type { Caller, ServerEnv } from './environment.ts';
import { problem } from './problem.ts';
import { createFailureLimit } from './request-limits.ts';
import { type AddRoutes, addRoute } from './route.ts';

const KEPT_MS = 2_000;
const KEPT_KEYS = 1_000;

export interface Authentication {
  /** The refusal of a request without a valid key or session; undefined where it has one. */
  refuse(context: Context<ServerEnv>): Promise<Response | undefined>;
  /** Lets requests pass whose key has one of the scopes. */
  requireScope(...scopes: readonly Scope[]): MiddlewareHandler<ServerEnv>;
}

export function createAuthentication(
  { apiKeys, sessions }: Pick<Store, 'apiKeys' | 'sessions'>,
  refusedPerMinute: number,
): Authentication {
  const find = keeping((keyId) => apiKeys.find(keyId));
  const refused = createFailureLimit(refusedPerMinute);

  /** Sets `caller`, once a request. */
  async function refuse(context: Context<ServerEnv>): Promise<Response | undefined> {
    if (context.get('caller') !== undefined) return undefined;
    const caller = await callerOf(context);
    if (caller instanceof Response) return caller;
    context.set('caller', caller);
    return undefined;
  }

  async function callerOf(context: Context<ServerEnv>): Promise<Caller | Response> {
    const given = /^Bearer +(\S+)$/i.exec(context.req.header('authorization') ?? '')?.[1];
    const session = given === undefined ? sessionHash(context) : undefined;
    if (given === undefined && session === undefined) return unauthorized(context, 'no key was given');
    const row = await (session === undefined ? rowOf(given!) : sessionRow(session));
    if (row !== undefined) {
      if (row.revokedAt !== null) return unauthorized(context, 'the key was revoked');
      if (row.isExpired || (row.expiresAt !== null && row.expiresAt <= Date.now()))
        return unauthorized(context, 'the key has expired');
      return { keyId: row.keyId, name: row.name, owner: row.owner, scopes: row.scopes };
    }
    // A page that goes on asking would else be counted as one that tries sessions.
    if (session !== undefined) deleteSessionCookie(context);
    const waitMs = refused.count(addressOf(context) ?? 'unknown');
    if (waitMs > 0) return tooManyRefused(context, waitMs);
    return unauthorized(context, session === undefined ? 'the key is not known' : 'the session has ended');
  }

  async function rowOf(given: string): Promise<ApiKeyRow | undefined> {
    const key = parseApiKey(given);
    const row = key && (await find(key.keyId));
    return key !== undefined && row !== undefined && isSecret(key.secret, row.secretHash) ? row : undefined;
  }

  /** Sessions are read each time: one that has ended is refused at once. */
  async function sessionRow(hash: string): Promise<ApiKeyRow | undefined> {
    const keyId = await sessions.keyOf(hash);
    return keyId === undefined ? undefined : find(keyId);
  }

  return Object.freeze({
    refuse,
    requireScope:
      (...scopes: readonly Scope[]): MiddlewareHandler<ServerEnv> =>
      async (context, next) => {
        const refused = await refuse(context);
        if (refused !== undefined) return refused;
        const { caller } = context.var;
        if (!scopes.some((scope) => caller.scopes.includes(scope))) return forbidden(context, caller, scopes);
        return next();
      },
  });
}

/** Keys that are there; one that is not is asked for each time. */
function keeping(find: ApiKeys['find']): ApiKeys['find'] {
  const kept = new Map<string, { readonly row: Promise<ApiKeyRow | undefined>; readonly until: number }>();
  return (keyId) => {
    const known = kept.get(keyId);
    if (known !== undefined && known.until > performance.now()) return known.row;
    const row = find(keyId);
    kept.delete(keyId);
    kept.set(keyId, { row, until: performance.now() + KEPT_MS });
    if (kept.size > KEPT_KEYS) kept.delete(kept.keys().next().value!);
    const forget = () => void kept.delete(keyId);
    row.then((found) => found ?? forget(), forget);
    return row;
  };
}

function unauthorized(context: Context, detail: string): Response {
  return problem(context, {
    ...{ status: 401, code: 'unauthorized', detail },
    remedy: 'send Authorization: Bearer <key>; keys are made by: sluice keys create',
    headers: { 'www-authenticate': 'Bearer realm="sluice"' },
  });
}

function forbidden(context: Context, { name }: Caller, scopes: readonly Scope[]): Response {
  return problem(context, {
    ...{ status: 403, code: 'forbidden', detail: `the key '${name}' may not do this: it needs ${scopes.join(' or ')}` },
    remedy: `use a key with that scope: sluice keys create --scope ${scopes[0]}`,
    data: { needs: scopes },
  });
}

function tooManyRefused(context: Context, waitMs: number): Response {
  context.set('refusal', 'too_many_refused');
  return problem(context, {
    ...{ status: 429, code: 'too_many_refused', detail: 'too many requests from here came with a wrong key' },
    remedy: 'wait, then send a key that holds',
    headers: { 'retry-after': String(Math.ceil(waitMs / 1_000)) },
  });
}

/**
 * Sessions of the dashboard: a cookie that an API key was exchanged for. It holds a random id; the table has its hash alone.
 * A cookie is accepted only with a header that pages of other sites cannot send without a preflight, which the server does
 * not answer for them.
 */
const COOKIE = 'sluice_session';
const SESSION_HEADER = 'x-sluice-session';
const ID_BYTES = 32;
const ID = /^[A-Za-z0-9_-]{43}$/;

/** The hash of the request's session id; undefined where it has none. */
function sessionHash(context: Context): string | undefined {
  if (context.req.header(SESSION_HEADER) === undefined) return undefined;
  const id = getCookie(context, COOKIE);
  return id === undefined || !ID.test(id) ? undefined : hashOf(id);
}

/** Sets the cookie of a new session. Returns the hash of its id, which the store keeps. */
function setSessionCookie(context: Context<ServerEnv>): string {
  const id = randomBytes(ID_BYTES).toString('base64url');
  setCookie(context, COOKIE, id, {
    ...{ httpOnly: true, sameSite: 'Strict', path: '/', maxAge: SESSION_SECONDS },
    secure: context.var.isTls,
  });
  return hashOf(id);
}

function deleteSessionCookie(context: Context): void {
  deleteCookie(context, COOKIE, { path: '/' });
}

const hashOf = (id: string): string => createHash('sha256').update(id).digest('hex');

/** `/session`: the dashboard's own way in. An API key that may read, or review, is exchanged for a cookie. */
export const addSession: AddRoutes = (app, { allow, runtime: { store, temporal }, version }) => {
  // With the key as a bearer, so that wrong ones are counted and refused as everywhere.
  addRoute(app, { allow }, 'beginSession', async ({ context }) => {
    await store.sessions.begin(setSessionCookie(context), context.var.caller.keyId);
    return undefined;
  });
  addRoute(app, { allow }, 'getSession', ({ context }) => {
    const { name, scopes } = context.var.caller;
    return { name, scopes, temporalUi: temporal.uiUrl, version };
  });
  addRoute(app, { allow }, 'endSession', async ({ context }) => {
    const hash = sessionHash(context);
    if (hash !== undefined) await store.sessions.end(hash);
    deleteSessionCookie(context);
    return undefined;
  });
};
