/**
 * Answers as their wordings are compared: SQuAD's normal form (Rajpurkar and others, EMNLP 2016), in which case, punctuation,
 * articles and white space do not count; punctuation of all scripts, as in MLQA's (Lewis and others, ACL 2020), and each
 * character of a script without spaces is a word.
 */
import { citedText } from './citations.ts';
import { UNSPACED } from './terms.ts';

/** Python's `string.punctuation`, and whatever else Unicode calls so. */
const PUNCTUATION = /[\p{P}$+<=>^`|~]/gu;
const ARTICLES: ReadonlySet<string> = new Set(['a', 'an', 'the']);
const CHARACTER = new RegExp(UNSPACED.source, 'gu');
const IN_WORD = /[\p{L}\p{M}\p{N}_]/u;
const FULL_STOP = /(?<=\S)[.!?…。]{1,3}$/u;

/** The words of a text, articles among them. */
export function wordsInForm(text: string): readonly string[] {
  const plain = text.normalize('NFKC').toLowerCase().replace(PUNCTUATION, '').replace(CHARACTER, ' $& ');
  return plain.split(/\s+/u).filter((word) => word !== '');
}

export const withoutArticles = (words: readonly string[]): readonly string[] =>
  words.filter((word) => !ARTICLES.has(word));

/** Without `[1]` and its like, code left as it is. */
export function withoutCitations(text: string): string {
  const cited = citedText(0);
  return cited.push(text) + cited.end();
}

/** The harmonic mean of the shares of each side's words that the other has, each as often as both have it. */
export function wordF1(one: readonly string[], other: readonly string[]): number {
  const left = new Map<string, number>();
  for (const word of other) left.set(word, (left.get(word) ?? 0) + 1);
  let shared = 0;
  for (const word of one) {
    const count = left.get(word) ?? 0;
    if (count === 0) continue;
    left.set(word, count - 1);
    shared += 1;
  }
  return shared === 0 ? 0 : (2 * shared) / (one.length + other.length);
}

/**
 * Whether a text holds another one, whatever the case and the white space: `300` is not in `3000`, but `streamText` is in
 * `streamText({ model })`. A full stop at its end need not be there.
 */
export function holds(text: string, wanted: string): boolean {
  const [inside, sought] = [plain(text), plain(wanted).replace(FULL_STOP, '')];
  for (let at = inside.indexOf(sought); at !== -1; at = inside.indexOf(sought, at + 1)) {
    const isApart = isEdge(inside[at - 1], sought[0]) && isEdge(inside[at + sought.length], sought.at(-1));
    if (isApart) return true;
  }
  return false;
}

const plain = (text: string): string => text.normalize('NFKC').toLowerCase().replace(/\s+/gu, ' ').trim();

/** Whether no word goes on from one to the other. */
const isEdge = (outside = ' ', inside = ' '): boolean =>
  !IN_WORD.test(outside) || !IN_WORD.test(inside) || UNSPACED.test(outside) || UNSPACED.test(inside);
