/** The ingest workflow on a real Temporal server and a real store. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { IngestProgress } from '../../src/model/ingest-messages.ts';
import { type Live, startLive } from '../support/live.ts';
import { folderWith } from './support.ts';

let live: Live;
beforeAll(async () => {
  live = await startLive(() => []);
});
afterAll(() => live.stop());

const manyFiles = (count: number, text = (index: number) => `# Page ${index}\n\nAbout subject${index} and others.`) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`part${index % 5}/page${index}.md`, text(index)]));

describe('ingest', () => {
  test('makes a folder a searchable snapshot, and follows its changes', async () => {
    const source = await folderWith({ ...manyFiles(60), 'bad.md': Buffer.from([0xff, 0xfe, 0x00]) });
    const seen: IngestProgress[] = [];
    const first = await live.client.ingest(
      { index: 'pages', source, chunk: 'headings' },
      { onProgress: (now) => seen.push(now) },
    );
    expect(first).toMatchObject({
      added: 60,
      removed: 0,
      passages: 60,
      unchanged: 0,
      skippedCount: 1,
      totals: { documents: 60, passages: 60 },
    });
    expect(first.skipped).toMatchObject([{ name: 'bad.md', reason: 'not-utf8' }]);
    expect(seen.every(({ done, total }) => done <= total || total === 0)).toBe(true);
    const [answer] = await live.store.search.keyword('pages', [{ id: 'q', query: 'subject42' }], { top: 3 });
    expect(answer!.hits.map(({ id, title }) => [id, title])).toEqual([['part2/page42#0', 'Page 42']]);

    const again = await live.client.ingest({ index: 'pages', source, chunk: 'headings' });
    expect(again).toMatchObject({ snapshot: first.snapshot, passages: 0, unchanged: 60 });

    await writeFile(join(source, 'part0/page0.md'), 'Now about zebras.');
    await rm(join(source, 'part1/page1.md'));
    const changed = await live.client.ingest({ index: 'pages', source, chunk: 'headings' });
    expect(changed).toMatchObject({ added: 0, changed: 1, removed: 1, unchanged: 58, totals: { documents: 59 } });
    expect(changed.snapshot).not.toBe(first.snapshot);
  });

  test('other settings chunk unchanged documents anew', async () => {
    const source = await folderWith(manyFiles(5));
    const byHeadings = await live.client.ingest({ index: 'modes', source, chunk: 'headings' });
    const whole = await live.client.ingest({ index: 'modes', source, chunk: 'none' });
    expect(whole).toMatchObject({ unchanged: 0, passages: 5 });
    expect(whole.snapshot).not.toBe(byHeadings.snapshot);
  });

  test('leaves a short history, whatever the number of documents', async () => {
    const source = await folderWith(manyFiles(2_000, (index) => `Text ${index}.`));
    await live.client.ingest({ index: 'many', source, chunk: 'none' });
    const client = new Client({ connection: live.connection, namespace: live.temporal.namespace });
    const handle = client.workflow.getHandle(live.client.ingestId('many'));
    const { events } = await handle.fetchHistory();
    expect(events!.length).toBeLessThan(3_000);
    expect(await handle.query<IngestProgress>('progress')).toMatchObject({ phase: 'done', done: 2_000, total: 2_000 });
  });

  test('fails by name, and leaves the index as it was', async () => {
    const source = await folderWith(manyFiles(3));
    const { snapshot } = await live.client.ingest({ index: 'kept', source, chunk: 'headings' });
    const attempt = (path: string) => live.client.ingest({ index: 'kept', source: path, chunk: 'headings' });
    await expect(attempt(join(source, 'nowhere'))).rejects.toMatchObject({ code: 'source_missing' });
    await expect(attempt(await folderWith({ 'a.png': 'x' }))).rejects.toMatchObject({ code: 'source_empty' });
    await expect(attempt(await folderWith({ 'a.md': '', 'b.md': '' }))).rejects.toMatchObject({
      code: 'nothing_ingested',
      remedy: expect.any(String),
    });
    expect((await live.store.indexes.snapshot('kept')).hash).toBe(snapshot);
    // The failed build holds nothing up.
    expect(await attempt(source)).toMatchObject({ snapshot, unchanged: 3 });
  });

  test('cancelled, it drops what it had, and the next one is free to start', async () => {
    const source = await folderWith(manyFiles(600));
    const controller = new AbortController();
    const cancelled = live.client.ingest(
      { index: 'stopped', source, chunk: 'headings' },
      { signal: controller.signal, onProgress: ({ phase }) => phase === 'reading' && controller.abort() },
    );
    await expect(cancelled).rejects.toThrow();
    await expect(live.store.indexes.snapshot('stopped')).rejects.toMatchObject({ code: 'index_not_built' });
    expect(await live.client.ingest({ index: 'stopped', source, chunk: 'headings' })).toMatchObject({ added: 600 });
  });
});
