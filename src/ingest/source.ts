/**
 * Where documents come from: a folder, a JSONL file, or a list of files and addresses. A source is listed once, which
 * fixes its batches; each batch can then be read by itself, on any worker and as often as needed, since it is a range
 * and not a position.
 */
import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import { SluiceError } from '../base/errors.ts';
import { type Batch, batchSize, type FileBatch, groupBySize, type SourceEntry, type SourceListing } from './entries.ts';
import { idsOf, readFileDocument } from './file-document.ts';
import { FORMAT_NAMES, formatOfPath } from './formats.ts';
import type { AllowedHosts } from './hosts.ts';
import { INGEST_LIMITS } from './ingest-limits.ts';
import { listJsonLines, readJsonLinesBatch } from './json-lines.ts';
import { listEntries, readListBatch } from './list.ts';
import { skip } from './skip.ts';
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

interface Walked {
  readonly paths: readonly string[];
  readonly ignored: number;
}

export async function listFolder(root: string): Promise<SourceListing> {
  const { paths, ignored } = await walkFolder(root);
  const files = await Promise.all(paths.map(async (path) => ({ path, bytes: await sizeOf(join(root, path)) })));
  const size = batchSize({ documents: files.length, bytes: files.reduce((sum, file) => sum + file.bytes, 0) });
  const ends = groupBySize(files, size).map((group) => group.at(-1)!.path);
  const batches = ends.map((upTo, index): FileBatch => ({ kind: 'files', after: ends[index - 1] ?? null, upTo }));
  return { total: paths.length, batches, ignored };
}

export async function* readFolderBatch(root: string, { after, upTo }: FileBatch): AsyncGenerator<SourceEntry> {
  const { paths } = await walkFolder(root);
  const ids = idsOf(paths);
  const inside = await realpath(root).catch(() => root);
  for (const path of paths)
    if ((after === null || path > after) && path <= upTo) yield await readEntry(inside, path, ids.get(path)!);
}

/** @param root without links */
async function readEntry(root: string, path: string, id: string): Promise<SourceEntry> {
  if (!path.endsWith('/')) {
    // Where it cannot be told, reading it will say why.
    const real = await realpath(join(root, path)).catch(() => join(root, path));
    if (real.startsWith(root.endsWith(sep) ? root : root + sep))
      return readFileDocument({ path: real, name: path, id });
    // Who may put a file into the folder may not for that have the worker read whatever it can.
    const detail = 'it is a link that leads out of the folder: copy the file, or name it in a list (--list)';
    return { kind: 'skip', skip: skip(path, 'unreadable', detail) };
  }
  const detail = `the folder cannot be read, or is more than ${INGEST_LIMITS.folderDepth} folders deep`;
  return { kind: 'skip', skip: skip(path, 'unreadable', detail) };
}

/** Paths of documents below `root`, with `/`, in code unit order. Hidden entries and installed packages are left out. */
async function walkFolder(root: string): Promise<Walked> {
  const paths: string[] = [];
  let ignored = 0;
  const visit = async (folder: string, depth: number): Promise<void> => {
    const entries = depth > INGEST_LIMITS.folderDepth ? undefined : await readFolder(join(root, folder));
    // Stands for what is in it, so that its batch reports it by name.
    if (entries === undefined) paths.push(`${folder}/`);
    for (const entry of entries ?? []) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.name.startsWith('.') || entry.name === 'node_modules') continue;
      // A link to a folder is not followed: it may lead back up.
      if (entry.isDirectory()) await visit(path, depth + 1);
      else if (formatOfPath(entry.name)) paths.push(path);
      else ignored += 1;
    }
  };
  await visit('', 0);
  if (paths.length > INGEST_LIMITS.documents) throw tooLarge(root, paths.length);
  return { paths: paths.sort((one, other) => (one < other ? -1 : 1)), ignored };
}

async function readFolder(path: string): Promise<readonly Dirent[] | undefined> {
  return readdir(path, { withFileTypes: true }).catch(() => undefined);
}

const tooLarge = (path: string, documents: number) =>
  new SluiceError('source_too_large', {
    message: `'${path}' holds ${documents} documents, ${INGEST_LIMITS.documents} are allowed`,
    remedy: 'split it into several indexes',
    data: { path, documents },
  });

/** 0 where it cannot be told: reading it will say why. */
async function sizeOf(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined);
  return Math.min(found?.size ?? 0, INGEST_LIMITS.documentBytes);
}
