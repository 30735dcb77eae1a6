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
import type { Admission, Limits } from './limits.ts';
import { faultRefusal, headersOf, keyRefusal, limitRefusal, unreadable } from './provider.ts';
import { nowMs, type OpenRecord } from './record.ts';
import type { Asked, Refusal, Route } from './route.ts';
import type { Scripts } from './scripts.ts';
import type { StandInOptions } from './stand-in.ts';
import { type Delivery, sendJson } from './wire.ts';

const mostRecords = 100_000;
const mostBodyBytes = 50_000_000;

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

/** @throws Error where the test itself is wrong: a reply that cannot be made, a refusal that is not known */
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
  const refusedKey = keyRefusal(route, key, world.options.keys);
  const read =
    refusedKey ?? (body === undefined ? unreadable(route) : route.read(body, world.options.contextTokens ?? {}));
  const tokens = read.kind === 'asked' ? read.tokens : 0;
  const admission = refusedKey === null ? world.limits.admit(route.name, record.model, tokens) : null;
  try {
    await respond(world, route, read, admission, { response, record, closed, changed: world.changed });
  } finally {
    record.endedAtMs ??= nowMs();
    admission?.done((record.billed?.inputTokens ?? 0) + (record.billed?.outputTokens ?? 0));
    world.changed();
  }
}

async function respond(
  world: World,
  route: Route,
  read: Asked | Refusal,
  admission: Admission | null,
  delivery: Omit<Delivery, 'headers'>,
): Promise<void> {
  const { record } = delivery;
  const headers = headersOf(route, record, admission);
  const refuse = (refusal: Refusal) =>
    sendJson({ ...delivery, headers: { ...headers, ...refusal.headers } }, refusal.status, refusal.body);
  if (admission?.admitted === false) {
    record.refusedByLimit = true;
    refuse(limitRefusal(route, admission));
    return;
  }
  if (read.kind === 'refusal') {
    refuse(read);
    return;
  }
  const fault = world.faults.draw(read);
  record.fault = fault?.kind ?? null;
  world.changed();
  const refusal = faultRefusal(route, fault);
  if (refusal !== null) {
    refuse(refusal);
    return;
  }
  const answer = read.answer(world.scripts.take(read, read.chat), fault);
  await deliver({ ...delivery, headers }, read, answer, fault);
}

function openRecord(world: World, route: Route, request: IncomingMessage, key: string | null): OpenRecord {
  if (world.records.length >= mostRecords) {
    throw new Error(`the stand-in remembers at most ${mostRecords} requests: reset it between tests`);
  }
  if (Number(request.headers['content-length'] ?? 0) > mostBodyBytes) {
    throw new Error(`the stand-in reads at most ${mostBodyBytes} bytes of a request`);
  }
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
