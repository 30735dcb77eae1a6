/**
 * The claim check: what is too large for a workflow's history is put into the store under the hash of its content, and
 * `{ $claim, bytes, length?, at?, path? }` travels instead. Only strings and lists are claimed, since wiring can enter
 * objects. What a workflow itself reads stays readable in it: booleans, which conditions ask, and the lengths of lists,
 * which maps go over, also those inside a claimed list (`at`).
 */
import { createHash } from 'node:crypto';
import { SluiceError } from '../base/errors.ts';
import type { Json } from '../plan/plan.ts';
import type { Database } from './database.ts';

/** Values above this many bytes of JSON are claimed. */
export const CLAIM_ABOVE_BYTES = 256 * 1024;
/** Values above this many are refused: no step should hand on that much. Temporal's own limit is 2 MiB. */
export const REFUSE_ABOVE_BYTES = 1_500_000;
/** Smaller parts are not worth a row of their own. */
const SMALLEST_CLAIM_BYTES = 1_024;
/** A longer outline of what is inside a list is left out, and then no condition can ask for it. */
const OUTLINE_BYTES = 64 * 1024;

export interface Payloads {
  put(hash: string, text: string): Promise<void>;
  get(hashes: readonly string[]): Promise<ReadonlyMap<string, string>>;
}

interface Claim {
  readonly $claim: string;
  readonly bytes: number;
  readonly length?: number;
  readonly at?: { readonly [key: string]: Json };
  readonly path?: readonly (string | number)[];
}

