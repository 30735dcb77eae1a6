/** What of a value people read: its text before all, and what it cites. */

import { webUrl } from '../../../src/base/web-url.ts';
import type { Json } from '../../../src/plan/plan.ts';

type JsonObject = { readonly [key: string]: Json };
const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export interface Readable {
  /** Null: it is read as what it is. */
  readonly text: string | null;
  /** What else there is; null: nothing. */
  readonly rest: JsonObject | null;
}

/** Fields that are the text, whatever else there is. */
const TEXTS = ['text', 'answer', 'question', 'query', 'content', 'output'];

export function readable(value: Json): Readable {
  if (typeof value === 'string') return { text: value, rest: null };
  if (!isObject(value)) return { text: null, rest: null };
  const isText = (name: string) => typeof value[name] === 'string';
  const texts = Object.keys(value).filter(isText);
  const name = TEXTS.find(isText) ?? (texts.length === 1 ? texts[0] : undefined);
  if (name === undefined) return { text: null, rest: null };
  const { [name]: text, ...others } = value;
  const rest = Object.fromEntries(Object.entries(others).filter(([, each]) => !isEmpty(each)));
  return { text: text as string, rest: Object.keys(rest).length === 0 ? null : rest };
}

const isEmpty = (value: Json): boolean => value === null || (Array.isArray(value) && value.length === 0);

export interface Citation {
  readonly n: number | null;
  readonly title: string;
  readonly trail: string;
  /** Only of the web. */
  readonly url: string | null;
}

/** Null: the output has no place for citations. */
export function citationsOf(output: Json): readonly Citation[] | null {
  if (!isObject(output) || !Array.isArray(output.citations)) return null;
  return output.citations.flatMap((each: Json): Citation[] => {
    if (typeof each === 'string') return [{ n: null, title: each, trail: '', url: null }];
    if (!isObject(each)) return [];
    const { n, title, url, heading } = each;
    const id = [each.passageId, each.id].find((one) => typeof one === 'string') ?? 'a passage';
    const named = typeof title === 'string' ? title : String(id);
    const trail = Array.isArray(heading) ? heading.filter((part) => typeof part === 'string' && part !== named) : [];
    return [
      {
        n: typeof n === 'number' ? n : null,
        title: named,
        trail: trail.join(' › '),
        url: webUrl(url) ?? null,
      },
    ];
  });
}
