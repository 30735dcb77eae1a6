/** What is written reads back as the same content, and chats hold what was accepted and nothing else. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toChat, toCsv, toJsonLines } from '../../src/evaluation/dataset-export.ts';
import { type FileFormat, readDataset } from '../../src/evaluation/dataset-file.ts';
import { contentHash, type Example, memberOf, splitOf } from '../../src/model/dataset.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-dataset-export-'));
});
afterAll(() => rm(folder, { recursive: true }));

const hashOf = (examples: readonly Example[]) => contentHash(examples.map(memberOf));

async function hashAfter(format: FileFormat, text: string): Promise<string> {
  const path = join(folder, 'exported');
  await writeFile(path, text);
  return hashOf(await readDataset(path, format));
}

const word = fc.stringMatching(/^[a-z][a-z0-9_]{0,8}$/);
const text = fc.string({ unit: 'binary' }).filter((value) => !value.includes('\0') && value.isWellFormed());
const plainName = fc.stringMatching(/^[a-zé#/:. -]{0,12}[a-z]$/).map((name) => name.trim());
const value = fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null), fc.array(text, { maxLength: 2 }));
const fields = (minKeys: number) => fc.dictionary(word, value, { minKeys, maxKeys: 3, noNullPrototype: true });
const example = fc.record(
  {
    id: plainName,
    input: fields(1),
    expected: fields(1),
    relevant: fc.dictionary(plainName, fc.integer({ min: 0, max: 3 }), {
      minKeys: 1,
      maxKeys: 3,
      noNullPrototype: true,
    }),
    cluster: plainName,
    tags: fc.uniqueArray(plainName, { minLength: 1, maxLength: 3 }).map((tags) => tags.sort()),
    run: plainName,
  },
  { requiredKeys: ['id', 'input'], noNullPrototype: true },
);
const examples = fc.uniqueArray(example, { selector: ({ id }) => id, minLength: 1, maxLength: 5 }) as fc.Arbitrary<
  Example[]
>;

describe('export', () => {
  it('reads back as the same version, from JSONL and from CSV', async () => {
    await fc.assert(
      fc.asyncProperty(examples, async (given) => {
        expect(await hashAfter('jsonl', toJsonLines(given))).toBe(hashOf(given));
        expect(await hashAfter('csv', toCsv(given))).toBe(hashOf(given));
      }),
      { seed: 7, numRuns: 150 },
    );
  });

  it.each([
    { id: 'a', input: {}, tags: ['x;y'] },
    { id: 'a', input: {}, relevant: { 'p;q': 1 } },
    { id: 'a', input: {}, expected: {} },
    { id: 'a', input: {}, tags: [] },
  ])('refuses as CSV what a cell could not be read back from: %j', (given) => {
    expect(() => toCsv([given as Example])).toThrow(expect.objectContaining({ code: 'csv_unfit' }));
  });
});

describe('the identity of content', () => {
  const [a, b]: Example[] = [
    { id: 'a', input: { question: 'x', n: 1 } },
    { id: 'b', input: {}, tags: ['final'] },
  ] as const;
  it('is none of the order of examples or keys, and all of their content', () => {
    expect(hashOf([a!, b!])).toBe(hashOf([b!, { input: { n: 1, question: 'x' }, id: 'a' }]));
    expect(hashOf([a!, b!])).toMatch(/^[0-9a-f]{64}$/);
    const others = [[a!], [a!, { ...b!, tags: [] }], [a!, { ...b!, id: 'c' }], [{ ...a!, cluster: 'k' }, b!]];
    expect(new Set([[a!, b!], ...others].map(hashOf)).size).toBe(5);
  });
  it('says final by its tag, else dev', () => {
    expect([a!, b!, { tags: ['dev'] }].map(splitOf)).toEqual(['dev', 'final', 'dev']);
  });
});

describe('chats to fine-tune with', () => {
  const history = [
    { role: 'user', content: 'hi' },
    { role: 'assistant', content: 'hello' },
  ];
  const given: Example[] = [
    { id: 'a', input: { question: 'why?', history }, expected: { answer: 'so' } },
    { id: 'b', input: { topic: 'sun' }, expected: { text: 'hot', citations: [] } },
    { id: 'c', input: { question: 'unanswered' }, expected: { answerable: false } },
    { id: 'd', input: { question: 'none' } },
    { id: 'e', input: { one: 'x', two: 'y' }, expected: { answer: 'z' } },
    { id: 'f', input: { question: 'blank' }, expected: { answer: ' ' } },
  ];
  it('hold the system prompt, the history, the question and the accepted answer', () => {
    const { text, examples, skipped } = toChat(given, 'be kind');
    expect({ examples, skipped }).toEqual({ examples: 2, skipped: 4 });
    const system = { role: 'system', content: 'be kind' };
    expect(
      text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { messages: [system, ...history, { role: 'user', content: 'why?' }, { role: 'assistant', content: 'so' }] },
      { messages: [system, { role: 'user', content: 'sun' }, { role: 'assistant', content: 'hot' }] },
    ]);
    expect(toChat(given).text).not.toContain('system');
  });
});
