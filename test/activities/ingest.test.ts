import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, test } from 'vitest';
import { SluiceError } from '../../src/base/errors.ts';
import { type Answer, servePages } from '../ingest/pages.ts';
import { folderWith, temporaryFolder } from '../ingest/support.ts';
import { describeManyEmptyFiles, fakeBuilds, setUp } from './ingest-setup.ts';

test('a batch stores what is new, keeps what is known, and counts both', async () => {
  const { ingest, committed, puts } = setUp();
  const folder = await folderWith({ 'a.md': '# A\n\nText.', 'b.md': 'Text.', 'c.md': 'Text.', 'empty.md': '' });
  expect(await ingest(folder)).toMatchObject([
    { met: 4, passages: 3, unchanged: 0, skippedCount: 1, skipped: [{ name: 'empty.md', reason: 'empty' }] },
  ]);
  await writeFile(join(folder, 'b.md'), 'Other text.');
  expect(await ingest(folder)).toMatchObject([{ met: 4, passages: 1, unchanged: 2, skippedCount: 1 }]);
  expect(puts).toEqual([['a', 'b', 'c'], ['b']]);
  expect(committed.get('b')!.passages).toMatchObject([{ id: 'b#0', text: 'Other text.', ordinal: 0, heading: [] }]);
});

test('a batch that is repeated, as after a crash, stores nothing twice', async () => {
  const { call, puts } = setUp();
  const source = await folderWith({ 'a.md': 'Text.', 'b.md': 'Text.' });
  const { batches } = await call('listSource', { source });
  const input = { index: 'docs', build: 1, source, chunk: 'headings', batch: batches[0]! } as const;
  expect(await call('ingestBatch', input)).toMatchObject({ met: 2, passages: 2 });
  expect(await call('ingestBatch', input)).toMatchObject({ met: 2, passages: 0, unchanged: 2 });
  expect(puts).toEqual([['a', 'b']]);
});

test('what an ingest that ended early left behind is not committed by the next one', async () => {
  const { call, ingest, committed } = setUp();
  const first = await folderWith({ 'gone.md': 'Text.' });
  const { batches } = await call('listSource', { source: first });
  await call('ingestBatch', { index: 'docs', build: 1, source: first, chunk: 'headings', batch: batches[0]! });
  await call('beginBuild', { index: 'docs', chunk: 'headings', owner: 'ingest-docs' });
  await ingest(await folderWith({ 'here.md': 'Text.' }));
  expect([...committed.keys()]).toEqual(['here']);
});

test('notes are counted, documents carry their metadata, and no put is large', async () => {
  const { ingest, committed, puts } = setUp();
  const file = join(await temporaryFolder(), 'docs.jsonl');
  const lines = Array.from({ length: 40 }, (_, index) =>
    JSON.stringify({ id: `d${index}`, text: `${'A sentence of words. '.repeat(900)}\u0000`, metadata: { index } }),
  );
  await writeFile(file, lines.join('\n'));
  const results = await ingest(file);
  expect(results.reduce((sum, { notes }) => sum + (notes.cleaned ?? 0), 0)).toBe(40);
  expect(committed.get('d7')!.metadata).toEqual({ index: 7 });
  for (const ids of puts) {
    const passages = ids.reduce((sum, id) => sum + committed.get(id)!.passages.length, 0);
    expect(passages).toBeLessThanOrEqual(250);
  }
});

test('--chunk none makes one passage per document, under its id', async () => {
  const { ingest, committed } = setUp();
  const file = join(await temporaryFolder(), 'docs.jsonl');
  await writeFile(file, `{"id":"7","text":"Short."}\n{"id":"8","text":"${'long '.repeat(900)}"}`);
  expect(await ingest(file, 'none')).toMatchObject([
    { passages: 1, skipped: [{ name: 'docs.jsonl:2', reason: 'too-long' }] },
  ]);
  expect(committed.get('7')!.passages.map(({ id }) => id)).toEqual(['7']);
});

