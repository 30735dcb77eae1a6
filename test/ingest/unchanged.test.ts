/**
 * An index is brought up to date by what has changed and nothing else, counted as work done on a real store: a corpus
 * that has not changed is read once, to hash it, and neither cut, stored nor embedded again.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createIngestActivities } from '../../activities/ingest.ts';
import { createChunker } from '../../src/ingest/chunker.ts';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { createStore, type Store } from '../../src/store/store.ts';
import { startPglite, type TestDatabase } from '../support/postgres.ts';
import { folderWith } from './support.ts';

/** How often each piece of work was done. */
const work = new Map<string, number>();
const done = (what: string, times = 1) => work.set(what, (work.get(what) ?? 0) + times);

vi.mock('node:fs/promises', async (original) => {
  const actual = await original<typeof import('node:fs/promises')>();
  return {
    ...actual,
    open: (...given: Parameters<typeof actual.open>) => {
      if (String(given[0]).endsWith('.md')) done('files read');
      return actual.open(...given);
    },
  };
});

let server: TestDatabase;
let database: Database;
let store: Store;
const chunker = createChunker();
beforeAll(async () => {
  server = await startPglite();
  database = openDatabase(server.url);
  store = createStore(database);
});
afterAll(async () => {
  await chunker.close();
  await database.close();
  await server.stop();
});

/** The activities over the store, the work that they ask for counted. */
function countingActivities() {
  const { builds, vectors } = store;
  return createIngestActivities({
    builds: {
      ...builds,
      put: (index, build, documents) => {
        done('documents stored', documents.length);
        return builds.put(index, build, documents);
      },
    },
    vectors: {
      ...vectors,
      takeModel: (...given) => {
        done('models fitted');
        return vectors.takeModel(...given);
      },
      modelState: (...given) => {
        done('models loaded');
        return vectors.modelState(...given);
      },
      read: (passages) => {
        done('passages read back', passages.length);
        return vectors.read(passages);
      },
      put: (index, build, made) => {
        done('vectors stored', made.length);
        return vectors.put(index, build, made);
      },
    },
    chunker: {
      ...chunker,
      chunk: (...given) => {
        done('documents cut');
        return chunker.chunk(...given);
      },
    },
  });
}

/** One ingest, as the workflow asks for it; gives its snapshot and the work that was done for it. */
async function ingest(source: string) {
  const activities = countingActivities();
  const call = <Name extends keyof typeof activities>(name: Name, input: Parameters<(typeof activities)[Name]>[0]) =>
    new MockActivityEnvironment().run(activities[name] as never, input) as ReturnType<(typeof activities)[Name]>;
  work.clear();
  const { batches } = await call('listSource', { source });
  const { build } = await call('beginBuild', { index: 'docs', chunk: 'headings', owner: 'ingest-docs' });
  for (const batch of batches) await call('ingestBatch', { index: 'docs', build, source, chunk: 'headings', batch });
  const { snapshot } = await call('commitBuild', { index: 'docs', build });
  return { snapshot, work: Object.fromEntries(work) };
}

const PAGES = 40;
const page = (number: number) => `# Page ${number}\n\nAbout subject${number}, and about what all pages are about.\n`;

test('of an unchanged corpus, each file is read once and nothing else is done', async () => {
  const source = await folderWith(
    Object.fromEntries(Array.from({ length: PAGES }, (_, number) => [`${number}.md`, page(number)])),
  );
  const first = await ingest(source);
  expect(first.work).toMatchObject({
    'files read': PAGES,
    'documents cut': PAGES,
    'documents stored': PAGES,
    'models fitted': 1,
    'vectors stored': PAGES,
  });

  const again = await ingest(source);
  expect(again).toEqual({ snapshot: first.snapshot, work: { 'files read': PAGES } });
  // Only what a file says counts, not when it was written.
  await writeFile(join(source, '7.md'), await readFile(join(source, '7.md')));
  expect(await ingest(source)).toEqual(again);

  await writeFile(join(source, '7.md'), page(700));
  const changed = await ingest(source);
  expect(changed.snapshot).not.toBe(first.snapshot);
  expect(changed.work).toEqual({
    'files read': PAGES,
    'documents cut': 1,
    'documents stored': 1,
    'models loaded': 1,
    'passages read back': 1,
    'vectors stored': 1,
  });
});
