/**
 * Sessions of the dashboard: a cookie that an API key was exchanged for. It holds a random id; the table has its hash alone.
 * A cookie is accepted only with a header that pages of other sites cannot send without a preflight, which the server does
 * not answer for them.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { SESSION_SECONDS } from '../store/api-keys.ts';
import type { ServerEnv } from './environment.ts';

const COOKIE = 'sluice_session';
const SESSION_HEADER = 'x-sluice-session';
const ID_BYTES = 32;
const ID = /^[A-Za-z0-9_-]{43}$/;

/** The hash of the request's session id; undefined where it has none. */
export function sessionHash(context: Context): string | undefined {
  if (context.req.header(SESSION_HEADER) === undefined) return undefined;
  const id = getCookie(context, COOKIE);
  return id === undefined || !ID.test(id) ? undefined : hashOf(id);
}

/** Sets the cookie of a new session. Returns the hash of its id, which the store keeps. */
export function setSessionCookie(context: Context<ServerEnv>): string {
  const id = randomBytes(ID_BYTES).toString('base64url');
  setCookie(context, COOKIE, id, {
    ...{ httpOnly: true, sameSite: 'Strict', path: '/', maxAge: SESSION_SECONDS },
    secure: context.var.isTls,
  });
  return hashOf(id);
}

export function deleteSessionCookie(context: Context): void {
  deleteCookie(context, COOKIE, { path: '/' });
}

const hashOf = (id: string): string => createHash('sha256').update(id).digest('hex');
