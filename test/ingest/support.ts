/** A folder that a test fills and that goes with it. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { SourceDocument, SourceEntry } from '../../src/ingest/entries.ts';
import type { Skip } from '../../src/ingest/skip.ts';
import { listSource, openSource, readBatch } from '../../src/ingest/source.ts';

export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-ingest-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes files by their path below a new folder. */
export async function folderWith(files: { readonly [path: string]: string | Uint8Array }): Promise<string> {
  const folder = await temporaryFolder();
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  return folder;
}

/** All that a source gives, batch by batch. */
export async function readSource(
  path: string,
): Promise<{ documents: SourceDocument[]; skips: Skip[]; batches: number }> {
  const source = await openSource(path);
  const listing = await listSource(source);
  const entries: SourceEntry[] = [];
  for (const batch of listing.batches) for await (const entry of readBatch(source, batch)) entries.push(entry);
  return {
    documents: entries.flatMap((entry) => (entry.kind === 'document' ? [entry.document] : [])),
    skips: entries.flatMap((entry) => (entry.kind === 'skip' ? [entry.skip] : [])),
    batches: listing.batches.length,
  };
}
