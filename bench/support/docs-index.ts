/** The documentation that the npm package `ai` ships, in an embedded database, stored as an ingest would store it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createChunker, settingsHash } from '../../src/ingest/chunker.ts';
import { listSource, openSource, readBatch } from '../../src/ingest/source.ts';
import { embedBuild } from '../../src/retrieval/embed-build.ts';
import { localLsa } from '../../src/retrieval/embedders.ts';
import type { BuildOutcome } from '../../src/store/builds.ts';
import { openDatabase } from '../../src/store/database.ts';
import { createStore, type Store } from '../../src/store/store.ts';
import { startEmbedded } from '../../test/support/embedded.ts';
import { DOCS_FOLDER } from './questions.ts';

export const DOCS_INDEX = 'ai-docs';
/** Longer than the largest page takes to parse on a busy machine. */
const LEASE_MS = 600_000;

export interface DocsIndex extends BuildOutcome {
  readonly store: Store;
  stop(): Promise<void>;
}

/**
 * Starts a database and ingests the pages.
 *
 * @param pages the folder they are in
 * @param keepIn a folder in which the database stays, so that next time only pages that changed are parsed; without it,
 * a temporary one
 */
export async function openDocsIndex(pages = DOCS_FOLDER, keepIn?: string): Promise<DocsIndex> {
  const folder = keepIn ?? (await mkdtemp(join(tmpdir(), 'sluice-bench-')));
  const postgres = await startEmbedded(join(folder, 'postgres'));
  const database = openDatabase(postgres.url);
  const stop = async () => {
    await database.close();
    await postgres.stop();
    if (keepIn === undefined) await rm(folder, { recursive: true, force: true });
  };
  try {
    const store = createStore(database);
    return { ...(await ingestDocs(store, pages)), store, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function ingestDocs({ builds, vectors }: Store, pages: string): Promise<BuildOutcome> {
  const chunker = createChunker();
  const source = await openSource(pages);
  const start = { settingsHash: settingsHash('headings'), owner: 'bench', leaseMs: LEASE_MS };
  const { build } = await builds.begin(DOCS_INDEX, start);
  for (const batch of (await listSource(source)).batches)
    for await (const entry of readBatch(source, batch)) {
      if (entry.kind === 'skip') throw new Error(`${entry.skip.name}: ${entry.skip.detail}`);
      const { raw, contentHash } = entry.document;
      const known = await builds.known(DOCS_INDEX, build, [raw.id]);
      if (known.get(raw.id) === contentHash) {
        await builds.keep(DOCS_INDEX, build, [raw.id]);
        continue;
      }
      const result = await chunker.chunk(raw, 'headings');
      if (result.kind === 'skipped') throw new Error(`${result.skip.name}: ${result.skip.detail}`);
      const { notes: _, ...document } = result.document;
      await builds.put(DOCS_INDEX, build, [{ id: raw.id, contentHash, ...document }]);
    }
  await chunker.close();
  await embedBuild(vectors, localLsa, { index: DOCS_INDEX, build });
  return builds.commit(DOCS_INDEX, build);
}
