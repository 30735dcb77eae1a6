import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { createChunker } from '../../src/ingest/chunker.ts';
import { INGEST_LIMITS } from '../../src/ingest/ingest-limits.ts';
import { pdfBomb, pdfOf } from './pdfs.ts';

const chunker = createChunker({ growthMb: 400 });
afterAll(() => chunker.close());

const chunk = (bytes: Uint8Array, mode: 'headings' | 'none' = 'headings') =>
  chunker.chunk({ id: 'a', name: 'a.pdf', format: 'pdf', bytes, fallbackTitle: 'from name' }, mode);

const words = (page: number) =>
  Array.from({ length: 20 }, (_, index) => `Line ${index} of page ${page} has some words of its own.`);

describe('a PDF', () => {
  test('is read page by page, each page a heading', async () => {
    const bytes = await pdfOf([words(1), words(2), [], words(4)], { title: 'The manual' });
    expect(await chunk(bytes)).toMatchObject({
      document: {
        title: 'The manual',
        passages: [1, 2, 4].map((page) => ({
          heading: [`page ${page}`],
          text: expect.stringMatching(new RegExp(`^Line 0 of page ${page} .* of its own\\.$`)),
        })),
        notes: [],
      },
    });
  });

  test('has paragraphs where its lines end early, and parted words are one again', async () => {
    const lines = [
      'The first paragraph is so long that it does not fit into one line and is con-',
      'tinued.',
      'The second one comes after it, as long as the first, and then it goes on and',
      'ends here.',
    ];
    expect(await chunk(await pdfOf([lines]), 'none')).toMatchObject({
      document: {
        title: 'from name',
        passages: [
          {
            text: [
              '## page 1',
              'The first paragraph is so long that it does not fit into one line and is continued.',
              'The second one comes after it, as long as the first, and then it goes on and ends here.',
            ].join('\n\n'),
          },
        ],
      },
    });
  });

  test('that names the file it was printed from has no title of its own', async () => {
    const bytes = await pdfOf([['Text.']], { title: 'Microsoft Word - report.docx' });
    expect(await chunk(bytes)).toMatchObject({ document: { title: 'from name' } });
  });
});

describe('what is no readable PDF is skipped by name, with its reason', () => {
  const fixture = (name: string) => readFile(join(import.meta.dirname, 'fixtures', name));
  const zip = Buffer.from('504b0506000000000000000000000000000000000000', 'hex');
  test.each<[string, () => Promise<Uint8Array>, string, RegExp]>([
    ['an encrypted one', () => fixture('encrypted.pdf'), 'encrypted', /save it without a password/],
    ['a ZIP archive', async () => zip, 'unparseable', /no PDF, but a ZIP archive/],
    ['nothing', async () => new Uint8Array(), 'unparseable', /no PDF$/],
    ['a beginning only', async () => Buffer.from('%PDF-1.7\n1 0 obj'), 'unparseable', /no readable PDF/],
    ['half a file', async () => (await pdfOf([words(1)])).slice(0, 300), 'unparseable', /no readable PDF/],
    ['scanned pages', () => pdfOf([[], []]), 'empty', /pages \(2\) hold no text: .*OCR/],
    [
      'too many pages',
      () => pdfOf(Array(INGEST_LIMITS.pdfPages + 1).fill([])),
      'too-large',
      /has 2001 pages, 2000 are allowed/,
    ],
  ])('%s', async (_name, make, reason, detail) => {
    expect(await chunk(await make())).toEqual({
      kind: 'skipped',
      skip: { name: 'a.pdf', reason, detail: expect.stringMatching(detail) },
    });
  });

  test('one that unpacks to more than there is room for, and the next one is read', async () => {
    const bytes = await pdfBomb(1_500);
    expect(bytes.length).toBeLessThan(2_000_000);
    expect(await chunk(bytes)).toMatchObject({
      skip: { reason: 'unparseable', detail: expect.stringContaining('400 MB') },
    });
    expect(await chunk(await pdfOf([['Fine.']]))).toMatchObject({ kind: 'chunked' });
  });
});
