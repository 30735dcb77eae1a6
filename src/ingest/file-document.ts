/** A file of a folder or of a list as a source's entry: the document, or why there is none. */
import { contentHash, type SourceEntry } from './entries.ts';
import { FORMAT_NAMES, formatOfPath } from './formats.ts';
import { isFittingId, titleFromPath } from './ids.ts';
import { INGEST_LIMITS } from './limits.ts';
import { limitOf, rawDocument } from './raw-document.ts';
import { readWholeFile } from './read-file.ts';
import { type SkipReason, skip } from './skip.ts';

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
