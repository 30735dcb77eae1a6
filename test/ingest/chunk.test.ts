import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Block, byteLength, code, countTokens, item, list, prose, table } from '../../src/ingest/block.ts';
import { chunkBlocks } from '../../src/ingest/document.ts';
import { PASSAGE_LIMITS } from '../../src/ingest/ingest-limits.ts';

const heading = (depth: number, text: string): Block => ({ kind: 'heading', depth, text });
const sentences = (count: number, word = 'word') =>
  Array.from({ length: count }, (_, index) => `Sentence ${index} has some ${word}s in it.`).join(' ');

test('each passage knows the headings above it', () => {
  const chunks = chunkBlocks([
    prose(sentences(20)),
    heading(2, '`stream` *now*'),
    prose(sentences(20)),
    heading(4, 'Deep'),
    prose(sentences(20)),
    heading(2, 'Next'),
    prose(sentences(20)),
  ]);
  expect(chunks.map((chunk) => chunk.heading)).toEqual([[], ['stream now'], ['stream now', 'Deep'], ['Next']]);
});

test('prose is packed to the token target, between sentences', () => {
  const chunks = chunkBlocks([prose(sentences(200))]);
  expect(chunks.length).toBeGreaterThan(3);
  for (const chunk of chunks) {
    expect(chunk.tokens).toBeLessThanOrEqual(PASSAGE_LIMITS.tokens);
    expect(chunk.text).toMatch(/^Sentence .*\.$/s);
    expect(chunk.tokens).toBe(countTokens(chunk.text));
  }
  expect(chunks.map(({ text }) => text).join(' ')).toBe(sentences(200));
});

describe('code and tables', () => {
  const lines = (count: number) =>
    Array.from({ length: count }, (_, index) => `const value${index} = compute(${index});`);

  test('are whole up to the byte limit, however many tokens', () => {
    const body = lines(90).join('\n');
    expect(countTokens(body)).toBeGreaterThan(PASSAGE_LIMITS.tokens * 1.5);
    expect(chunkBlocks([code(body, 'ts')]).map(({ text }) => text)).toEqual([`\`\`\`ts\n${body}\n\`\`\``]);
  });

  test('are not cut for the sake of the item they stand in', () => {
    const lead = '- '.concat('word '.repeat(20).trim());
    const whole = code(lines(136).join('\n'), 'js');
    expect(byteLength(`${lead}\n\n${whole.text}`)).toBeGreaterThan(PASSAGE_LIMITS.bytes);
    for (const parts of [[whole], [list([item('- inner', [whole])])]]) {
      const texts = chunkBlocks([list([item(lead, parts)])]).map(({ text }) => text);
      expect(
        texts.filter((text) => text.includes('```')),
        texts.join('\n===\n'),
      ).toHaveLength(1);
      expect(texts.join('\n')).toContain(whole.text);
      expect(texts[0]).toContain(lead);
    }
  });

  test('above it, code is cut between lines with its fence repeated', () => {
    const chunks = chunkBlocks([code(lines(400).join('\n'), 'ts filename="a.ts"')]);
    expect(chunks.length).toBeGreaterThan(2);
    for (const { text } of chunks)
      expect(text).toMatch(/^```ts filename="a\.ts"\n(const value\d+ = compute\(\d+\);\n)+```$/);
    const bodies = chunks.map(({ text }) => text.split('\n').slice(1, -1).join('\n'));
    expect(bodies.join('\n')).toBe(lines(400).join('\n'));
  });

  test('above it, a table is cut between rows with its header repeated', () => {
    const rows = Array.from({ length: 300 }, (_, index) => `| option${index} | what option ${index} does |`);
    const chunks = chunkBlocks([table('| name | meaning |\n| --- | --- |', rows)]);
    expect(chunks.length).toBeGreaterThan(2);
    for (const { text } of chunks) expect(text.startsWith('| name | meaning |\n| --- | --- |\n| option')).toBe(true);
    expect(chunks.flatMap(({ text }) => text.split('\n').slice(2))).toEqual(rows);
  });

  test('a line that introduces code stays with it', () => {
    const chunks = chunkBlocks([prose(sentences(30)), prose('For example:'), code(lines(60).join('\n'))]);
    expect(chunks.at(-1)!.text.startsWith('For example:\n\n```')).toBe(true);
  });
});

