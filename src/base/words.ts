/**
 * Text as words, the same for every index over it. All but letters, marks and digits becomes a space, since PostgreSQL's
 * parser would keep paths and host names whole, and case is folded here, since a server's own folding depends on its
 * locale: the same text has the same words everywhere.
 */
const NO_WORD = /[^\p{L}\p{M}\p{N}]+/gu;

/** The words of a text, one space between each two; empty where it has none. */
export function wordsOf(text: string): string {
  return text.toWellFormed().normalize('NFKC').toLowerCase().replace(NO_WORD, ' ').trim();
}
