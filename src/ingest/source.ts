/**
 * Where documents come from: a folder, a JSONL file, or a list of files and addresses. A source is listed once, which
 * fixes its batches; each batch can then be read by itself, on any worker and as often as needed, since it is a range
 * and not a position.
 */
import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, extname, isAbsolute, join, normalize, sep } from 'node:path';
import { SluiceError } from '../base/errors.ts';
import { decodeText } from './clean-text.ts';
import {
  type Batch,
  batchSize,
  contentHash,
  type FileBatch,
  groupBySize,
  type ListBatch,
  type SourceEntry,
  type SourceListing,
} from './entries.ts';
import { readPageDocument } from './fetch-page.ts';
import { idsOf, readFileDocument, readWholeFile } from './file-document.ts';
import { FORMAT_NAMES, formatOfPath } from './formats.ts';
import { type AllowedHosts, hostRefused, isAllowed } from './hosts.ts';
import { INGEST_LIMITS } from './ingest-limits.ts';
import { listJsonLines, readJsonLinesBatch } from './json-lines.ts';
import { type SkipReason, skip } from './skip.ts';
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
    if ((after === null || path > after) && path <= upTo) yield await readFolderEntry(inside, path, ids.get(path)!);
}

/** @param root without links */
async function readFolderEntry(root: string, path: string, id: string): Promise<SourceEntry> {
  if (!path.endsWith('/')) {
    // On failure, reading the file reports why.
    const real = await realpath(join(root, path)).catch(() => join(root, path));
    if (real.startsWith(root.endsWith(sep) ? root : root + sep))
      return readFileDocument({ path: real, name: path, id });
    // Authors of files in the folder must not make the worker read other files.
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
  if (paths.length > INGEST_LIMITS.documents) throw folderTooLarge(root, paths.length);
  return { paths: paths.sort((one, other) => (one < other ? -1 : 1)), ignored };
}

async function readFolder(path: string): Promise<readonly Dirent[] | undefined> {
  return readdir(path, { withFileTypes: true }).catch(() => undefined);
}

const folderTooLarge = (path: string, documents: number) =>
  new SluiceError('source_too_large', {
    message: `'${path}' holds ${documents} documents, ${INGEST_LIMITS.documents} are allowed`,
    remedy: 'split it into several indexes',
    data: { path, documents },
  });

/** 0 on failure: reading the file reports why. */
async function sizeOf(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined);
  return Math.min(found?.size ?? 0, INGEST_LIMITS.documentBytes);
}

// A list as a source: one path or address per line. Paths are relative to the list's folder; blank lines and lines that
// start with `#` are ignored. Of two lines for one document the first counts. Documents that are gone leave the index:
// a page that is not found, or a missing file. Pages of an unavailable server stay as they are and are listed as
// skipped, unless the settings changed since the index was built.

export interface ListOptions {
  readonly allowedHosts: AllowedHosts;
  readonly signal?: AbortSignal | undefined;
}

type Listed =
  | { readonly kind: 'file'; readonly name: string; readonly path: string; readonly id: string }
  | { readonly kind: 'page'; readonly url: URL }
  | { readonly kind: 'none'; readonly name: string; readonly reason: SkipReason; readonly detail: string };

interface List {
  readonly entries: readonly Listed[];
  readonly version: string;
}

/** @throws SluiceError `source_unreadable`, `source_too_large`, `source_host_refused` */
export async function listEntries(path: string, { allowedHosts }: ListOptions): Promise<SourceListing> {
  const { entries, version } = await readList(path, allowedHosts);
  // What an address will bring is unknown: entries are counted, not weighed.
  const weightless = entries.map((_, index) => ({ index, bytes: 0 }));
  const groups = groupBySize(weightless, batchSize({ documents: entries.length, bytes: 0 }));
  const batches = groups.map(
    (group): ListBatch => ({
      kind: 'listed',
      from: group[0]!.index,
      to: group.at(-1)!.index + 1,
      listVersion: version,
    }),
  );
  return { total: entries.length, batches, ignored: 0 };
}

