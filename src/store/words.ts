/**
 * Text as it is given to PostgreSQL's own stemming. All but letters, marks and digits becomes a space, since the parser
 * would keep paths and host names whole, and case is folded here, since the server's own folding depends on its locale:
 * the same text has the same words on every server.
 */
const NO_WORD = /[^\p{L}\p{M}\p{N}]+/gu;

export function wordsOf(text: string): string {
  return text.toWellFormed().normalize('NFKC').toLowerCase().replace(NO_WORD, ' ').trim();
}
