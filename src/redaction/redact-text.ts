/**
 * Texts with what a matcher finds in them replaced. What stands for something that was removed is never looked into again,
 * so to redact twice is to redact once.
 */

import { type Normalised, normalise, type Span } from './normalise.ts';
import { partitionPoint } from './partition-point.ts';

/** What finds things of one kind. */
export interface Matcher {
  readonly name: string;
  /** In order, and none within another. */
  find(text: string): readonly Span[];
}

/** A longer text is removed whole: nothing that is stored may be so long, and a search must end. */
export const LONGEST_TEXT = 2_000_000;
/** What is left after one round may read as something else; more rounds than this nobody's text has needed. */
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
