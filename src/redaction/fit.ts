/**
 * Fits redacted values to their schema again, without inventing data: cuts a text to its limit, replaces an address by
 * one that nobody has, and sets a number to null where the schema allows it. Never to 0.
 */
import type { z } from 'zod';
import { SluiceError } from '../base/errors.ts';
import type { Json } from '../plan/plan.ts';

/** What is in the place of a text that must have a form; of the addresses that RFC 6761 keeps from everybody. */
const STAND_INS: { readonly [format: string]: string } = {
  email: 'redacted@redacted.invalid',
  url: 'https://redacted.invalid/',
  uuid: '00000000-0000-0000-0000-000000000000',
  ipv4: '0.0.0.0',
  ipv6: '::',
};
const MOST_ROUNDS = 3;

type Path = readonly PropertyKey[];
/** zod's own type knows more kinds than matter here. */
interface Issue {
  readonly code?: string;
  readonly path: Path;
  readonly message: string;
  readonly origin?: string;
  readonly maximum?: number | bigint;
  readonly format?: string;
}

/**
 * @param given the value before redaction: what did not fit then is left to the schema check
 *
 * @throws SluiceError `redaction_unfit`, naming the field
 */
export function fitToSchema(schema: z.ZodType, given: Json, redacted: Json, what: string): Json {
  let value = redacted;
  for (let round = 0; round <= MOST_ROUNDS; round += 1) {
    const issues = schema.safeParse(value).error?.issues as readonly Issue[] | undefined;
    const ours = issues?.filter(({ path }) => at(value, path) !== at(given, path)) ?? [];
    if (ours.length === 0) return value;
    for (const issue of ours) {
      const mended = round < MOST_ROUNDS ? mend(issue, at(value, issue.path)) : undefined;
      if (mended === undefined) throw unfit(what, issue);
      value = put(value, issue.path, mended);
    }
  }
  return value;
}

/** Undefined where nothing can be done. */
function mend({ code, origin, maximum, format }: Issue, value: Json | undefined): Json | undefined {
  if (typeof value !== 'string') return undefined;
  if (code === 'too_big' && origin === 'string') return value.slice(0, Number(maximum)).toWellFormed();
  if (code === 'invalid_format') return STAND_INS[format ?? ''];
  return code === 'invalid_type' || code === 'invalid_union' ? null : undefined;
}

function unfit(what: string, { path, message }: Issue): SluiceError {
  const field = path.map(String).join('.') || 'the whole of it';
  return new SluiceError('redaction_unfit', {
    message: `in ${what}, '${field}' is redacted, and its schema does not take what is left: ${message}`,
    remedy: 'let the schema take a text there, or null; or take the rule out of SLUICE_REDACT or SLUICE_REDACT_FIELDS',
    data: { field },
  });
}

function at(value: Json | undefined, path: Path): Json | undefined {
  return path.reduce<Json | undefined>(
    (part, key) =>
      typeof part === 'object' && part !== null ? (part as { readonly [key: PropertyKey]: Json })[key] : undefined,
    value,
  );
}

function put(value: Json, [key, ...rest]: Path, part: Json): Json {
  if (key === undefined) return part;
  if (Array.isArray(value)) return value.map((each, place) => (place === key ? put(each, rest, part) : each));
  const object = value as { readonly [key: string]: Json };
  return { ...object, [String(key)]: put(object[String(key)]!, rest, part) };
}
