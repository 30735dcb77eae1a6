/**
 * Bytes to text that every later part can hold: valid UTF-8, no NUL (which PostgreSQL cannot store), no lone surrogate
 * (which is no character), one kind of line end.
 */

export interface CleanText {
  readonly text: string;
  /** Whether characters had to be removed or replaced. */
  readonly cleaned: boolean;
}

/** A larger part of NULs is no stray: the bytes are UTF-16, or no text. */
const NUL_SHARE = 0.25;

/**
 * The text of a file, or undefined where its bytes are none in that charset. A byte order mark is dropped.
 *
 * @param charset a name as the web knows them, such as `windows-1252`; default UTF-8
 */
export function decodeText(bytes: Uint8Array, charset = 'utf-8'): CleanText | undefined {
  try {
    const text = new TextDecoder(charset, { fatal: true }).decode(bytes);
    return nulsIn(text) > text.length * NUL_SHARE ? undefined : cleanText(text);
  } catch {
    // The decoder rejects the bytes, or the charset is unknown.
    return undefined;
  }
}

function nulsIn(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\0'); at !== -1; at = text.indexOf('\0', at + 1)) count += 1;
  return count;
}

const BYTE_ORDER_MARKS = [
  ['\u00ef\u00bb\u00bf', 'utf-8'],
  ['\u00ff\u00fe', 'utf-16le'],
  ['\u00fe\u00ff', 'utf-16be'],
] as const;

/** The charset that an HTML page names in its first kilobyte, as browsers look for it. */
export function declaredCharset(bytes: Uint8Array): string | undefined {
  const start = Buffer.from(bytes.subarray(0, 1_024)).toString('latin1');
  const [, charset] = BYTE_ORDER_MARKS.find(([mark]) => start.startsWith(mark)) ?? [];
  if (charset !== undefined) return charset;
  const named = /<meta[^>]+charset\s*=\s*["']?\s*(?<charset>[\w-]+)/i.exec(start)?.groups?.charset?.toLowerCase();
  // A page readable as Latin-1 is not in UTF-16, even if it claims so.
  return named?.startsWith('utf-16') ? undefined : named;
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
