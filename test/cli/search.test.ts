/** `sluice search` by words, by meaning and by both: over an index in memory, and the keyword search faked. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { SluiceError } from '../../src/base/errors.ts';
import { excerptOf, highlight, searchNotes } from '../../src/cli/hit-lines.ts';
import { memoryIndex } from '../embedding/memory-index.ts';
import { fakeRuntime, run } from './fakes.ts';

const texts = [
  { id: 'stream#0', title: 'Streams', heading: ['Tokens'], text: 'A stream gives tokens one after another.' },
  { id: 'stream#1', title: 'Streams', heading: ['Errors'], text: 'An error in a stream ends the stream of tokens.' },
  { id: 'bread#0', title: 'Bread', heading: [], text: 'Bread is baked of flour, water and salt.' },
];
const index = await memoryIndex(texts);
const hit = (place: number, score: number) => ({ ...texts[place]!, url: null, score });
/** Finds the second and the third, whatever is asked. */
const keyword = async (_index: string, queries: readonly { id: string }[]) =>
  queries.map(({ id }) => ({ id, hits: [hit(1, 12), hit(2, 2)] }));
const { runtime } = fakeRuntime({
  store: {
    ...index,
    search: { keyword },
    indexes: { list: async () => [{ name: 'docs' }], snapshot: async () => ({ hash: 'memory' }) },
  },
});
const search = async (...argv: string[]) => run(['search', '--index', 'docs', ...argv], { runtime });
const jsonOf = async (...argv: string[]) => JSON.parse((await search('--json', ...argv)).stdout);

