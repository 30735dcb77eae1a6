/**
 * What a build puts into an index, and the limits on it. PostgreSQL can hold neither NUL nor lone surrogates: in texts
 * and metadata they become U+FFFD, counted; in ids, which others refer to, they are refused.
 */
import { SluiceError } from '../base/errors.ts';
import type { Json } from '../plan/plan.ts';

export interface PassageInput {
  /** Unique in the index; what a hit is known by. */
  readonly id: string;
  /** Its place in the document, from 0. */
  readonly ordinal: number;
  /** At most 4,096 bytes of UTF-8. */
  readonly text: string;
  /** Where absent, the document's. */
  readonly title?: string;
  /** The headings it stands under, outermost first. */
  readonly heading: readonly string[];
  readonly url?: string;
  readonly tokens: number;
}

export interface DocumentInput {
  /** Unique in the index. */
  readonly id: string;
  /** Of all that its passages are made from, settings aside. */
  readonly contentHash: string;
  readonly title?: string;
  readonly url?: string;
  readonly metadata?: { readonly [key: string]: Json };
  readonly passages: readonly PassageInput[];
}

export const DOCUMENT_LIMITS = Object.freeze({
  documentsPerBatch: 500,
  passagesPerBatch: 2_000,
  textBytes: 4_096,
  idBytes: 1_024,
  titleLength: 1_000,
  urlLength: 2_048,
  headings: 16,
  headingLength: 1_000,
  metadataBytes: 16_384,
});

export interface CleanBatch {
  readonly documents: readonly DocumentInput[];
  /** Passages, and documents' own fields, in which something had to be replaced. */
  readonly cleaned: number;
}

/**
 * The batch as it can be stored.
 *
 * @throws SluiceError `batch_too_large`; `document_invalid`, naming the document or passage and the limit.
 */
export function cleanBatch(documents: readonly DocumentInput[]): CleanBatch {
  const passages = documents.reduce((sum, document) => sum + document.passages.length, 0);
  if (documents.length > DOCUMENT_LIMITS.documentsPerBatch || passages > DOCUMENT_LIMITS.passagesPerBatch)
    throw new SluiceError('batch_too_large', {
      message: `a batch of ${documents.length} documents with ${passages} passages was given`,
      remedy: `give at most ${DOCUMENT_LIMITS.documentsPerBatch} documents and ${DOCUMENT_LIMITS.passagesPerBatch} passages`,
    });
  refuseRepeated(documents);
  let cleaned = 0;
  const clean = <T extends object>(value: T): T => {
    if (isStorable(value as Json)) return value;
    cleaned += 1;
    return toStorable(value as Json) as T;
  };
  const batch = documents.map((document) => {
    checkDocument(document);
    const { passages: given, ...own } = document;
    return { ...clean(own), passages: given.map(clean) };
  });
  return { documents: batch, cleaned };
}

function checkDocument(document: DocumentInput): void {
  const what = `document '${document.id.slice(0, 100)}'`;
  checkId(document.id, what);
  checkId(document.contentHash, `the content hash of ${what}`);
  check(what, 'title', 'characters', document.title?.length ?? 0, DOCUMENT_LIMITS.titleLength);
  check(what, 'url', 'characters', document.url?.length ?? 0, DOCUMENT_LIMITS.urlLength);
  const metadata = document.metadata === undefined ? '' : JSON.stringify(document.metadata);
  check(what, 'metadata', 'bytes', Buffer.byteLength(metadata), DOCUMENT_LIMITS.metadataBytes);
  for (const passage of document.passages) {
    const which = `passage '${passage.id.slice(0, 100)}' of ${what}`;
    checkId(passage.id, which);
    check(which, 'text', 'bytes', Buffer.byteLength(passage.text), DOCUMENT_LIMITS.textBytes);
    check(which, 'title', 'characters', passage.title?.length ?? 0, DOCUMENT_LIMITS.titleLength);
    check(which, 'url', 'characters', passage.url?.length ?? 0, DOCUMENT_LIMITS.urlLength);
    check(which, 'heading', 'levels', passage.heading.length, DOCUMENT_LIMITS.headings);
    const longest = Math.max(0, ...passage.heading.map((heading) => heading.length));
    check(which, 'longest heading', 'characters', longest, DOCUMENT_LIMITS.headingLength);
  }
}

function checkId(id: string, what: string): void {
  const bytes = Buffer.byteLength(id);
  if (bytes === 0 || bytes > DOCUMENT_LIMITS.idBytes || !isStorable(id))
    throw new SluiceError('document_invalid', {
      message: `${what} has an id that is empty, has NUL or lone surrogates, or is longer than ${DOCUMENT_LIMITS.idBytes} bytes`,
      remedy: 'give it another id',
      data: { id: id.slice(0, 100).toWellFormed().replaceAll('\0', '\u{FFFD}'), bytes },
    });
}

function check(what: string, field: string, unit: string, is: number, limit: number): void {
  if (is <= limit) return;
  throw new SluiceError('document_invalid', {
    message: `${what}: its ${field} has ${is} ${unit}, ${limit} are allowed`,
    remedy: `shorten the ${field}, or cut the document into smaller passages`,
    data: { field, is, limit },
  });
}

function refuseRepeated(documents: readonly DocumentInput[]): void {
  refuseRepeatedIds(documents, 'document');
  refuseRepeatedIds(
    documents.flatMap((document) => document.passages),
    'passage',
  );
}

function refuseRepeatedIds(items: readonly { readonly id: string }[], kind: string): void {
  const seen = new Set<string>();
  for (const { id } of items) {
    if (seen.has(id))
      throw new SluiceError('document_invalid', {
        message: `the ${kind} id '${id.slice(0, 100)}' occurs twice in a batch`,
        remedy: `give every ${kind} of an index an id of its own`,
      });
    seen.add(id);
  }
}

/** Whether PostgreSQL can hold every string in `value`, keys included. */
function isStorable(value: Json): boolean {
  if (typeof value === 'string') return value.isWellFormed() && !value.includes('\0');
  if (value === null || typeof value !== 'object') return true;
  if (Array.isArray(value)) return value.every(isStorable);
  return Object.entries(value).every(([key, part]) => isStorable(key) && isStorable(part));
}

/** `value` with NUL and lone surrogates replaced by U+FFFD. */
function toStorable(value: Json): Json {
  if (isStorable(value)) return value;
  if (typeof value === 'string') return value.toWellFormed().replaceAll('\0', '\u{FFFD}');
  if (Array.isArray(value)) return value.map(toStorable);
  return Object.fromEntries(
    Object.entries(value as { readonly [key: string]: Json }).map(([key, part]) => [
      toStorable(key) as string,
      toStorable(part),
    ]),
  );
}
