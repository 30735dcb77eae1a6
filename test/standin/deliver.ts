/**
 * How an answer goes over the wire, and the faults that happen on the way: silence, pauses, cuts, early ends and bytes
 * that are no JSON. Every piece of text is noted with its time when it is handed to the socket.
 */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { Json } from '../../src/plan/plan.ts';
import { isInReply, unexpectedData } from './chat.ts';
import type { Fault } from './faults.ts';
import { type BilledUsage, nowMs, type OpenRecord } from './record.ts';
import type { Answer, Asked, Frame } from './route.ts';
import { countTokens } from './tokens.ts';

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

/** Resolves when nothing more is to be sent. */
export async function deliver(delivery: Delivery, asked: Asked, answer: Answer, fault: Fault | null): Promise<void> {
  const { record, response } = delivery;
  if (fault?.kind === 'hang') {
    await untilClosed(delivery);
    return;
  }
  if (fault?.kind === 'empty-body') {
    record.billed = answer.billed;
    start(delivery, 200, answer.kind === 'json' ? 'application/json' : 'text/event-stream; charset=utf-8');
    response.end();
    return;
  }
  if (answer.kind === 'stream') {
    await deliverStream(delivery, asked, answer, fault);
  } else {
    await deliverWhole(delivery, asked, answer, fault);
  }
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

async function deliverWhole(
  delivery: Delivery,
  asked: Asked,
  answer: Answer & { kind: 'json' },
  fault: Fault | null,
): Promise<void> {
  const { response, record } = delivery;
  record.billed = answer.billed; // It was generated whole, whatever becomes of it on the way.
  if (fault?.kind === 'slow') {
    await wait(fault.msPerToken, delivery);
  }
  const text = JSON.stringify(replacesBody(asked, fault) ? unexpectedData : answer.body);
  const half = text.slice(0, Math.floor(text.length / 2));
  switch (fault?.kind) {
    case 'stall':
    case 'cut':
      start(delivery, 200, 'application/json');
      await write(delivery, half);
      if (fault.kind === 'cut') {
        destroy(delivery);
      } else {
        await untilClosed(delivery);
      }
      return;
    case 'early-end':
      start(delivery, 200, 'application/json');
      response.end(half);
      return;
    case 'malformed-json':
      start(delivery, 200, 'application/json');
      response.end(isInReply({ schema: asked.chat?.schema ?? null }, fault) ? text : half);
      return;
    default:
      record.usageSent = !replacesBody(asked, fault) && !delivery.closed.aborted;
      record.sentAtMs.push(nowMs());
      sendJson(
        delivery,
        200,
        fault?.kind === 'large-body' ? padded(asked, answer.body, fault.bytes) : JSON.parse(text),
      );
  }
}

async function deliverStream(
  delivery: Delivery,
  asked: Asked,
  answer: Answer & { kind: 'stream' },
  fault: Fault | null,
): Promise<void> {
  const { response, record } = delivery;
  const stopAfter = stopsAfter(fault);
  let sent = '';
  record.billed = billedFor(answer.billed, sent);
  start(delivery, 200, 'text/event-stream; charset=utf-8');
  for (const frame of answer.frames) {
    if (frame.part === 'end' ? stopAfter < Infinity : record.sentAtMs.length >= stopAfter) {
      break;
    }
    if (frame.part === 'text') {
      if (fault?.kind === 'slow') {
        await wait(fault.msPerToken, delivery);
      }
      if (delivery.closed.aborted) {
        return;
      }
      sent += frame.piece;
      record.billed = billedFor(answer.billed, sent);
      record.sentAtMs.push(nowMs());
    }
    await write(delivery, wireOf(frame, asked, fault));
    delivery.changed();
    record.usageSent ||= frame.usage && !delivery.closed.aborted;
  }
  if (fault?.kind === 'stall') {
    await untilClosed(delivery);
  } else if (fault?.kind === 'cut') {
    destroy(delivery);
  } else {
    response.end();
  }
}

/** How many pieces are sent before the stream breaks; infinite where it does not. */
function stopsAfter(fault: Fault | null): number {
  switch (fault?.kind) {
    case 'stall':
    case 'cut':
    case 'early-end':
      return fault.afterTokens ?? 1;
    default:
      return Infinity;
  }
}
/** Of a broken stream the prompt is paid, and what was written of the reply. */
function billedFor(whole: BilledUsage, sent: string): BilledUsage {
  return { ...whole, outputTokens: Math.min(whole.outputTokens, countTokens(sent)) };
}

function wireOf(frame: Frame, asked: Asked, fault: Fault | null): string {
  if (frame.part !== 'text') {
    return frame.wire;
  }
  if (fault?.kind === 'malformed-json' && !isInReply({ schema: asked.chat?.schema ?? null }, fault)) {
    return `${frame.wire.trimEnd().slice(0, -10)}\n\n`;
  }
  if (replacesBody(asked, fault)) {
    return frame.wire.replace(/^data: .*$/m, `data: ${JSON.stringify(unexpectedData)}`);
  }
  return frame.wire;
}

function replacesBody(asked: Asked, fault: Fault | null): boolean {
  return fault?.kind === 'wrong-schema' && !isInReply({ schema: asked.chat?.schema ?? null }, fault);
}

/** A chat's reply is long by its text already. */
function padded(asked: Asked, body: Json, bytes: number): Json {
  return asked.chat === null ? { ...(body as { readonly [key: string]: Json }), padding: ' '.repeat(bytes) } : body;
}

function start({ response, headers, record }: Delivery, status: number, type: string): void {
  record.status = status;
  response.writeHead(status, { ...headers, 'content-type': type });
  response.flushHeaders();
}

/** Resolves when the bytes have left this process, so that a cut comes after them. */
async function write({ response, closed }: Delivery, text: string): Promise<void> {
  if (!closed.aborted) {
    await new Promise<void>((resolve) => response.write(text, () => resolve()));
  }
}

/** Returns early when the connection closes. */
async function wait(ms: number, { closed }: Delivery): Promise<void> {
  await pause(ms, undefined, { signal: closed }).catch(() => undefined);
}

function destroy({ response }: Delivery): void {
  response.socket?.destroy();
}

async function untilClosed({ closed }: Delivery): Promise<void> {
  if (!closed.aborted) {
    await once(closed, 'abort');
  }
}
