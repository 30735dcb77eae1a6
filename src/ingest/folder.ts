/**
 * A folder as a source: its Markdown, MDX and text files, in order of their paths. A document's id is its path without
 * the extension, so that it survives a change of format; where two files would share an id, both keep their extension.
 */
import type { Dirent } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { SluiceError } from '../errors.ts';
import { batchSize, groupBySize } from './batches.ts';
import { decodeText, isCleanId } from './clean-text.ts';
import type { TextFormat } from './document.ts';
import { contentHash, type FileBatch, type SourceEntry, type SourceListing } from './entries.ts';
import { INGEST_LIMITS } from './limits.ts';
import { type SkipReason, skip } from './skip.ts';

const FORMATS: { readonly [extension: string]: TextFormat } = { '.md': 'markdown', '.mdx': 'mdx', '.txt': 'text' };

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
  const shared = sharedIds(paths);
  for (const path of paths)
    if ((after === null || path > after) && path <= upTo) yield await readDocument(root, path, idOf(path, shared));
}

async function readDocument(root: string, path: string, id: string): Promise<SourceEntry> {
  const skipped = (reason: SkipReason, detail: string) => ({ kind: 'skip' as const, skip: skip(path, reason, detail) });
  if (!isCleanId(id) || Buffer.byteLength(id) > INGEST_LIMITS.idBytes)
    return skipped('bad-id', `its path is no id: up to ${INGEST_LIMITS.idBytes} bytes without control characters`);
  if (path.endsWith('/'))
    return skipped(
      'unreadable',
      `the folder cannot be read, or is more than ${INGEST_LIMITS.folderDepth} folders deep`,
    );
  const format = FORMATS[extname(path).toLowerCase()]!;
  let bytes: Uint8Array;
  try {
    const found = await stat(join(root, path));
    if (!found.isFile()) return skipped('unreadable', 'it is no regular file');
    if (found.size > INGEST_LIMITS.documentBytes)
      return skipped('too-large', `it has ${found.size} bytes, ${INGEST_LIMITS.documentBytes} are allowed: split it`);
    bytes = await readFile(join(root, path));
  } catch (error) {
    return skipped('unreadable', `it cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'})`);
  }
  const decoded = decodeText(bytes);
  if (decoded === undefined) return skipped('not-utf8', 'its bytes are not UTF-8: convert it, for example with iconv');
  const raw = {
    id,
    name: path,
    text: decoded.text,
    mended: decoded.cleaned,
    format,
    fallbackTitle: titleFromPath(path),
  };
  return { kind: 'document', document: { raw, contentHash: contentHash([path, bytes]) } };
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
      else if (Object.hasOwn(FORMATS, extname(entry.name).toLowerCase())) paths.push(path);
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

const withoutExtension = (path: string) => path.slice(0, path.length - extname(path).length);

/** Ids that more than one path would have. */
function sharedIds(paths: readonly string[]): ReadonlySet<string> {
  const seen = new Set<string>();
  const shared = new Set<string>();
  for (const id of paths.map(withoutExtension)) (seen.has(id) ? shared : seen).add(id);
  return shared;
}

function idOf(path: string, shared: ReadonlySet<string>): string {
  const id = withoutExtension(path);
  return shared.has(id) ? path : id;
}

/** `guides/02-getting-started.md` is 'getting started'. */
function titleFromPath(path: string): string {
  const name = withoutExtension(path).split('/').at(-1)!;
  return (
    name
      .replace(/^\d+[-_. ]+/, '')
      .replace(/[-_]+/g, ' ')
      .trim() || name
  );
}

/** 0 where it cannot be told: reading it will say why. */
async function sizeOf(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined);
  return Math.min(found?.size ?? 0, INGEST_LIMITS.documentBytes);
}
