import { describe, expect, test } from 'vitest';
import { chunkDocument, type TextDocument } from '../../src/ingest/document.ts';
import { INGEST_LIMITS, PASSAGE_LIMITS } from '../../src/ingest/ingest-limits.ts';

const raw = (text: string, more: Partial<TextDocument> = {}): TextDocument => ({
  id: 'guide/a',
  name: 'guide/a.mdx',
  text,
  format: 'mdx',
  ...more,
});
const chunked = async (document: TextDocument, mode: 'headings' | 'none' = 'headings') => {
  const result = await chunkDocument(document, mode);
  if (result.kind === 'skipped') throw new Error(`skipped: ${result.skip.detail}`);
  return result.document;
};

describe('passages', () => {
  test('are numbered under their document, with its title and address', async () => {
    const { passages } = await chunked(raw('# Guide\n\nText.', { url: 'https://a/guide' }));
    expect(passages).toEqual([
      { id: 'guide/a#0', ordinal: 0, title: 'Guide', url: 'https://a/guide', heading: [], text: 'Text.', tokens: 2 },
    ]);
  });

  test('with chunk none the passage is the document, under its own id', async () => {
    const { passages } = await chunked(raw('---\ntitle: T\n---\n# H\n\nText.\n\n- a', { id: '42' }), 'none');
    expect(passages).toMatchObject([{ id: '42', ordinal: 0, title: 'T', text: '# H\n\nText.\n\n- a' }]);
  });

  test('with chunk none a text that no passage can hold is skipped by name', async () => {
    const text = 'é'.repeat(PASSAGE_LIMITS.bytes / 2);
    expect((await chunked(raw(text, { format: 'text' }), 'none')).passages).toHaveLength(1);
    expect(await chunkDocument(raw(`${text}!`, { format: 'text' }), 'none')).toMatchObject({
      kind: 'skipped',
      skip: { name: 'guide/a.mdx', reason: 'too-long', detail: expect.stringContaining('4097 bytes') },
    });
  });
});

test('the title is the given one, else the front matter, else the first heading, else the name', async () => {
  const titled = async (text: string, more = {}) =>
    (await chunked(raw(text, { fallbackTitle: 'from name', ...more }))).title;
  expect(await titled('---\ntitle: Front\n---\n# Head\n\nx', { title: 'Given' })).toBe('Given');
  expect(await titled('---\ntitle: Front\n---\n# Head\n\nx')).toBe('Front');
  expect(await titled('# `Head`\n\nx')).toBe('Head');
  expect(await titled('## Not the title\n\nx')).toBe('from name');
  expect((await chunked(raw('x', { format: 'text' }))).title).toBeUndefined();
});

test('a description is text; a first heading that only repeats the title is not', async () => {
  const { passages } = await chunked(
    raw('---\ntitle: useChat\ndescription: The chat hook.\n---\n# `useChat()`\n\nIt chats.'),
  );
  expect(passages).toMatchObject([{ text: 'The chat hook.\n\nIt chats.', heading: [] }]);
});

describe('what is mended or read more simply is told', () => {
  test.each([
    ['cleaned', raw('a\0b', { format: 'text' })],
    ['cleaned', raw('lone \ud800 surrogate', { format: 'text' })],
    ['mdx-as-markdown', raw('# T\n\nif a <b and {c')],
    ['front-matter-ignored', raw('---\ntitle: [\n---\n\nText.')],
    ['markdown-as-text', raw(`# ${'word '.repeat(INGEST_LIMITS.markdownBytes / 5)}`)],
  ])('%s', async (note, document) => {
    const { notes, passages } = await chunked(document);
    expect(notes).toEqual([note]);
    for (const { text } of passages) {
      expect(text.isWellFormed()).toBe(true);
      expect(text).not.toContain('\0');
    }
  });
});

test('a document without text is skipped', async () => {
  for (const text of ['', ' \n\n ', '---\ntitle: only\n---\n', '<Support />', '# Heading alone'])
    for (const mode of ['headings', 'none'] as const) {
      if (mode === 'none' && /Support|Heading/.test(text)) continue;
      expect(await chunkDocument(raw(text), mode)).toMatchObject({ kind: 'skipped', skip: { reason: 'empty' } });
    }
});

test('a document of too many passages is skipped by name', async () => {
  const sections = Array.from(
    { length: INGEST_LIMITS.documentPassages + 1 },
    (_, index) => `${'word '.repeat(390)}${index}.`,
  );
  expect(await chunkDocument(raw(sections.join('\n\n'), { format: 'text' }), 'headings')).toMatchObject({
    skip: { reason: 'too-large', detail: expect.stringContaining('passages') },
  });
});
