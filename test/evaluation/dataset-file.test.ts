/** Files of examples: what is read, and what each kind of bad file is told, with its line. */
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { SluiceError } from '../../src/base/errors.ts';
import { formatOf, readDataset } from '../../src/evaluation/dataset-file.ts';
import type { RowSchemas } from '../../src/evaluation/dataset-row.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-dataset-file-'));
});
afterAll(() => rm(folder, { recursive: true }));

const schemas: RowSchemas = {
  input: z.object({ question: z.string().min(1), topK: z.int().optional(), history: z.array(z.string()).optional() }),
  expected: z.object({ answerable: z.boolean(), answer: z.string().optional() }),
};

/** Reads a file of this content, named for its format. */
async function read(name: string, content: string | Uint8Array, checked: RowSchemas = {}) {
  const path = join(folder, name);
  await writeFile(path, content);
  return readDataset(path, formatOf(path), checked);
}

/** What it is refused with. */
async function refusal(name: string, content: string | Uint8Array, checked: RowSchemas = {}): Promise<SluiceError> {
  const error = await read(name, content, checked).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof SluiceError) return error;
  throw new Error(`'${name}' was not refused`, { cause: error });
}

const problemsOf = (error: SluiceError) =>
  (error.data.problems as unknown as { line: number; code: string; message: string }[]).map(
    ({ line, code, message }) => `${line} ${code}: ${message}`,
  );

const jsonl = (...rows: unknown[]) => rows.map((row) => JSON.stringify(row)).join('\n');
const whole = {
  id: 'q1',
  input: { question: 'why?' },
  expected: { answerable: true },
  relevant: { 'guide#2': 3, faq: 0 },
  cluster: 'guide',
  tags: ['short', 'dev', 'short'],
};

