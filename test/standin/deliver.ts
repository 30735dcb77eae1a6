/**
 * How an answer goes over the wire, and the faults that happen on the way: silence, pauses, cuts, early ends and bytes
 * that are no JSON. Every piece of text is noted with its time when it is handed to the socket.
 */
import type { Json } from '../../src/plan/plan.ts';
import { isInReply, unexpectedData } from './chat.ts';
import type { Fault } from './faults.ts';
import { type BilledUsage, nowMs } from './record.ts';
import type { Answer, Asked, Frame } from './route.ts';
import { countTokens } from './tokens.ts';
import { type Delivery, destroy, sendJson, start, untilClosed, wait, write } from './wire.ts';

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
      response.end(isInReply(asked, fault) ? text : half);
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
  let sentTokens = 0;
  record.billed = billedFor(answer.billed, sentTokens);
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
      sentTokens += countTokens(frame.piece);
      record.billed = billedFor(answer.billed, sentTokens);
      record.sentAtMs.push(nowMs());
    }
    if (frame.part === 'end') {
      record.billed = answer.billed;
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
function billedFor(whole: BilledUsage, sentTokens: number): BilledUsage {
  return { ...whole, outputTokens: Math.min(whole.outputTokens, sentTokens) };
}

function wireOf(frame: Frame, asked: Asked, fault: Fault | null): string {
  if (frame.part !== 'text') {
    return frame.wire;
  }
  if (fault?.kind === 'malformed-json' && !isInReply(asked, fault)) {
    return `${frame.wire.trimEnd().slice(0, -10)}\n\n`;
  }
  if (replacesBody(asked, fault)) {
    return frame.wire.replace(/^data: .*$/m, `data: ${JSON.stringify(unexpectedData)}`);
  }
  return frame.wire;
}

function replacesBody(asked: Asked, fault: Fault | null): boolean {
  return fault?.kind === 'wrong-schema' && !isInReply(asked, fault);
}

/** A chat's reply is long by its text already. */
function padded(asked: Asked, body: Json, bytes: number): Json {
  return asked.chat === null ? { ...(body as { readonly [key: string]: Json }), padding: ' '.repeat(bytes) } : body;
}
