/**
 * Where documents come from: a folder, a JSONL file, or a list of files and addresses. A source is listed once, which
 * fixes its batches; each batch can then be read by itself, on any worker and as often as needed, since it is a range
 * and not a position.
 */
import { stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { SluiceError } from '../base/errors.ts';
import type { Batch, SourceEntry, SourceListing } from './entries.ts';
import { listFolder, readFolderBatch } from './folder.ts';
import { FORMAT_NAMES } from './formats.ts';
import type { AllowedHosts } from './hosts.ts';
import { listJsonLines, readJsonLinesBatch } from './json-lines.ts';
import { listEntries, readListBatch } from './list.ts';
import { parseSourceName } from './source-name.ts';

export interface Source {
  readonly kind: 'folder' | 'jsonl' | 'list';
  /** Absolute. */
  readonly path: string;
}

export interface SourceOptions {
  /** Hosts that the addresses of a list may name besides this machine; default none. */
  readonly allowedHosts?: AllowedHosts;
  readonly signal?: AbortSignal;
}

/**
 * Says what kind of source a name means: a path, or `list:` and the path of a list.
 *
 * @throws SluiceError `source_missing` or `source_unknown`
 */
export async function openSource(name: string): Promise<Source> {
  const { isList, path } = parseSourceName(name);
  const found = await stat(path).catch(() => undefined);
  if (isList && found?.isFile()) return { kind: 'list', path };
  if (!isList && found?.isDirectory()) return { kind: 'folder', path };
  if (!isList && found?.isFile() && extname(path) === '.jsonl') return { kind: 'jsonl', path };
  if (found)
    throw new SluiceError('source_unknown', {
      message: isList ? `the list '${path}' is no file` : `'${path}' is neither a folder nor a .jsonl file`,
      remedy: isList
        ? 'give a text file with a path or an address a line'
        : 'give the folder that holds the documents, or a .jsonl file with one document per line; files by name: --list',
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
 * @throws SluiceError `source_empty`, `source_too_large`, `source_duplicates`; of a list also `source_unreadable` and
 *   `source_host_refused`
 */
export async function listSource(source: Source, options: SourceOptions = {}): Promise<SourceListing> {
  const listing = await listKind(source, options);
  if (listing.total > 0) return listing;
  throw new SluiceError('source_empty', {
    message: `'${source.path}' holds no ${HOLDS[source.kind]}`,
    remedy: 'check the path; an index is never replaced by an empty one',
    data: { path: source.path, ignored: listing.ignored },
  });
}

const HOLDS = {
  folder: `file that is ${FORMAT_NAMES}`,
  jsonl: 'lines',
  list: 'line that names a file or an address',
} as const;

function listKind({ kind, path }: Source, { allowedHosts = [], signal }: SourceOptions): Promise<SourceListing> {
  switch (kind) {
    case 'folder':
      return listFolder(path);
    case 'jsonl':
      return listJsonLines(path);
    case 'list':
      return listEntries(path, { allowedHosts, signal });
  }
}

/** The documents of one batch, in order, each omission in its place. */
export function readBatch(source: Source, batch: Batch, options: SourceOptions = {}): AsyncIterable<SourceEntry> {
  switch (batch.kind) {
    case 'files':
      return readFolderBatch(source.path, batch);
    case 'lines':
      return readJsonLinesBatch(source.path, batch);
    case 'listed':
      return readListBatch(source.path, batch, { allowedHosts: options.allowedHosts ?? [], signal: options.signal });
  }
}
