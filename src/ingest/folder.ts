/** A folder as a source: those of its files that some parser reads, in order of their paths. */
import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { SluiceError } from '../base/errors.ts';
import { batchSize, groupBySize } from './batches.ts';
import type { FileBatch, SourceEntry, SourceListing } from './entries.ts';
import { readFileDocument } from './file-document.ts';
import { formatOfPath } from './formats.ts';
import { idsOf } from './ids.ts';
import { INGEST_LIMITS } from './limits.ts';
import { skip } from './skip.ts';

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