describe('JSONL', () => {
  it('is read with all fields; tags are a set, whole numbers may be ids, blank lines are none', async () => {
    const examples = await read('a.jsonl', `${jsonl(whole)}\n\n  \n${jsonl({ id: 7, input: {} })}\n`);
    expect(examples).toEqual([
      { ...whole, tags: ['dev', 'short'] },
      { id: '7', input: {} },
    ]);
  });

  it('may begin with a byte order mark and end its lines with CRLF', async () => {
    const text = `\uFEFF${jsonl(whole)}\r\n${jsonl({ ...whole, id: 'q2' })}\r\n`;
    expect((await read('bom.jsonl', text)).map(({ id }) => id)).toEqual(['q1', 'q2']);
  });

  it('is refused with every problem, each with its line', async () => {
    const error = await refusal(
      'bad.jsonl',
      [
        jsonl(whole),
        '{"id": "q2", "input": ',
        jsonl({ ...whole, id: 'q1' }),
        jsonl({ id: 'q3', inputs: {} }),
        jsonl({ id: 'q4', input: { question: 'a\0b' } }),
        '{"id": "q5\0", "input": {}}',
        jsonl({ id: 'q6', input: {}, tags: ['dev', 'final'] }),
        jsonl({ id: 'q7', input: {}, relevant: { p: -1 } }),
        jsonl({ id: ' ', input: {}, expected: 'yes' }),
        '[1]',
        '{"id": "q8", "input": {"__proto__": {}}}',
        jsonl({ id: 'q9', input: {}, expected: { of: [{ $claim: 'f'.repeat(64) }] } }),
        '{"id": "q10", "input": {"question": "half \\ud83d"}}',
      ].join('\n'),
    );
    expect(error.code).toBe('dataset_invalid');
    expect(problemsOf(error)).toEqual([
      expect.stringMatching(/^2 not_json: it is not JSON: /),
      "3 id_duplicate: the id 'q1' is that of line 1, too",
      expect.stringMatching(/^4 row_invalid: input: .*there is no 'inputs' \(did you mean 'input'\?\)$/),
      "5 text_unstorable: example 'q4': 'input.question' has a NUL character",
      '6 text_unstorable: it has a NUL byte',
      '7 row_invalid: tags: an example is of dev or of final, not of both',
      expect.stringMatching(/^8 row_invalid: relevant\.p: /),
      expect.stringMatching(/^9 row_invalid: id: .*; expected: give an object, such as/),
      expect.stringMatching(/^10 row_invalid: the row: /),
      expect.stringMatching(/^11 row_invalid: 'input.__proto__' has the key '__proto__'/),
      "12 claim_forged: example 'q9': there is a text under a key '$claim'",
      expect.stringMatching(/^13 row_invalid: 'input.question' has a lone surrogate/),
    ]);
    expect(error.message).toMatch(/bad.jsonl' has 12 problems; nothing was imported\nline 2: /);
    expect(error.remedy).toContain('give every example an id of its own');
  });

  it('is checked against the schemas of the pipeline and the dataset, in depth', async () => {
    const rows = [
      { id: 'a', input: { question: '' } },
      { id: 'b', input: { question: 'q', histroy: [] } },
      { id: 'c', input: { question: 'q', history: ['x', 1] } },
      { id: 'd', input: { question: 'q' }, expected: { answerable: 'yes' } },
      { id: 'e', input: { question: 'q' } },
    ];
    expect(problemsOf(await refusal('unfit.jsonl', jsonl(...rows), schemas))).toEqual([
      expect.stringMatching(/^1 input_unfit: example 'a': input\.question: Too small/),
      "2 input_unfit: example 'b': input has no 'histroy'",
      expect.stringMatching(/^3 input_unfit: example 'c': input\.history\[1\]: .*expected string/),
      expect.stringMatching(/^4 expected_unfit: example 'd': expected\.answerable: .*expected boolean/),
    ]);
    expect((await refusal('unfit.jsonl', jsonl(...rows), schemas)).remedy).toContain("did you mean 'history'?");
    expect(await read('unfit.jsonl', jsonl(...rows))).toHaveLength(5);
  });

  it('looks for 50 problems at most, and shows 10', async () => {
    const error = await refusal('worse.jsonl', '{\n'.repeat(1_000));
    expect(problemsOf(error)).toHaveLength(50);
    expect(error.message).toContain('has at least 50 problems');
    expect(error.message.split('\n')).toHaveLength(12);
  });

  it.each([
    ['', 'nothing at all'],
    ['\n\r\n \n', 'blank lines'],
    ['\uFEFF', 'a byte order mark'],
  ])('%j holds no examples: %s', async (content) => {
    expect(await refusal('empty.jsonl', content)).toMatchObject({ code: 'dataset_empty' });
  });

  it('in another encoding is refused by line', async () => {
    const utf16 = await refusal('utf16.jsonl', Buffer.from(`\uFEFF${jsonl(whole)}`, 'utf16le'));
    expect(utf16).toMatchObject({ code: 'file_not_utf8', data: { line: 1 } });
    const latin = Buffer.concat([Buffer.from(`${jsonl(whole)}\n`), Buffer.from('{"id": "caf\xe9"}', 'latin1')]);
    expect(await refusal('latin1.jsonl', latin)).toMatchObject({
      code: 'file_not_utf8',
      data: { line: 2 },
      remedy: expect.stringContaining('iconv'),
    });
  });
});

describe('what is too large', () => {
  it('is a file of 200 MB, before it is read', async () => {
    const path = join(folder, 'huge.jsonl');
    const file = await open(path, 'w');
    await file.truncate(200_000_000);
    await file.close();
    await expect(readDataset(path, 'jsonl')).rejects.toMatchObject({
      code: 'file_too_large',
      message: expect.stringContaining('has 200.0 MB, 100.0 MB are allowed'),
      remedy: expect.stringContaining('split it'),
    });
  });

  it('is a file of 1,000,000 lines, at the first that is too many', async () => {
    const lines = Array.from({ length: 1_000_000 }, (_, n) => `{"id":${n},"input":{}}`).join('\n');
    expect(await refusal('long.jsonl', lines)).toMatchObject({
      code: 'dataset_too_long',
      message: expect.stringContaining('more than 100,000 examples: line 100001 is one too many'),
      data: { line: 100_001 },
    });
  });

  it('is an example above 1 MB, and a line above 10 MB', async () => {
    const large = (length: number) => jsonl(whole, { id: 'big', input: { question: 'x'.repeat(length) } });
    expect(problemsOf(await refusal('large.jsonl', large(1_000_000)))).toEqual([
      "2 example_too_large: example 'big' is 1000036 bytes of JSON, 1000000 are allowed",
    ]);
    expect(await refusal('large.jsonl', large(11_000_000))).toMatchObject({
      code: 'line_too_long',
      data: { line: 2 },
    });
  });

  it.each([
    ['an id', { id: 'x'.repeat(201), input: {} }],
    ['a cluster', { id: 'a', input: {}, cluster: 'x'.repeat(201) }],
    ['a tag', { id: 'a', input: {}, tags: ['x'.repeat(101)] }],
    ['the number of tags', { id: 'a', input: {}, tags: Array.from({ length: 51 }, String) }],
    [
      'the number of grades',
      { id: 'a', input: {}, relevant: Object.fromEntries(Array.from({ length: 1_001 }, (_, n) => [`p${n}`, 1])) },
    ],
    ['a grade', { id: 'a', input: {}, relevant: { p: 101 } }],
  ])('is %s', async (_, row) => {
    expect(problemsOf(await refusal('limits.jsonl', jsonl(row)))).toEqual([expect.stringMatching(/^1 row_invalid: /)]);
  });
});

describe('what is no file', () => {
  it('is said by name', async () => {
    for (const path of [join(folder, 'nowhere.jsonl'), folder])
      await expect(readDataset(path, 'jsonl')).rejects.toMatchObject({
        code: 'file_unreadable',
        message: expect.stringContaining(path),
      });
    expect(() => formatOf('questions.xlsx')).toThrow(expect.objectContaining({ code: 'file_format_unknown' }));
    expect([formatOf('a.CSV'), formatOf('b.ndjson'), formatOf('c.d.jsonl')]).toEqual(['csv', 'jsonl', 'jsonl']);
  });
});

describe('CSV', () => {
  const header = 'id,input.question,input.topK,expected.answerable,relevant,tags,cluster';

  it('is read by columns: as text, or as what the schema of the field asks', async () => {
    const text = `\uFEFF${header}\r\nq1,"why, ""so""?\r\nreally",5,true,https://a.b/c:3;faq:0,short; dev;,g\r\nq2,42,,,,,\r\n`;
    const rest = { relevant: { 'https://a.b/c': 3, faq: 0 }, tags: ['dev', 'short'], cluster: 'g' };
    expect(await read('a.csv', text, schemas)).toEqual([
      { id: 'q1', input: { question: 'why, "so"?\r\nreally', topK: 5 }, expected: { answerable: true }, ...rest },
      { id: 'q2', input: { question: '42' } },
    ]);
    expect((await read('a.csv', text))[0]).toMatchObject({ input: { topK: '5' }, expected: { answerable: 'true' } });
  });

  it('has JSON in columns that say so', async () => {
    const text = 'id,input.question,input.history:json\nq1,"""why""","[""a""]"\nq2,b,\n';
    expect(await read('json.csv', text)).toEqual([
      { id: 'q1', input: { question: '"why"', history: ['a'] } },
      { id: 'q2', input: { question: 'b' } },
    ]);
  });

  it('is refused with every problem, each with the line on which its row begins', async () => {
    const text = `${header}\nq1,"two\nlines",x,true,,,\nq2,b\nq1,c,,,,,\nq3,d,,,faq,,\nq4,,1,,,,\n`;
    expect(problemsOf(await refusal('bad.csv', text, schemas))).toEqual([
      expect.stringMatching(/^2 input_unfit: example 'q1': input\.topK: .*expected int|number/),
      '4 row_invalid: the row has 2 cells, the header 7',
      expect.stringMatching(/^6 row_invalid: relevant\.faq: .*expected number/),
      expect.stringMatching(/^7 input_unfit: example 'q4': input\.question: /),
    ]);
    expect(problemsOf(await refusal('json.csv', 'id,input.q:json\na,{\n'))).toEqual([
      "2 row_invalid: the cell of 'q:json' is not JSON: {",
    ]);
  });

  it.each([
    ["a column 'question'", 'id,question\n', 'input.question'],
    ["a column 'tag'", 'id,input.question,tag\n', "did you mean 'tags'?"],
    ["a column 'expected'", 'id,input.question,expected\n', 'expected.<field>'],
    ["no column 'id'", 'input.question\n', 'the columns may be'],
    ["no column 'input.…'", 'id,tags\n', 'the columns may be'],
    ["two columns 'input.q'", 'id,input.q,input.q\n', 'rename'],
    ['201 columns', `id,${Array.from({ length: 200 }, (_, n) => `input.a${n}`).join()}\n`, 'at most 200'],
  ])('a header with %s is refused with what it may be', async (has, text, remedy) => {
    expect(await refusal('header.csv', `${text}a,b,c\n`, schemas)).toMatchObject({
      code: 'header_invalid',
      message: expect.stringContaining(has),
      remedy: expect.stringContaining(remedy),
    });
  });

  it('that is none is refused by line', async () => {
    expect(await refusal('quote.csv', 'id,input.q\na,b\nc,"d\ne,f\n')).toMatchObject({
      code: 'csv_invalid',
      data: { line: 3 },
    });
    expect(await refusal('nothing.csv', '')).toMatchObject({ code: 'dataset_empty' });
    expect(await refusal('header.csv', 'id,input.q\n')).toMatchObject({ code: 'dataset_empty' });
    expect(problemsOf(await refusal('nul.csv', 'id,input.q\na,b\0c\n'))).toEqual([
      "2 text_unstorable: example 'a': 'input.q' has a NUL character",
    ]);
    const utf16 = Buffer.from('\uFEFFid,input.q\na,b\n', 'utf16le');
    expect(await refusal('utf16.csv', utf16)).toMatchObject({ code: 'file_not_utf8', data: { line: 1 } });
  });
});
