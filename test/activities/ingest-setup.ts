/** The activities of an ingest over maps instead of a database. */
import { MockActivityEnvironment } from '@temporalio/testing';
import { expect, test } from 'vitest';
import { createIngestActivities } from '../../activities/ingest.ts';
import { chunkDocument } from '../../src/ingest/document.ts';
import type { Builds } from '../../src/store/builds.ts';
import type { DocumentInput } from '../../src/store/documents.ts';
import type { Vectors } from '../../src/store/vectors.ts';
import { folderWith } from '../ingest/support.ts';

/** Vectors that are only counted: every coming passage is missing until it is put. */
function fakeVectors(committed: () => Iterable<DocumentInput>) {
  const stored = new Map<number, Float32Array | undefined>();
  const passages = () =>
    [...committed()]
      .flatMap((document) => document.passages)
      .map((passage, no) => ({ ...passage, no, documentId: 'd', title: null }));
  const vectors: Vectors = {
    coming: async () => passages(),
    modelOf: async () => undefined,
    keepModel: async () => undefined,
    takeModel: async () => undefined,
    modelState: async () => new Uint8Array(),
    missing: async () => [{ documentId: 'd', passages: passages().flatMap(({ no }) => (stored.has(no) ? [] : [no])) }],
    read: async (numbers) => passages().filter(({ no }) => numbers.includes(no)),
    put: async (_index, _build, made) => made.forEach(({ no, vector }) => void stored.set(no, vector)),
    prepare: async () => undefined,
  };
  return { vectors, stored };
}

/** The builds API over maps, with a record of what was asked of it. */
export function fakeBuilds() {
  const committed = new Map<string, DocumentInput>();
  const open = new Map<string, DocumentInput>();
  const puts: string[][] = [];
  const builds: Builds = {
    begin: async () => ({ build: 1, resumed: open.size > 0 }),
    known: async (_index, _build, ids) => {
      const held = ids.flatMap((id) => open.get(id) ?? committed.get(id) ?? []);
      return new Map(held.map(({ id, contentHash }) => [id, contentHash]));
    },
    async put(_index, _build, documents) {
      puts.push(documents.map(({ id }) => id));
      for (const document of documents) open.set(document.id, document);
      return { added: documents.length, changed: 0, unchanged: 0, passages: 0, cleaned: 0 };
    },
    async keep(_index, _build, ids) {
      for (const id of ids) open.set(id, open.get(id) ?? committed.get(id)!);
    },
    async commit() {
      const removed = [...committed.keys()].filter((id) => !open.has(id)).length;
      committed.clear();
      for (const [id, document] of open) committed.set(id, document);
      open.clear();
      const passages = [...committed.values()].reduce((sum, document) => sum + document.passages.length, 0);
      return { snapshot: 'hash', sequence: 1, documents: committed.size, passages, added: 0, changed: 0, removed };
    },
    abandon: async () => open.clear(),
  };
  return { builds, committed, puts, ...fakeVectors(() => open.values()) };
}

const chunker = {
  chunk: async (...[raw, mode]: Parameters<typeof chunkDocument>) => chunkDocument(raw, mode),
  close: async () => undefined,
};

export function setUp(fake = fakeBuilds()) {
  const activities = createIngestActivities({ ...fake, chunker });
  const call = <Name extends keyof typeof activities>(name: Name, input: Parameters<(typeof activities)[Name]>[0]) =>
    new MockActivityEnvironment().run(activities[name] as never, input) as ReturnType<(typeof activities)[Name]>;
  const ingest = async (source: string, chunk: 'headings' | 'none' = 'headings') => {
    const { batches } = await call('listSource', { source });
    const results = [];
    for (const batch of batches)
      results.push(await call('ingestBatch', { index: 'docs', build: 1, source, chunk, batch }));
    await call('commitBuild', { index: 'docs', build: 1 });
    return results;
  };
  return { ...fake, call, ingest };
}

/** @param count files; ten thousand take seconds, which the long tier has */
export function describeManyEmptyFiles(count: number): void {
  test(`${count} empty files are counted, and only the first are named`, async () => {
    const { ingest } = setUp();
    const results = await ingest(
      await folderWith(Object.fromEntries(Array.from({ length: count }, (_, index) => [`${index}.md`, '']))),
    );
    expect(results.reduce((sum, { skippedCount }) => sum + skippedCount, 0)).toBe(count);
    expect(results.length).toBeLessThanOrEqual(250);
    for (const { skipped } of results) expect(skipped.length).toBeLessThanOrEqual(20);
  });
}
