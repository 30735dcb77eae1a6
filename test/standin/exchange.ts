/**
 * One request from its first byte to its last: its key, its limit, its fault, its answer; all of it recorded. The order
 * is the providers': who is not let in is not counted, and who is over the limit is not read.
 */
import { createHash, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import type { Json } from '../../src/plan/plan.ts';
import { deliver } from './deliver.ts';
import type { Faults } from './faults.ts';
import type { Limits } from './limits.ts';
import { faultRefusal, headersOf, keyRefusal, limitRefusal, unreadable } from './provider.ts';
import { nowMs, type OpenRecord } from './record.ts';
import type { Asked, Refusal, Route } from './route.ts';
import type { Scripts } from './scripts.ts';
import type { StandInOptions } from './stand-in.ts';
import { sendJson } from './wire.ts';

/** What exchanges share. */
export interface World {
  readonly options: StandInOptions;
  readonly scripts: Scripts;
  readonly faults: Faults;
  readonly limits: Limits;
  readonly records: OpenRecord[];
  /** Called after every change of a record. */
  readonly changed: () => void;
}

export async function exchange(
  world: World,
  route: Route,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const key = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? null;
  const record = openRecord(world, route, request, key);
  const closed = watchClosing(record, response, world);
  const text = (await buffer(request).catch(() => Buffer.alloc(0))).toString('utf8');
  const body = parse(text);
  record.body = body ?? text;
  record.model = modelIn(body);
  record.streamed = streamIn(body);
  world.changed();

  const refusedKey = keyRefusal(route, key, world.options.keys);
  const read =
    refusedKey ?? (body === undefined ? unreadable(route) : route.read(body, world.options.contextTokens ?? {}));
  const tokens = read.kind === 'asked' ? read.tokens : 0;
  const admission = refusedKey === null ? world.limits.admit(route.name, record.model, tokens) : null;
  const fault = read.kind === 'asked' && admission?.admitted === true ? world.faults.draw(read) : null;
  record.refusedByLimit = admission?.admitted === false;
  record.fault = fault?.kind ?? null;
  const headers = headersOf(route, record, admission);
  const refusal =
    admission?.admitted === false ? limitRefusal(route, admission) : (refusalOf(read) ?? faultRefusal(route, fault));
  world.changed();
  if (refusal !== null) {
    sendJson({ response, headers: { ...headers, ...refusal.headers }, record }, refusal.status, refusal.body);
  } else {
    const asked = read as Asked;
    const answer = asked.answer(world.scripts.take(asked, asked.chat), fault);
    await deliver({ response, headers, record, closed, changed: world.changed }, asked, answer, fault);
  }
  record.endedAtMs ??= nowMs();
  admission?.done((record.billed?.inputTokens ?? 0) + (record.billed?.outputTokens ?? 0));
  world.changed();
}

function openRecord(world: World, route: Route, request: IncomingMessage, key: string | null): OpenRecord {
  const idempotencyKey = request.headers['idempotency-key'];
  const record: OpenRecord = {
    sequence: world.records.length + 1,
    requestId: `req_${randomUUID().replaceAll('-', '')}`,
    route: route.name,
    model: null,
    atMs: nowMs(),
    keyHash: key === null ? null : createHash('sha256').update(key).digest('hex').slice(0, 12),
    idempotencyKey: typeof idempotencyKey === 'string' ? idempotencyKey : null,
    body: null,
    streamed: false,
    status: null,
    fault: null,
    refusedByLimit: false,
    billed: null,
    usageSent: false,
    sentAtMs: [],
    closedByClientAtMs: null,
    endedAtMs: null,
  };
  world.records.push(record);
  world.changed();
  return record;
}

/** Aborts when the connection closes before everything was sent; notes when it was not we who closed it. */
function watchClosing(record: OpenRecord, response: ServerResponse, world: World): AbortSignal {
  const closing = new AbortController();
  response.on('close', () => {
    if (!response.writableFinished && record.endedAtMs === null && record.fault !== 'cut') {
      record.closedByClientAtMs = nowMs();
    }
    closing.abort();
    world.changed();
  });
  return closing.signal;
}

function refusalOf(read: Asked | Refusal): Refusal | null {
  return read.kind === 'refusal' ? read : null;
}

/** Undefined where the text is no JSON; a request without a body has null. */
function parse(text: string): Json | undefined {
  try {
    return text === '' ? null : (JSON.parse(text) as Json);
  } catch {
    return undefined;
  }
}

function fieldIn(body: Json | undefined, name: string): Json | undefined {
  return typeof body === 'object' && body !== null && !Array.isArray(body)
    ? (body as { readonly [key: string]: Json })[name]
    : undefined;
}

function modelIn(body: Json | undefined): string | null {
  const model = fieldIn(body, 'model');
  return typeof model === 'string' ? model : null;
}

function streamIn(body: Json | undefined): boolean {
  return fieldIn(body, 'stream') === true;
}
