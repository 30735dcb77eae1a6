/**
 * Whether an answer would satisfy somebody who knows what is right: what is relevant is among the first that it shows, or,
 * where the documents do not say, it does not pretend.
 */
import type { Example } from '../model/dataset.ts';
import type { Json } from '../plan/plan.ts';

type JsonObject = { readonly [key: string]: Json };

/** Null where the example says nothing that it could be held against. */
export function satisfies({ relevant = {}, expected }: Example, output: Json, looksAt: number): boolean | null {
  const shown = isObject(output) ? output : {};
  if (expected?.answerable === false) return shown.answered === false;
  const wanted = Object.entries(relevant).flatMap(([id, grade]) => (grade > 0 ? id : []));
  if (wanted.length === 0) return null;
  const ids = idsIn(shown).slice(0, looksAt);
  return shown.answered !== false && ids.some((id) => wanted.some((each) => isOf(id, each)));
}

/** What it cites; else what it found. */
function idsIn(output: JsonObject): readonly string[] {
  const cited = listOf(output.citations).flatMap((citation) => textOf(citation.passageId ?? citation.id));
  return cited.length > 0 ? cited : listOf(output.passages).flatMap((passage) => textOf(passage.id));
}

/** A passage's id begins with its document's: `guide/streaming#2`. */
const isOf = (passage: string, wanted: string): boolean => passage === wanted || passage.startsWith(`${wanted}#`);

const listOf = (value: Json | undefined): readonly JsonObject[] =>
  Array.isArray(value) ? (value as readonly Json[]).filter(isObject) : [];
const textOf = (value: Json | undefined): string[] => (typeof value === 'string' ? [value] : []);

function isObject(value: Json): value is JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