/** @throws SluiceError `source_changed`, and what `listEntries` throws */
export async function* readListBatch(
  path: string,
  batch: ListBatch,
  options: ListOptions,
): AsyncGenerator<SourceEntry> {
  const { entries, version } = await readList(path, options.allowedHosts);
  if (version !== batch.listVersion) throw changed(path);
  for (const entry of entries.slice(batch.from, batch.to)) yield await readListEntry(entry, options);
}

async function readListEntry(entry: Listed, options: ListOptions): Promise<SourceEntry> {
  switch (entry.kind) {
    case 'file':
      return readFileDocument(entry);
    case 'page':
      return readPageDocument(entry.url, options);
    case 'none':
      return { kind: 'skip', skip: skip(entry.name, entry.reason, entry.detail) };
  }
}

async function readList(path: string, allowedHosts: AllowedHosts): Promise<List> {
  const read = await readWholeFile(path, INGEST_LIMITS.documentBytes);
  const text = read.kind === 'read' ? decodeText(read.bytes)?.text : undefined;
  if (read.kind === 'refused' || text === undefined)
    throw unreadable(path, read.kind === 'refused' ? read.detail : 'its bytes are not UTF-8');
  const lines = text.split('\n').map((line, index) => ({ text: line.trim(), where: `${basename(path)}:${index + 1}` }));
  const named = lines.filter((line) => line.text !== '' && !line.text.startsWith('#'));
  const pages = named.filter((line) => ADDRESS.test(line.text)).length;
  if (named.length > INGEST_LIMITS.documents) throw listTooLarge(path, `${INGEST_LIMITS.documents} documents`);
  if (pages > INGEST_LIMITS.pages) throw listTooLarge(path, `${INGEST_LIMITS.pages} addresses`);
  const paths = named.filter((line) => !ADDRESS.test(line.text)).map((line) => pathOf(line.text));
  const ids = idsOf([...new Set(paths)]);
  const seen = new Set<string>();
  const entries = named.map((line): Listed => {
    const entry = ADDRESS.test(line.text) ? pageOf(line, allowedHosts) : fileOf(line.text, dirname(path), ids);
    if (entry.kind === 'none') return entry;
    const id = entry.kind === 'page' ? entry.url.href : entry.id;
    if (seen.has(id)) return none(line.where, 'duplicate-id', `an earlier line names '${id}': the first one counts`);
    seen.add(id);
    return entry;
  });
  return { entries, version: contentHash([read.bytes]) };
}

/** A scheme and two slashes: `C:\docs` is a path. */
const ADDRESS = /^[a-z][a-z0-9+.-]*:\/\//i;

function pageOf(
  { text, where }: { readonly text: string; readonly where: string },
  allowedHosts: AllowedHosts,
): Listed {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    return none(where, 'bad-line', 'it is neither a path nor an http or https address');
  if (url.username !== '' || url.password !== '')
    return none(where, 'bad-line', 'an address with a user name or password in it would be shown in search results');
  if (!isAllowed(url, allowedHosts)) throw hostRefused(url, where);
  url.hash = '';
  return { kind: 'page', url };
}

function fileOf(text: string, folder: string, ids: ReadonlyMap<string, string>): Listed {
  const name = pathOf(text);
  return { kind: 'file', name, path: isAbsolute(name) ? name : join(folder, name), id: ids.get(name)! };
}

const pathOf = (text: string) => normalize(text);

const none = (name: string, reason: SkipReason, detail: string): Listed => ({ kind: 'none', name, reason, detail });

const unreadable = (path: string, why: string) =>
  new SluiceError('source_unreadable', {
    message: `the list '${path}' cannot be read: ${why}`,
    remedy: 'give a text file in UTF-8 with a path or an address a line',
    data: { path },
  });

const listTooLarge = (path: string, limit: string) =>
  new SluiceError('source_too_large', {
    message: `the list '${path}' names more than ${limit}`,
    remedy: 'split it into several indexes',
    data: { path },
  });

const changed = (path: string) =>
  new SluiceError('source_changed', {
    message: `the list '${path}' was changed while it was being ingested`,
    remedy: 'start the ingest again; what is unchanged is not parsed twice',
    data: { path },
  });
