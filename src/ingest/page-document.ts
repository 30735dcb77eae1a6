/**
 * A page of a list as a source's entry. Whether it changed is told by its bytes and not by its ETag: that holds for
 * servers that send none, or a new one with every start; what is saved for a page that did not change is the parsing.
 */
import { contentHash, type SourceEntry } from './entries.ts';
import { type FetchOptions, fetchPage } from './fetch-page.ts';
import { isFittingId, titleFromPath } from './ids.ts';
import { INGEST_LIMITS } from './limits.ts';
import { rawDocument } from './raw-document.ts';
import { type SkipReason, skip } from './skip.ts';

/** Its id is its address as it is listed; its url is where it was found. */
export async function readPageDocument(listed: URL, options: FetchOptions): Promise<SourceEntry> {
  const id = listed.href;
  const skipped = (reason: SkipReason, detail: string): SourceEntry =>
    reason === 'unavailable'
      ? { kind: 'skip', skip: skip(id, reason, `${detail}; what the index has of it stays as it is`), keep: id }
      : { kind: 'skip', skip: skip(id, reason, detail) };
  if (!isFittingId(id)) return skipped('bad-id', `its address has more than ${INGEST_LIMITS.idBytes} bytes`);
  const page = await fetchPage(listed, options);
  if (page.kind === 'refused') return skipped(page.reason, page.detail);
  const { bytes, format, charset, url } = page;
  const raw = rawDocument({ id, name: id, url: url.href, fallbackTitle: titleOf(url) }, format, bytes, charset);
  if ('kind' in raw) return skipped(raw.reason, raw.detail);
  const language = format.kind === 'code' ? format.language : '';
  const hash = contentHash([id, url.href, format.kind, language, charset ?? '', bytes]);
  return { kind: 'document', document: { raw, contentHash: hash } };
}

function titleOf(url: URL): string {
  const path = url.pathname.replace(/\/+$/, '');
  try {
    return titleFromPath(decodeURIComponent(path)) || url.host;
  } catch {
    // Not every `%` begins an escape.
    return titleFromPath(path) || url.host;
  }
}
