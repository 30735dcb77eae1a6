/** Passages in the outputs of steps, under any field name, and which of them an answer cites. */

import { webUrl } from '../base/web-url.ts';
import type { Json } from './plan.ts';

export interface Passage {
  readonly id: string;
  readonly score: number | null;
  readonly text: string;
  readonly title: string | null;
  readonly url: string | null;
  readonly heading: readonly string[];
}

/** A list of passages that a value has, by the field it is in. */
export interface PassageList {
  readonly field: string;
  readonly passages: readonly Passage[];
}

type JsonObject = { readonly [key: string]: Json };
const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const textOf = (value: Json | undefined): string | null => (typeof value === 'string' ? value : null);

/** Everything with an id and a text. */
export function passageLists(value: Json): readonly PassageList[] {
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([field, list]) => {
    if (!Array.isArray(list) || list.length === 0) return [];
    const passages = list.map(passageOf);
    return passages.every((passage) => passage !== null) ? [{ field, passages }] : [];
  });
}

function passageOf(value: Json): Passage | null {
  if (!isObject(value) || typeof value.id !== 'string' || typeof value.text !== 'string') return null;
  const { id, text, score, heading } = value;
  return {
    ...{ id, text, title: textOf(value.title), url: webUrl(value.url) ?? null },
    score: typeof score === 'number' ? score : null,
    heading: Array.isArray(heading) ? heading.filter((part) => typeof part === 'string') : [],
  };
}

/** Ids of the passages that an output cites, and with which number; null where it has no citations. */
export function citedIn(output: Json): ReadonlyMap<string, string> | null {
  if (!isObject(output) || !Array.isArray(output.citations)) return null;
  return new Map(
    output.citations.flatMap((citation: Json): [string, string][] => {
      if (typeof citation === 'string') return [[citation, '']];
      if (!isObject(citation)) return [];
      const id = textOf(citation.passageId) ?? textOf(citation.id);
      return id === null ? [] : [[id, typeof citation.n === 'number' ? `[${citation.n}]` : '']];
    }),
  );
}
