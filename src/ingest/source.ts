/**
 * Where documents come from: a folder, or a JSONL file. A source is listed once, which fixes its batches; each batch
 * can then be read by itself, on any worker and as often as needed, since it is a range and not a position.
 */
import { stat } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { SluiceError } from '../errors.ts';
import type { Batch, SourceEntry, SourceListing } from './entries.ts';
import { listFolder, readFolderBatch } from './folder.ts';
import { listJsonLines, readJsonLinesBatch } from './json-lines.ts';

export interface Source {
  readonly kind: 'folder' | 'jsonl';
  /** Absolute. */
  readonly path: string;
}

/**
 * Says what kind of source a path is.
 *
 * @throws SluiceError `source_missing` or `source_unknown`
 */
export async function openSource(path: string): Promise<Source> {
  const absolute = resolve(path);
  const found = await stat(absolute).catch(() => undefined);
  if (found?.isDirectory()) return { kind: 'folder', path: absolute };
  if (found?.isFile() && extname(absolute) === '.jsonl') return { kind: 'jsonl', path: absolute };
  if (found)
    throw new SluiceError('source_unknown', {
      message: `'${path}' is neither a folder nor a .jsonl file`,
      remedy: 'give the folder that holds the documents, or a .jsonl file with one document per line',
      data: { path },
    });
  throw new SluiceError('source_missing', {
    message: `there is no folder or file '${path}'`,
    remedy: 'check the path; a worker on another machine must see it under the same name',
    data: { path },
  });
}

/**
 * The batches of a source.
 *
 * @throws SluiceError `source_empty`, `source_too_large`, `source_duplicates`
 */
export async function listSource(source: Source): Promise<SourceListing> {
  const listing = await (source.kind === 'folder' ? listFolder(source.path) : listJsonLines(source.path));
  if (listing.total > 0) return listing;
  const wanted = source.kind === 'folder' ? '.md, .mdx or .txt files' : 'lines';
  throw new SluiceError('source_empty', {
    message: `'${source.path}' holds no ${wanted}`,
    remedy: 'check the path; an index is never replaced by an empty one',
    data: { path: source.path, ignored: listing.ignored },
  });
}

/** The documents of one batch, in order, each omission in its place. */
export function readBatch(source: Source, batch: Batch): AsyncIterable<SourceEntry> {
  switch (batch.kind) {
    case 'files':
      return readFolderBatch(source.path, batch);
    case 'lines':
      return readJsonLinesBatch(source.path, batch);
  }
}