const isObject = (value: Json | undefined): value is { readonly [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isClaim = (value: Json): value is Claim & { readonly [key: string]: Json } =>
  isObject(value) && typeof value.$claim === 'string';
const bytesOf = (value: Json): number => Buffer.byteLength(JSON.stringify(value));

/**
 * Gives `value` back, its largest parts stored aside where it is above `CLAIM_ABOVE_BYTES`.
 *
 * @throws SluiceError `PayloadTooLarge` above `REFUSE_ABOVE_BYTES`, `claim_forged` where `value` holds what reads as a
 * claim; both name `what`.
 */
export async function storeLarge(payloads: Payloads, value: Json, what: string): Promise<Json> {
  refuseForged(value, what);
  const bytes = bytesOf(value);
  if (bytes > REFUSE_ABOVE_BYTES) throw payloadTooLarge(what, bytes);
  if (bytes <= CLAIM_ABOVE_BYTES) return value;
  const stubs = new Map<Json, Claim>();
  let rest = bytes;
  for (const part of partsOf(value).sort((a, b) => b.bytes - a.bytes)) {
    if (rest <= CLAIM_ABOVE_BYTES || part.bytes < SMALLEST_CLAIM_BYTES) break;
    const text = JSON.stringify(part.value);
    const hash = createHash('sha256').update(text).digest('hex');
    await payloads.put(hash, text);
    stubs.set(part.value, {
      $claim: hash,
      bytes: part.bytes,
      ...(Array.isArray(part.value) && shortOutline(part.value)),
    });
    rest -= part.bytes;
  }
  return replace(value, stubs);
}

/** Gives `value` back with each stub in it replaced by what it stands for. */
export async function restoreClaims(payloads: Payloads, value: Json): Promise<Json> {
  const claims = claimsIn(value);
  if (claims.length === 0) return value;
  const texts = await payloads.get([...new Set(claims.map((claim) => claim.$claim))]);
  const restored = new Map<string, Json>([...texts].map(([hash, text]) => [hash, JSON.parse(text) as Json]));
  const restore = (part: Json): Json => {
    if (isClaim(part)) return claimed(part, restored);
    if (Array.isArray(part)) return part.map(restore);
    return isObject(part) ? mapValues(part, restore) : part;
  };
  return restore(value);
}

export const hasClaim = (value: Json): boolean => claimsIn(value).length > 0;

/** Only this file makes claims: one that came from outside could read what it was never given. */
export function refuseForged(value: Json, what: string): void {
  if (!hasClaim(value)) return;
  throw new SluiceError('claim_forged', {
    message: `${what} holds an object with a text '$claim', which stands for a stored payload`,
    remedy: "use another key than '$claim'",
  });
}

export function payloadTooLarge(what: string, bytes: number): SluiceError {
  return new SluiceError('PayloadTooLarge', {
    message: `${what} is ${bytes} bytes of JSON, ${REFUSE_ABOVE_BYTES} are allowed`,
    remedy: 'hand on ids and scores instead of whole texts, or fewer items',
    data: { bytes, limit: REFUSE_ABOVE_BYTES },
  });
}

function claimed(claim: Claim, restored: ReadonlyMap<string, Json>): Json {
  const whole = restored.get(claim.$claim);
  if (whole === undefined)
    throw new SluiceError('payload_missing', {
      message: `the store holds no payload ${claim.$claim.slice(0, 12)}`,
      remedy: 'the database was replaced while this run was under way: start the run again',
    });
  return (claim.path ?? []).reduce<Json>((value, key) => (value as { readonly [key: string]: Json })[key]!, whole);
}

interface Outline {
  readonly length?: number;
  readonly at?: { readonly [key: string]: Json };
}

function shortOutline(list: readonly Json[]): Outline {
  const outline = outlineOf(list) as Outline;
  return bytesOf(outline as Json) <= OUTLINE_BYTES ? outline : { length: list.length };
}

/** What a workflow may read of a value: a boolean itself, a list's length, and by key where there is more of that. */
function outlineOf(value: Json): Json | undefined {
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'object' || value === null) return undefined;
  const inner = Object.entries(value).flatMap(([key, part]) => {
    const outline = outlineOf(part);
    return outline === undefined ? [] : [[key, outline] as const];
  });
  if (inner.length === 0 && !Array.isArray(value)) return undefined;
  return {
    ...(Array.isArray(value) && { length: value.length }),
    ...(inner.length > 0 && { at: Object.fromEntries(inner) }),
  };
}

/** The parts that may be claimed, objects entered: strings and lists with what they weigh. */
function partsOf(value: Json): { value: Json; bytes: number }[] {
  if (isObject(value)) return isClaim(value) ? [] : Object.values(value).flatMap(partsOf);
  return typeof value === 'string' || Array.isArray(value) ? [{ value, bytes: bytesOf(value) }] : [];
}

function replace(value: Json, stubs: ReadonlyMap<Json, Claim>): Json {
  const stub = stubs.get(value);
  if (stub !== undefined) return stub as unknown as Json;
  return isObject(value) ? mapValues(value, (part) => replace(part, stubs)) : value;
}

function claimsIn(value: Json): Claim[] {
  if (isClaim(value)) return [value];
  if (Array.isArray(value)) return value.flatMap(claimsIn);
  return isObject(value) ? Object.values(value).flatMap(claimsIn) : [];
}

function mapValues(of: { readonly [key: string]: Json }, change: (value: Json) => Json): Json {
  return Object.fromEntries(Object.entries(of).map(([key, value]) => [key, change(value)]));
}

/** @param isKept whether what is put outlasts the runs that put it, too: what a memo names must */
export function createPayloads(database: Database, { isKept = false }: { readonly isKept?: boolean } = {}): Payloads {
  return Object.freeze({
    async put(hash, text) {
      await database.query(
        `insert into payload (hash, body, is_kept) values ($1, $2, $3)
         on conflict (hash) do update set put_at = excluded.put_at, is_kept = payload.is_kept or excluded.is_kept`,
        [hash, text, isKept],
      );
    },
    async get(hashes) {
      const rows = await database.query<{ hash: string; body: string }>(
        'select hash, body from payload where hash = any($1::text[])',
        [hashes],
      );
      return new Map(rows.map(({ hash, body }) => [hash, body]));
    },
  } satisfies Payloads);
}