test('what is committed has been embedded before, unless nothing was to be', async () => {
  const { call, stored } = setUp();
  const source = await folderWith({ 'a.md': 'Streams of tokens.', 'b.md': 'Tokens in an index.' });
  const { batches } = await call('listSource', { source });
  await call('ingestBatch', { index: 'docs', build: 1, source, chunk: 'headings', batch: batches[0]! });
  await call('commitBuild', { index: 'docs', build: 1, embed: 'none' });
  expect(stored.size).toBe(0);
  await call('ingestBatch', { index: 'docs', build: 1, source, chunk: 'headings', batch: batches[0]! });
  await call('commitBuild', { index: 'docs', build: 1 });
  expect([...stored.values()].map((vector) => vector?.length)).toEqual([128, 128]);
});

describe('a page of a list', () => {
  const page = (text: string) => ({ body: `<title>T</title><p>${text}</p>` });

  test('whose server is away stays as it was; one that is gone goes; both are named', async () => {
    const pages: Record<string, Answer> = { '/a': page('First.'), '/b': page('Second.'), '/c': page('Third.') };
    const { origin } = await servePages(pages);
    const { ingest, committed, puts } = setUp();
    const lines = ['/a', '/b', '/c', '/never'].map((path) => origin + path);
    const source = `list:${join(await folderWith({ 'list.txt': lines.join('\n') }), 'list.txt')}`;
    await ingest(source);
    const before = committed.get(`${origin}/a`);
    Object.assign(pages, { '/a': { status: 503 }, '/b': { status: 404 }, '/never': { status: 500 } });
    expect(await ingest(source)).toMatchObject([
      {
        met: 4,
        unchanged: 1,
        skippedCount: 3,
        skipped: [
          { name: `${origin}/a`, reason: 'unavailable', detail: expect.stringContaining('stays as it is') },
          { name: `${origin}/b`, reason: 'not-found' },
          { name: `${origin}/never`, reason: 'unavailable' },
        ],
      },
    ]);
    expect([...committed.keys()].sort()).toEqual([`${origin}/a`, `${origin}/c`]);
    expect(committed.get(`${origin}/a`)).toBe(before);
    expect(puts).toHaveLength(1);
  });

  test('on another host is refused for good, before anything is fetched', async () => {
    const source = `list:${join(await folderWith({ 'list.txt': 'http://10.1.2.3/' }), 'list.txt')}`;
    await expect(setUp().call('listSource', { source })).rejects.toMatchObject({
      type: 'source_host_refused',
      nonRetryable: true,
      details: [{ remedy: expect.stringContaining('SLUICE_INGEST_HOSTS=10.1.2.3') }],
    });
  });
});

test('an embedding model that nobody knows is refused before anything is read', async () => {
  const begin = { index: 'docs', chunk: 'headings', owner: 'me', embed: 'local/lsb' } as const;
  await expect(setUp().call('beginBuild', begin)).rejects.toMatchObject({
    type: 'embedding_model_unknown',
    nonRetryable: true,
    details: [{ remedy: "did you mean 'local/lsa'?" }],
  });
});

describeManyEmptyFiles(1_000);

describe('failures reach Temporal in its words', () => {
  const failing = (error: Error) => {
    const fake = fakeBuilds();
    return setUp({ ...fake, builds: { ...fake.builds, begin: () => Promise.reject(error) } });
  };
  const begin = { index: 'docs', chunk: 'headings', owner: 'me' } as const;

  test('a path that is no source is final, with what to do', async () => {
    const failure = await setUp()
      .call('listSource', { source: '/nowhere/at/all' })
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ApplicationFailure);
    expect(failure).toMatchObject({
      type: 'source_missing',
      nonRetryable: true,
      details: [{ remedy: expect.stringContaining('check the path') }],
    });
  });

  test('what may pass is tried again', async () => {
    const passing = new SluiceError('database_unreachable', { message: 'm', remedy: 'r', retryable: true });
    await expect(failing(passing).call('beginBuild', begin)).rejects.toMatchObject({
      type: 'database_unreachable',
      nonRetryable: false,
    });
    const final = new SluiceError('index_building', { message: 'm', remedy: 'r' });
    await expect(failing(final).call('beginBuild', begin)).rejects.toMatchObject({
      type: 'index_building',
      nonRetryable: true,
    });
  });
});
