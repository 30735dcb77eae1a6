/** Which part of a passage is shown for a query, and its words in that part: by their stems, as the searches see them. */
import { termsOf } from '../lsa/corpus.ts';

const WORD = /[\p{L}\p{M}\p{N}]+/gu;
/** Words before the first that is asked for. */
const LEAD_WORDS = 6;

/** The stretch of the text that holds most of the query's words, in at most so many characters, on one line. */
export function excerptOf(text: string, query: string, characters: number): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  if (line.length <= characters) return line;
  const isAsked = askedBy(query);
  const words = [...line.matchAll(WORD)].map(({ 0: word, index }) => ({
    index,
    end: index + word.length,
    asked: isAsked(word),
  }));
  const asked = words.filter((word) => word.asked);
  const worthFrom = (start: number) =>
    asked.filter(({ index, end }) => index >= start && end <= start + characters).length;
  let [best, most] = [0, worthFrom(0)];
  for (const [at, word] of words.entries()) {
    const start = words[Math.max(0, at - LEAD_WORDS)]!.index;
    if (!word.asked || worthFrom(start) <= most) continue;
    [best, most] = [start, worthFrom(start)];
  }
  const end = Math.min(line.length, best + characters);
  return `${best > 0 ? '…' : ''}${line.slice(best, end)}${end < line.length ? '…' : ''}`;
}

/** The text with every word that the query asks for marked. */
export function highlight(text: string, query: string, mark: (word: string) => string): string {
  const isAsked = askedBy(query);
  return text.replaceAll(WORD, (word) => (isAsked(word) ? mark(word) : word));
}

function askedBy(query: string): (word: string) => boolean {
  const asked = termsOf(query);
  return (word) => [...termsOf(word).keys()].some((term) => asked.has(term));
}
