/** One reply on its socket: head, bytes, pauses and the end, whoever closes it. */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { Json } from '../../src/plan/plan.ts';
import type { OpenRecord } from './record.ts';

type Headers = { readonly [name: string]: string };

export interface Delivery {
  readonly response: ServerResponse;
  readonly headers: Headers;
  readonly record: OpenRecord;
  /** Aborts when the client or the stand-in closes the connection. */
  readonly closed: AbortSignal;
  /** Called after each piece of text. */
  readonly changed: () => void;
}

export function sendJson(
  { response, headers, record }: Pick<Delivery, 'response' | 'headers' | 'record'>,
  status: number,
  body: Json,
): void {
  record.status = status;
  const text = JSON.stringify(body);
  response.writeHead(status, {
    ...headers,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}

export function start({ response, headers, record }: Delivery, status: number, type: string): void {
  record.status = status;
  response.writeHead(status, { ...headers, 'content-type': type });
  response.flushHeaders();
}

/** Resolves when the bytes have left this process, so that a cut comes after them. */
export async function write({ response, closed }: Delivery, text: string): Promise<void> {
  if (!closed.aborted) {
    await new Promise<void>((resolve) => response.write(text, () => resolve()));
  }
}

/** Returns early when the connection closes. */
export async function wait(ms: number, { closed }: Delivery): Promise<void> {
  await pause(ms, undefined, { signal: closed }).catch(() => undefined);
}

export function destroy({ response }: Delivery): void {
  response.socket?.destroy();
}

export async function untilClosed({ closed }: Delivery): Promise<void> {
  if (!closed.aborted) {
    await once(closed, 'abort');
  }
}
