/** A file of a folder or of a list as a source's entry: the document, or why there is none. */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { extname } from 'node:path';
import { declaredCharset, decodeText, isCleanId } from './clean-text.ts';
import type { RawDocument } from './document.ts';
import { contentHash, type SourceEntry } from './entries.ts';
import { FORMAT_NAMES, type Format, formatOfPath } from './formats.ts';
import { INGEST_LIMITS } from './ingest-limits.ts';
import { type Refusal, refused, type SkipReason, skip } from './skip.ts';

/** @param file `path` is where it is, `name` what it is called: its path in the source */
export async function readFileDocument(file: {
  readonly path: string;
  readonly name: string;
  readonly id: string;
}): Promise<SourceEntry> {
  const { path, name, id } = file;
  const skipped = (reason: SkipReason, detail: string): SourceEntry => ({
    kind: 'skip',
    skip: skip(name, reason, detail),
    // Half of a file is no reason to drop the whole one that the index has.
    ...(reason === 'changing' && { keep: id }),
  });
  if (!isFittingId(id))
    return skipped('bad-id', `its path is no id: up to ${INGEST_LIMITS.idBytes} bytes without control characters`);
  const format = formatOfPath(name);
  if (format === undefined) return skipped('unknown-format', `its extension is none of ${FORMAT_NAMES}`);
  const read = await readWholeFile(path, limitOf(format));
  if (read.kind === 'refused') return skipped(read.reason, read.detail);
  const raw = rawDocument({ id, name, fallbackTitle: titleFromPath(name) }, format, read.bytes);
  if ('kind' in raw) return skipped(raw.reason, raw.detail);
  return { kind: 'document', document: { raw, contentHash: contentHash([name, read.bytes]) } };
}

/** The names of a document, and its known facts. */
export interface Naming {
  readonly id: string;
  readonly name: string;
  readonly fallbackTitle: string;
  readonly url?: string;
}

/** @param charset as its server says it; else HTML says it itself, and everything else is UTF-8 */
export function rawDocument(
  naming: Naming,
  format: Format,
  bytes: Uint8Array,
  charset?: string,
): RawDocument | Refusal {
  if (format.kind === 'pdf') return { ...naming, format: 'pdf', bytes };
  const label = charset ?? (format.kind === 'html' ? declaredCharset(bytes) : undefined);
  const decoded = decodeText(bytes, label);
  if (decoded === undefined)
    return refused('not-utf8', `its bytes are not ${label ?? 'UTF-8'}: convert it to UTF-8, for example with iconv`);
  const text = { ...naming, text: decoded.text, mended: decoded.cleaned };
  return format.kind === 'code'
    ? { ...text, format: 'code', language: format.language }
    : { ...text, format: format.kind };
}

/** Bytes that a document of this format may have. */
export const limitOf = (format: Format): number =>
  format.kind === 'pdf' ? INGEST_LIMITS.pdfBytes : INGEST_LIMITS.documentBytes;

// Names of file documents. An id is the path without extension, so that it survives a change of format. Where two files
// would share it, and for source code, whose extension distinguishes `a.c` from `a.h`, it is the whole path.

/** An id for each of these paths, all different where the paths are. */
export function idsOf(paths: readonly string[]): ReadonlyMap<string, string> {
  // With `a.html` present, `a.md` has its path as id, which `a.md.txt` then cannot have.
  const seen = new Set<string>(paths);
  const shared = new Set<string>();
  for (const id of paths.map(shortId)) (seen.has(id) ? shared : seen).add(id);
  return new Map(paths.map((path) => [path, shared.has(shortId(path)) ? path : shortId(path)]));
}

const shortId = (path: string) => (formatOfPath(path)?.kind === 'code' ? path : withoutExtension(path));

export const isFittingId = (id: string): boolean => isCleanId(id) && Buffer.byteLength(id) <= INGEST_LIMITS.idBytes;

/** `guides/02-getting-started.md` is 'getting started'. */
export function titleFromPath(path: string): string {
  const name = withoutExtension(path).split('/').at(-1)!;
  return (
    name
      .replace(/^\d+[-_. ]+/, '')
      .replace(/[-_]+/g, ' ')
      .trim() || name
  );
}

const withoutExtension = (path: string) => path.slice(0, path.length - extname(path).length);

// A whole file, as it was at one moment. Files are written while they are read, grow, vanish, or are no files at all:
// its size is checked before anything is read, and what was read counts only where the file was the same afterwards.

export type Read = { readonly kind: 'read'; readonly bytes: Uint8Array };

/** Times a file is read that changes meanwhile. */
const TRIES = 3;

/** At most `limitBytes`; a larger file is refused unread. */
export async function readWholeFile(path: string, limitBytes: number): Promise<Read | Refusal> {
  let handle: FileHandle;
  try {
    // Does not wait for the other end of a pipe.
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    return unreadable(error);
  }
  try {
    return await readHandle(handle, limitBytes);
  } catch (error) {
    return unreadable(error);
  } finally {
    await handle.close();
  }
}

async function readHandle(handle: FileHandle, limitBytes: number): Promise<Read | Refusal> {
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    const before = await handle.stat({ bigint: true });
    if (!before.isFile()) return refused('unreadable', 'it is no regular file');
    if (before.size > limitBytes)
      return refused('too-large', `it has ${before.size} bytes, ${limitBytes} are allowed: split it`);
    const bytes = await readUpTo(handle, Number(before.size) + 1);
    const after = await handle.stat({ bigint: true });
    const isSame = before.mtimeNs === after.mtimeNs && BigInt(bytes.length) === after.size;
    if (isSame) return { kind: 'read', bytes };
  }
  return refused('changing', `it was written to each of the ${TRIES} times it was read: ingest it when it is done`);
}

/** Reads from the beginning. */
async function readUpTo(handle: FileHandle, most: number): Promise<Uint8Array> {
  const buffer = Buffer.alloc(most);
  let length = 0;
  while (length < most) {
    const { bytesRead } = await handle.read(buffer, length, most - length, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return buffer.subarray(0, length);
}

const unreadable = (error: unknown): Refusal =>
  refused('unreadable', `it cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'})`);
