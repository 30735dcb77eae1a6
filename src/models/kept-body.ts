/**
 * What is kept of a call to a provider: what was sent and what came back, as data of a bounded size. Never a key or a
 * header: both are of adapters, which this does not see.
 */

import { StepFailure } from '../boundary/failure.ts';
import { cut } from '../boundary/failure-size.ts';
import type { Json } from '../plan/plan.ts';
import { storable } from '../store/storable.ts';

/** Bytes of JSON that are kept of either. */
export const KEPT_BYTES = 64 * 1024;

/** Tried one after the other, until the whole fits: texts are cut to so many characters, lists to so many items. */
const [CHARACTERS, ITEMS] = [
  [32_768, 8_192, 2_048, 512, 128],
  [1_000, 200, 50, 20, 10],
] as const;

/** The same value, its longest texts and lists cut where it has more than `KEPT_BYTES`; what is cut says so. */
export function bounded(value: Json): Json {
  if (fits(value)) return value;
  for (const [place, characters] of CHARACTERS.entries()) {
    const short = shortened(value, characters, ITEMS[place]!);
    if (fits(short)) return short;
  }
  return { left_out: `${bytesOf(value)} bytes, of which ${KEPT_BYTES} could be kept` };
}

const bytesOf = (value: Json): number => Buffer.byteLength(JSON.stringify(value));
const fits = (value: Json): boolean => bytesOf(value) <= KEPT_BYTES;

function shortened(value: Json, characters: number, items: number): Json {
  if (typeof value === 'string')
    return value.length <= characters
      ? value
      : `${value.slice(0, characters).toWellFormed()} (and ${value.length - characters} characters more)`;
  if (typeof value !== 'object' || value === null) return value;
  const within = (part: Json) => shortened(part, characters, items);
  const more = (count: number) => `(and ${count - items} more)`;
  if (Array.isArray(value)) {
    const list = value.slice(0, items).map(within);
    return value.length > items ? [...list, more(value.length)] : list;
  }
  const entries = Object.entries(value);
  const kept = entries.slice(0, items).map(([key, part]) => [key, within(part)] as const);
  return Object.fromEntries(entries.length > items ? [...kept, ['…', more(entries.length)]] : kept);
}

export type Redact = (value: Json) => Json;

/**
 * What is kept of `value`: redacted first, since what is cut could not be recognised; undefined where it has none.
 *
 * @param redact default: nothing is redacted
 */
export function keptOf(value: object | undefined, redact: Redact = (all) => all): Json | undefined {
  if (value === undefined) return undefined;
  // What is undefined goes, as it does on its way to the provider.
  return bounded(redact(storable(JSON.parse(JSON.stringify(value)) as Json)));
}

/** How a call that failed is told beside what came of its answer. */
export function errorOf(error: unknown): { readonly code: string; readonly message: string } {
  if (error instanceof StepFailure) return { code: error.code, message: cut(error.message) };
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  return { code: name, message: cut(message) };
}
