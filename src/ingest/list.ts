/**
 * A list as a source: a path or an address a line. Paths are below the list's own folder unless they say otherwise; a
 * blank line, or one that begins with `#`, is nothing. Of two lines that name one document the first counts.
 *
 * What is gone is removed from the index; what cannot be told now is kept. A page that is not found any more, or a file,
 * leaves it; where a server is away, what the index has of its pages stays as it was, and each is named as skipped.
 * (Except under other settings than the index was built with: there is then nothing that could be kept.)
 */
import { basename, dirname, isAbsolute, join, normalize } from 'node:path';
import { SluiceError } from '../base/errors.ts';
import { decodeText } from './clean-text.ts';
import {
  batchSize,
  contentHash,
  groupBySize,
  type ListBatch,
  type SourceEntry,
  type SourceListing,
} from './entries.ts';
import { readPageDocument } from './fetch-page.ts';
import { idsOf, readFileDocument, readWholeFile } from './file-document.ts';
import { type AllowedHosts, hostRefused, isAllowed } from './hosts.ts';
import { INGEST_LIMITS } from './ingest-limits.ts';
import { type SkipReason, skip } from './skip.ts';

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
  for (const entry of entries.slice(batch.from, batch.to)) yield await readEntry(entry, options);
}

async function readEntry(entry: Listed, options: ListOptions): Promise<SourceEntry> {
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
  if (named.length > INGEST_LIMITS.documents) throw tooLarge(path, `${INGEST_LIMITS.documents} documents`);
  if (pages > INGEST_LIMITS.pages) throw tooLarge(path, `${INGEST_LIMITS.pages} addresses`);
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

const tooLarge = (path: string, limit: string) =>
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
