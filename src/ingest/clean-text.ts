/**
 * Bytes to text that every later part can hold: valid UTF-8, no NUL (which PostgreSQL cannot store), no lone surrogate
 * (which is no character), one kind of line end.
 */

export interface CleanText {
  readonly text: string;
  /** Whether characters had to be removed or replaced. */
  readonly cleaned: boolean;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The text of a file, or undefined where the bytes are not UTF-8. A byte order mark is dropped. */
export function decodeText(bytes: Uint8Array): CleanText | undefined {
  try {
    return cleanText(utf8.decode(bytes));
  } catch {
    return undefined;
  }
}

/** Removes NUL characters, replaces lone surrogates by U+FFFD, and makes every line end a line feed. */
export function cleanText(given: string): CleanText {
  const wellFormed = given.toWellFormed();
  const text = wellFormed.replaceAll('\0', '');
  const cleaned = wellFormed !== given || text.length !== wellFormed.length;
  return { text: text.replaceAll('\r\n', '\n').replaceAll('\r', '\n'), cleaned };
}

/** Whether a text can be an identifier as it stands: no control characters, no lone surrogates, not blank. */
export function isCleanId(id: string): boolean {
  return id.trim() !== '' && id.isWellFormed() && !/\p{Cc}/u.test(id);
}
