/**
 * Sessions of the dashboard: a cookie that an API key was exchanged for. It is signed with the hash of the key's secret,
 * so it ends with its key, and no table is needed. It counts only beside a header that pages of other sites cannot send
 * without being asked by a preflight, which the server does not answer for them.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';

const COOKIE = 'sluice_session';
const SESSION_HEADER = 'x-sluice-session';
/** A working day and some. */
const SESSION_MS = 12 * 3_600_000;

export interface SessionToken {
  readonly keyId: string;
  /** Milliseconds since the epoch. */
  readonly until: number;
  readonly signature: string;
}

/** Undefined where none is given, or it is over. */
export function readSession(context: Context): SessionToken | undefined {
  if (context.req.header(SESSION_HEADER) === undefined) return undefined;
  const [, keyId, until, signature] =
    /^([0-9a-f]{12})\.(\d{13})\.([0-9a-f]{64})$/.exec(getCookie(context, COOKIE) ?? '') ?? [];
  if (keyId === undefined || Number(until) <= Date.now()) return undefined;
  return { keyId, until: Number(until), signature: signature! };
}

export function isSessionOf({ keyId, until, signature }: SessionToken, secretHash: string): boolean {
  return timingSafeEqual(Buffer.from(signature), Buffer.from(sign(keyId, until, secretHash)));
}

export function beginSession(context: Context, keyId: string, secretHash: string): void {
  const until = Date.now() + SESSION_MS;
  setCookie(context, COOKIE, `${keyId}.${until}.${sign(keyId, until, secretHash)}`, {
    ...{ httpOnly: true, sameSite: 'Strict', path: '/', maxAge: SESSION_MS / 1_000 },
    secure: new URL(context.req.url).protocol === 'https:',
  });
}

export function endSession(context: Context): void {
  deleteCookie(context, COOKIE, { path: '/' });
}

const sign = (keyId: string, until: number, secretHash: string): string =>
  createHmac('sha256', secretHash).update(`session\0${keyId}\0${until}`).digest('hex');
