import { afterAll, expect, test } from 'vitest';
import { createChunker } from '../../src/ingest/chunker.ts';
import type { RawDocument } from '../../src/ingest/document.ts';

const chunker = createChunker({ documentMs: 5_000 });
afterAll(() => chunker.close());

const raw = (text: string): RawDocument => ({ id: 'a', name: 'a.md', text, format: 'markdown' });

test('a text that would keep the parser busy for minutes, or eat all memory, is skipped; the next one is not', async () => {
  const slow = chunker.chunk(raw('[a]('.repeat(100_000)), 'headings');
  const hungry = chunker.chunk(raw(`${'>'.repeat(40_000)}a`), 'headings');
  const next = chunker.chunk(raw('# Title\n\nText.'), 'headings');
  expect(await slow).toMatchObject({ kind: 'skipped', skip: { name: 'a.md', reason: 'unparseable' } });
  expect(await hungry).toMatchObject({ kind: 'skipped', skip: { name: 'a.md', reason: 'unparseable' } });
  expect(await next).toMatchObject({ kind: 'chunked', document: { title: 'Title' } });
});

test('cancelling stops it', async () => {
  const controller = new AbortController();
  const work = chunker.chunk(raw('[a]('.repeat(100_000)), 'headings', controller.signal);
  controller.abort(new Error('enough'));
  await expect(work).rejects.toThrow('enough');
  expect(await chunker.chunk(raw('Text.'), 'headings')).toMatchObject({ kind: 'chunked' });
});
