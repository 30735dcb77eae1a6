/** What finds things in texts: the built-in patterns by the engine of the language, those of a project by one that is linear. */
import { RE2JS } from 're2js';
import type { Span } from './normalise.ts';
import { PATTERNS, type Pattern } from './patterns.ts';
import type { Matcher } from './redact-text.ts';

export const PATTERN_NAMES: readonly string[] = PATTERNS.map(({ name }) => name);

/** In their own order, whichever way they are named. */
export function builtInMatchers(names: readonly string[]): readonly Matcher[] {
  return PATTERNS.filter(({ name }) => names.includes(name)).map((pattern) => ({
    name: pattern.name,
    find: (text: string) => find(pattern, text),
  }));
}

function find({ expression, hint, accept }: Pattern, text: string): readonly Span[] {
  if (hint && !hint.test(text)) return [];
  const spans: Span[] = [];
  for (const match of text.matchAll(expression)) {
    const { from, found } = partOf(match);
    const size = accept ? accept(found, text, from) : found.length;
    if (size > 0) spans.push({ from, to: from + size });
  }
  return spans;
}

/** The last group that took part, which ends where the match does but for a quote; or all of it. */
function partOf(match: RegExpExecArray): { readonly from: number; readonly found: string } {
  const [whole] = match;
  const found = match.slice(1).findLast((group) => group !== undefined && group.length > 1);
  if (found === undefined) return { from: match.index, found: whole };
  return { from: match.index + whole.lastIndexOf(found), found };
}

/**
 * A pattern of a project's own, in the syntax of RE2: its time grows with the text alone, whatever it looks like.
 *
 * @throws Error with what is wrong with it: look-around and back-references are among it
 */
export function customMatcher(name: string, source: string): Matcher {
  const expression = RE2JS.compile(source);
  return {
    name,
    find(text) {
      const matcher = expression.matcher(text);
      const spans: Span[] = [];
      while (matcher.find()) {
        const span = { from: matcher.start(0), to: matcher.end(0) };
        if (span.to > span.from) spans.push(span);
      }
      return spans;
    },
  };
}
