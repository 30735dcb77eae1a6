/**
 * A plan's identity is its content: the SHA-256 of its canonical JSON (RFC 8785), so that equal definitions have equal
 * ids on every machine and at any time. The hash is computed in plain JavaScript because definitions are also
 * loaded where `node:` modules may not be.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import canonicalize from 'canonicalize';
import { SluiceError } from '../base/errors.ts';
import type { Json, Plan } from './plan.ts';

const SHORT_LENGTH = 12;

/**
 * JSON in the one form RFC 8785 gives it: keys sorted by UTF-16 code unit, numbers as JavaScript prints them.
 *
 * @throws SluiceError `json_not_canonical` for what JSON cannot hold: NaN, infinities, lone surrogates, cycles.
 */
export function canonicalJson(json: Json): string {
  try {
    const text = canonicalize(json);
    if (text !== undefined) return text;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw notJson(why, cause);
  }
  throw notJson(`${typeof json} has no JSON form`);
}

/** Whether both are the same value; absent is the same as absent alone. */
export function isSameJson(one: Json | undefined, other: Json | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return canonicalJson(one) === canonicalJson(other);
}

/** SHA-256 of the canonical JSON, 64 hex digits. */
export function hashJson(json: Json): string {
  return bytesToHex(sha256(utf8ToBytes(canonicalJson(json))));
}

/** The identity of a plan, 64 hex digits. */
export function planId(plan: Plan): string {
  return hashJson(plan as unknown as Json);
}

/** The first 12 hex digits: what is shown; any unique prefix of an id is accepted where an id is asked. */
export function shortId(id: string): string {
  return id.slice(0, SHORT_LENGTH);
}

/** UTF-8 bytes of the canonical JSON. */
export function canonicalBytes(json: Json): number {
  return utf8ToBytes(canonicalJson(json)).length;
}

function notJson(why: string, cause?: unknown): SluiceError {
  return new SluiceError('json_not_canonical', {
    message: `the value cannot be written as canonical JSON: ${why}`,
    remedy: 'use only null, booleans, finite numbers, well-formed strings, lists and plain objects',
    cause,
  });
}