describe('sluice search', () => {
  it('finds by meaning, with cosines as scores', async () => {
    const [{ id, hits }] = await jsonOf('--mode', 'vector', 'token streams');
    expect(id).toBe('token streams');
    expect(hits.map((each: { id: string }) => each.id.split('#')[0])).toEqual(['stream', 'stream', 'bread']);
    for (const { score } of hits) expect(Math.abs(score)).toBeLessThanOrEqual(1 + 1e-6);
    expect(await jsonOf('--mode', 'vector', 'the of and')).toEqual([{ id: 'the of and', hits: [] }]);
  });

  it('asks the model of the snapshot that is searched, though the newest may have another, or none', async () => {
    const embedded = async (_index: string, snapshot?: string) => {
      if (snapshot !== 'memory') throw new Error('the newest snapshot has no vectors');
      return { hash: 'memory', sequence: 1, model: index.model };
    };
    const { runtime: pinned } = fakeRuntime({
      store: {
        ...index,
        vectorSearch: { ...index.vectorSearch, embedded },
        indexes: { list: async () => [{ name: 'docs' }] },
      },
    });
    const argv = ['search', '--index', 'docs', '--mode', 'vector', '--snapshot', 'memory', '--json', 'token streams'];
    const { code, stdout } = await run(argv, { runtime: pinned });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)[0].hits).toHaveLength(3);
  });

  it('joins both lists: what either found is there, and the best of both comes first', async () => {
    const [{ hits }] = await jsonOf('--mode', 'hybrid', 'token streams');
    expect(hits.map((each: { id: string }) => each.id).sort()).toEqual(['bread#0', 'stream#0', 'stream#1']);
    expect(hits[0].id).toBe('stream#1');
    expect(Object.keys(hits[0])).toEqual(['id', 'score']);
    expect((await jsonOf('--mode', 'hybrid', '--top', '1', 'token streams'))[0].hits).toHaveLength(1);
  });

  it('explains: place and score by retriever, fused and reranked', async () => {
    const [{ hits }] = await jsonOf('--mode', 'hybrid', '--explain', 'token streams');
    const explained = Object.fromEntries(hits.map((each: { id: string; explain: object }) => [each.id, each.explain]));
    expect(explained['stream#0']).toMatchObject({
      keyword: null,
      vector: { rank: expect.any(Number), score: expect.any(Number) },
      fused: { rank: 2 },
      reranked: { rank: expect.any(Number) },
    });
    expect(explained['stream#1']).toMatchObject({ keyword: { rank: 1, score: 12 }, fused: { rank: 1 } });
    const [{ hits: byWords }] = await jsonOf('--explain', 'token streams');
    expect(Object.keys(byWords[0].explain)).toEqual(['keyword', 'reranked']);
  });

  it('says so on the terminal, the words asked for marked', async () => {
    const { stdout } = await run(['search', '--index', 'docs', '--mode', 'hybrid', '--explain', 'token streams'], {
      runtime,
      environment: { FORCE_COLOR: '1' },
    });
    const plain = stdout.replaceAll(new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g'), '');
    expect(plain).toMatch(
      /keyword 1st 12\.00 · vector \d\w\w 0\.\d\d · fused 1st [01]\.\d\d · reranked \d\w\w \d\.\d\d/,
    );
    expect(plain).toMatch(/keyword – · vector/);
    expect(stdout).toMatch(/ a .\[1mstream.\[22m ends the .\[1mstream.\[22m of .\[1mtokens.\[22m\./);
    expect((await search('--mode', 'hybrid', 'token streams')).stdout).not.toContain(String.fromCharCode(27));
  });
});

describe('below the hits', () => {
  const notesOf = async (...argv: string[]) => (await search(...argv)).stderr;

  it('stands what their scores are, and the command that says why they are there', async () => {
    expect(await notesOf("the bakers' tokens")).toBe(
      'scores are BM25: they compare within one answer only\n' +
        String.raw`why each is there: sluice search --index docs --explain 'the bakers'\'' tokens'` +
        '\n',
    );
    expect(await notesOf('--mode', 'vector', 'tokens')).toMatch(/cosines.*\n.* --mode vector --explain 'tokens'\n$/);
    expect(await notesOf('--mode', 'hybrid', '--explain', 'tokens')).toMatch(/^keyword: BM25 · .* reranked: .*\n$/);
    expect(await notesOf('x '.repeat(200))).toContain("--explain '…'");
  });

  it('stands why there are none, and another way to look', async () => {
    const { stdout, stderr, code } = await search('--mode', 'vector', 'the of and');
    expect([stdout, code]).toEqual(['nothing found\n', 0]);
    expect(stderr).toBe('the embedding model knows none of its words\n');
    const nothing = searchNotes({ index: 'docs', mode: 'keyword', query: 'zebra', hits: 0, isExplained: false });
    expect(nothing.at(-1)).toBe("by meaning, too: sluice search --index docs --mode hybrid 'zebra'");
  });

  it('stands nothing that a program would have to leave out', async () => {
    expect((await search('--json', 'tokens')).stderr).toBe('');
    expect(await notesOf('--quiet', 'tokens')).toBe('');
  });
});

it('searches the snapshot that is asked for, in each mode', async () => {
  const asked: unknown[] = [];
  const { runtime: watched } = fakeRuntime({
    store: {
      ...index,
      search: {
        keyword: (name: string, queries: readonly { id: string }[], options: { snapshot?: string }) => {
          asked.push(options.snapshot);
          return keyword(name, queries);
        },
      },
      indexes: {
        list: async () => [{ name: 'docs' }],
        snapshot: async (_: string, given: string) => ({ hash: `${given}c` }),
      },
    },
  });
  const at = (...argv: string[]) => run(['search', '--index', 'docs', ...argv, 'tokens'], { runtime: watched });
  await at();
  await at('--snapshot', 'ab');
  await at('--snapshot', 'ab', '--mode', 'hybrid');
  expect(asked).toEqual([undefined, 'ab', 'abc']);
});

describe('a server that stops between two statements', () => {
  afterEach(() => void vi.useRealTimers());

  it('ends the progress, which would print lines for ever', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-queries-'));
    const file = join(folder, 'queries.jsonl');
    await writeFile(file, Array.from({ length: 120 }, (_, id) => `{"id": ${id}, "query": "stream"}`).join('\n'));
    const gone = new SluiceError('database_unreachable', { message: 'no database', remedy: 'start it' });
    let statements = 0;
    const { runtime: stopping } = fakeRuntime({
      store: {
        search: {
          keyword: async (name: string, queries: readonly { id: string }[]) => {
            statements += 1;
            if (statements > 1) throw gone;
            return keyword(name, queries);
          },
        },
        indexes: { list: async () => [{ name: 'docs' }] },
      },
    });
    vi.useFakeTimers();
    const { code, stderr } = await run(['search', '--index', 'docs', '--queries', file], { runtime: stopping });
    expect(stderr).toMatch(/^(search {2}50\/120.*\n)+✖ no database\n {2}start it\n$/);
    expect([code, statements, vi.getTimerCount()]).toEqual([1, 2, 0]);
    await rm(folder, { recursive: true });
  });
});

describe('what is shown of a passage', () => {
  const text = `${'Nothing of note stands here. '.repeat(20)}Streams of tokens are cached. ${'More of the same. '.repeat(20)}`;

  it('is where most of the words asked for are', () => {
    const excerpt = excerptOf(text, 'cache token streams', 60);
    expect(excerpt).toContain('Streams of tokens are cached');
    expect(excerpt).toMatch(/^….*…$/);
    expect(excerpt.length).toBeLessThanOrEqual(62);
  });

  it('is the beginning where none of them is, and all of a short text', () => {
    expect(excerptOf(text, 'zebra', 40)).toMatch(/^Nothing of note/);
    expect(excerptOf('two\n  words', 'zebra', 40)).toBe('two words');
    expect(excerptOf('', 'x', 40)).toBe('');
  });

  it('marks words by their stems, and no stop words', () => {
    const marked = highlight('The streams, streaming: a STREAM of it', 'the stream of', (word) => `[${word}]`);
    expect(marked).toBe('The [streams], [streaming]: a [STREAM] of it');
  });
});
