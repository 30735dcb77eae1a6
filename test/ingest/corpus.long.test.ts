/** The documentation of the npm package `ai`: 303 real MDX pages. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { byteLength } from '../../src/ingest/block.ts';
import { chunkDocument } from '../../src/ingest/document.ts';
import { PASSAGE_LIMITS } from '../../src/ingest/ingest-limits.ts';
import { readSource } from './support.ts';

test('every page parses as MDX and makes passages that keep the rules', async () => {
  const { documents, skips } = await readSource(join(process.cwd(), 'node_modules/ai/docs'));
  expect(documents.length).toBeGreaterThan(300);
  expect(skips).toEqual([]);
  const results = await Promise.all(documents.map(({ raw }) => chunkDocument(raw, 'headings')));
  const pages = results.flatMap((result) => (result.kind === 'chunked' ? [result.document] : []));
  expect(pages).toHaveLength(documents.length);
  expect(pages.flatMap(({ notes }) => notes)).toEqual([]);

  const passages = pages.flatMap((page) => page.passages);
  expect(passages.length).toBeGreaterThan(1_500);
  expect(new Set(passages.map(({ id }) => id)).size).toBe(passages.length);
  for (const { text, title, id } of passages) {
    expect(byteLength(text), id).toBeLessThanOrEqual(PASSAGE_LIMITS.bytes);
    expect(title, id).toBeTruthy();
    // Every fence that opens closes, whatever was cut.
    expect((text.match(/^\s*`{3,}/gm) ?? []).length % 2, id).toBe(0);
  }
  const prose = passages.map(({ text }) => text.replace(/^(\s*)(`{3,})[\s\S]*?^\1\2$/gm, '').replace(/`[^`]*`/g, ''));
  expect(
    prose.filter((text) => /<(Note|Tab|Tabs|Snippet|PropertiesTable|IndexCards|Check|Cross)\b/.test(text)),
  ).toEqual([]);
  const overTarget = passages.filter(
    ({ tokens, text }) => tokens > PASSAGE_LIMITS.tokens && !/```|\| --- \|/.test(text),
  );
  expect(overTarget.length / passages.length).toBeLessThan(0.01);
});
