/**
 * Texts with what a matcher finds in them replaced. What stands for something that was removed is never looked into again,
 * so to redact twice is to redact once.
 */

/**
 * The first index from 0 for which `isBefore` is false, by binary search; `length` where there is none. `isBefore` must be
 * true up to that index and false from it on.
 */
function partitionPoint(length: number, isBefore: (index: number) => boolean): number {
  let [low, high] = [0, length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBefore(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}

// Texts as patterns are matched with them: one form of each letter (Unicode NFKC), digit, hyphen and space, without
// characters that are not seen. What is found is mapped back to the text as it was written, of which nothing else changes.

/** Where something was found, and up to where (exclusive). */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface Normalised {
  readonly text: string;
  /** The part of the original text that a part of the normalised one was made of. */
  originalOf(span: Span): Span;
}

/** Control characters but for tabs and ends of lines. */
const CONTROL = String.raw`[\p{Cc}--[\t\n\v\f\r]]`;
/** Dashes, and what looks like one: modifier minus, hyphen bullet, minus, box drawing, heavy minus, long vowel mark. */
const HYPHENS = String.raw`\p{Pd}\u02d7\u2043\u2212\u2500\u2796\u30fc`;
/** The blank Braille pattern is no separator to Unicode. */
const SPACES = String.raw`\p{Zs}\u2800`;
const LINES = String.raw`\u0085\u2028\u2029`;
/** Zero-width spaces and joiners, soft hyphens, direction marks, variation selectors, control characters, annotations. */
const INVISIBLES = String.raw`\p{Default_Ignorable_Code_Point}\p{Cf}\ufffc${CONTROL}`;
/** Rows of digits from 1 to 9 in brackets, circles or with full stops, which NFKC leaves or writes with these. */
const ROWS_OF_DIGITS = [0x2474, 0x2488, 0x24f5, 0x2776, 0x2780, 0x278a];
const DECORATED = `[${ROWS_OF_DIGITS.map((from) => `\\u${from.toString(16)}-\\u${(from + 8).toString(16)}`).join('')}]`;

const UNUSUAL = new RegExp(String.raw`[\P{ASCII}${CONTROL}]`, 'v');
const HYPHEN = new RegExp(`[${HYPHENS}]`, 'gv');
const SPACE = new RegExp(`[${SPACES}]`, 'gv');
const LINE = new RegExp(`[${LINES}]`, 'gv');
/** Marks that do not compose with their character (an underline, a frame) are dropped with what is invisible. */
const UNSEEN = new RegExp(String.raw`[\p{M}${INVISIBLES}]`, 'gv');
const DIGIT = /[\p{Nd}--[0-9]]/gv;
const DECORATED_DIGIT = new RegExp(DECORATED, 'gv');
const MARK = /\p{M}/u;
/** What may have another form. */
const CHANGEABLE = new RegExp(
  String.raw`[[\p{Changes_When_NFKC_Casefolded}\p{Nd}${HYPHENS}${SPACES}${LINES}${INVISIBLES}${DECORATED}]--[[\p{ASCII}]--${CONTROL}]]`,
  'gv',
);
/** A character with its combining marks is composed with them; at most as many as in Unicode's Stream-Safe format. */
const CHANGEABLE_OR_MARKED = new RegExp(String.raw`\P{M}?\p{M}{1,30}|${CHANGEABLE.source}`, 'gv');
/** One that becomes more characters (a ligature of words) is left as it is, so that no text grows without bound. */
const MOST_CHARACTERS = 4;

/** Undefined where the text is its own normalised form. */
export function normalise(text: string): Normalised | undefined {
  if (!UNUSUAL.test(text)) return undefined;
  const parts: string[] = [];
  /** Where lengths differ, in order: up to where in the normalised text, and in the original. */
  const changed: { readonly from: number; readonly to: number; readonly original: Span }[] = [];
  let [copied, length] = [0, 0];
  const add = (part: string) => {
    parts.push(part);
    length += part.length;
  };
  for (const { index, 0: character } of text.matchAll(MARK.test(text) ? CHANGEABLE_OR_MARKED : CHANGEABLE)) {
    const made = normalForm(character);
    if (made === character) continue;
    add(text.slice(copied, index));
    copied = index + character.length;
    changed.push({ from: length, to: length + made.length, original: { from: index, to: copied } });
    add(made);
  }
  if (changed.length === 0) return undefined;
  add(text.slice(copied));
  const offsetOf = (place: number, isEnd: boolean): number => {
    const after = partitionPoint(changed.length, (index) => {
      const { from } = changed[index]!;
      return from < place || (from === place && !isEnd);
    });
    const before = changed[after - 1];
    if (before === undefined) return place;
    const { from, to, original } = before;
    // Within a changed character: all of it.
    if (isEnd ? place > from && place <= to : place >= from && place < to) return isEnd ? original.to : original.from;
    return original.to + (place - to);
  };
  return {
    text: parts.join(''),
    originalOf: ({ from, to }) => ({ from: offsetOf(from, false), to: offsetOf(to, true) }),
  };
}

/** Cached forms: few characters change. Bounded in size. */
const forms = new Map<string, string>();
const MOST_FORMS = 10_000;

function normalForm(character: string): string {
  const known = forms.get(character);
  if (known !== undefined) return known;
  const form = formOf(character);
  if (forms.size < MOST_FORMS) forms.set(character, form);
  return form;
}

function formOf(character: string): string {
  const composed = character.replace(DECORATED_DIGIT, decoratedDigitOf).normalize('NFKC');
  return (composed.length > MOST_CHARACTERS ? character : composed)
    .replace(LINE, '\n')
    .replace(UNSEEN, '')
    .replace(HYPHEN, '-')
    .replace(SPACE, ' ')
    .replace(DIGIT, digitOf);
}

function decoratedDigitOf(digit: string): string {
  const code = digit.codePointAt(0)!;
  return String(code - ROWS_OF_DIGITS.findLast((from) => from <= code)! + 1);
}

/** Unicode has the decimal digits of every script from 0 to 9 in a row, and rows of ten next to each other. */
function digitOf(digit: string): string {
  const code = digit.codePointAt(0)!;
  let zero = code;
  while (/^\p{Nd}$/u.test(String.fromCodePoint(zero - 1))) zero -= 1;
  return String((code - zero) % 10);
}

/** What finds things of one kind. */
export interface Matcher {
  readonly name: string;
  /** In order, and none within another. */
  find(text: string): readonly Span[];
}

/** A longer text is removed whole: nothing that is stored may be so long, and a search must end. */
export const LONGEST_TEXT = 2_000_000;
/** One round may reveal another match; no known text needs more rounds than this. */
const MOST_ROUNDS = 8;

export const placeholder = (name: string): string => `[redacted:${name}]`;
/** In place of a field's value. */
export const REDACTED = '[redacted]';
/** Letters only: what is made to look like one must not carry a number out. */
const PLACEHOLDER = /\[redacted(?::[a-z-]{1,40})?\]/g;

export const isPlaceholder = (text: string): boolean => text.replace(PLACEHOLDER, '') === '' && text !== '';

export function redactText(matchers: readonly Matcher[], given: string): string {
  if (given.length > LONGEST_TEXT) return placeholder('too-long');
  let text = given;
  let normalised = normalise(text);
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const before = text;
    for (const matcher of matchers) {
      const next = replaceFound(text, normalised, matcher);
      if (next === text) continue;
      text = next;
      normalised = normalise(text);
    }
    if (text === before) return text;
  }
  return text;
}

/** As it was written, too: a project's own pattern may name a character that is another one when normalised. */
function findIn(text: string, normalised: Normalised | undefined, matcher: Matcher): readonly Span[] {
  const spans = matcher.find(text);
  if (normalised === undefined) return spans;
  return joined([...spans, ...matcher.find(normalised.text).map(normalised.originalOf)]);
}

/** In order; those that overlap are one. */
function joined(spans: readonly Span[]): readonly Span[] {
  const all: Span[] = [];
  for (const span of spans.toSorted((a, b) => a.from - b.from)) {
    const last = all.at(-1);
    if (last === undefined || span.from >= last.to) all.push(span);
    else all[all.length - 1] = { from: last.from, to: Math.max(last.to, span.to) };
  }
  return all;
}

function replaceFound(text: string, normalised: Normalised | undefined, matcher: Matcher): string {
  const spans = findIn(text, normalised, matcher);
  if (spans.length === 0) return text;
  const held = text.includes('[redacted') ? placeholdersIn(text) : [];
  const parts: string[] = [];
  let at = 0;
  for (const span of spans) {
    const { from, to } = around(span, held);
    // Within a placeholder, or what an earlier one of these has taken in.
    if (from === to || from < at) continue;
    parts.push(text.slice(at, from), placeholder(matcher.name));
    at = to;
  }
  return parts.length === 0 ? text : [...parts, text.slice(at)].join('');
}

const placeholdersIn = (text: string): readonly Span[] =>
  Array.from(text.matchAll(PLACEHOLDER), ({ index, 0: found }) => ({ from: index, to: index + found.length }));

/**
 * The span with the whole of each placeholder that it cuts; empty where it lies in one. A binary search, since a text may
 * have as many spans as placeholders.
 */
function around({ from, to }: Span, held: readonly Span[]): Span {
  const first = held[partitionPoint(held.length, (index) => held[index]!.to <= from)];
  if (first === undefined || first.from >= to) return { from, to };
  if (first.from <= from && first.to >= to) return { from, to: from };
  const last = held[partitionPoint(held.length, (index) => held[index]!.from < to) - 1]!;
  return { from: Math.min(from, first.from), to: Math.max(to, last.to) };
}