test('a list that is too long is cut between items, and an item with its first line repeated', () => {
  const inner = Array.from({ length: 60 }, (_, index) =>
    prose(`- \`field${index}\`: what field ${index} means to a reader`),
  );
  const item = { kind: 'group', lead: '- `options`: all of them', text: 'x'.repeat(9_000), parts: inner } as const;
  const chunks = chunkBlocks([list([prose('- `first`: one'), item])]);
  expect(chunks.length).toBeGreaterThan(2);
  for (const { text } of chunks.slice(1)) expect(text.startsWith('- `options`: all of them\n')).toBe(true);
  for (let index = 0; index < 60; index += 1)
    expect(chunks.filter(({ text }) => text.includes(`\`field${index}\``))).toHaveLength(1);
});

test('small neighbours are joined: an introduction under the heading it leads to, short siblings with their headings', () => {
  const small = chunkBlocks([prose('An introduction.'), heading(2, 'One'), prose(sentences(12))]);
  expect(small.map(({ heading: path }) => path)).toEqual([['One']]);
  const siblings = chunkBlocks([
    heading(2, 'Fix'),
    heading(3, 'A'),
    prose('Do a.'),
    heading(3, 'B'),
    prose('Do b.'),
    heading(3, 'C'),
    prose('Do c.'),
  ]);
  expect(siblings).toHaveLength(1);
  expect(siblings[0]).toMatchObject({ heading: ['Fix'], text: '### A\n\nDo a.\n\n### B\n\nDo b.\n\n### C\n\nDo c.' });
});

test('whatever the document, passages hold all of it and none exceeds the limit', () => {
  const word = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).map((text) => text.replace(/\s/g, '_'));
  const text = fc.array(word, { minLength: 1, maxLength: 40 }).map((words) => words.join(' '));
  const long = fc.tuple(text, fc.integer({ min: 1, max: 80 })).map(([one, times]) => Array(times).fill(one).join(' '));
  const unbroken = fc.integer({ min: 1, max: 20_000 }).map((length) =>
    'añ🙂'
      .repeat(length / 4)
      .slice(0, length)
      .toWellFormed(),
  );
  const line = fc.oneof({ weight: 5, arbitrary: text }, { weight: 1, arbitrary: unbroken });
  const block: fc.Arbitrary<Block> = fc.oneof(
    fc.tuple(fc.integer({ min: 1, max: 6 }), text).map(([depth, title]) => heading(depth, title)),
    fc.oneof(text, long, unbroken).map(prose),
    fc.array(line, { minLength: 1, maxLength: 60 }).map((lines) => code(lines.join('\n'), 'ts')),
    fc.tuple(text, fc.array(line, { maxLength: 60 })).map(([header, rows]) => table(`| ${header} |\n| --- |`, rows)),
    fc
      .array(fc.oneof(text, long), { minLength: 1, maxLength: 30 })
      .map((items) => list(items.map((each) => prose(`- ${each}`)))),
  );
  fc.assert(
    fc.property(fc.array(block, { minLength: 1, maxLength: 12 }), (blocks) => {
      const chunks = chunkBlocks(blocks);
      for (const { text: passage } of chunks) {
        expect(byteLength(passage)).toBeLessThanOrEqual(PASSAGE_LIMITS.bytes);
        expect(passage.trim()).not.toBe('');
        expect(passage.isWellFormed()).toBe(true);
      }
      const letters = (value: string) => value.replace(/[\s`#|-]/g, '');
      const contents = blocks.filter((each) => each.kind !== 'heading');
      const said = chunks.map((chunk) => letters(chunk.text)).join('');
      // Every content's end is there: nothing is dropped from the back of a cut.
      for (const content of contents) expect(said).toContain(letters(content.text).slice(-20));
    }),
    { seed: 7, numRuns: 25, endOnFailure: true },
  );
});
