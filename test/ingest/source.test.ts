import { mkdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { LineBatch } from '../../src/ingest/entries.ts';
import { INGEST_LIMITS } from '../../src/ingest/ingest-limits.ts';
import { listSource, openSource, readBatch } from '../../src/ingest/source.ts';
import { folderWith, readSource, temporaryFolder } from './support.ts';

describe('a path that is no source', () => {
  test('is refused by name', async () => {
    const folder = await folderWith({ 'a.png': 'x', 'deep/.hidden.md': 'x', 'node_modules/b/README.md': 'x' });
    await expect(openSource(join(folder, 'nowhere'))).rejects.toMatchObject({ code: 'source_missing' });
    await expect(openSource(join(folder, 'a.png'))).rejects.toMatchObject({ code: 'source_unknown' });
    await expect(readSource(folder)).rejects.toMatchObject({ code: 'source_empty', data: { ignored: 1 } });
  });
});

describe('a folder', () => {
  test('gives its documents in order of path, named without extension', async () => {
    const folder = await folderWith({ 'b.md': 'b', 'a/02-two.mdx': 't', 'a/10.txt': 'x', 'logo.png': '' });
    const { documents, skips } = await readSource(folder);
    expect(documents.map(({ raw }) => [raw.id, raw.format, raw.fallbackTitle])).toEqual([
      ['a/02-two', 'mdx', 'two'],
      ['a/10', 'text', '10'],
      ['b', 'markdown', 'b'],
    ]);
    expect(skips).toEqual([]);
  });

  test('files that would share an id keep their extension', async () => {
    const { documents } = await readSource(await folderWith({ 'a.md': '1', 'a.txt': '2', 'b.md': '3' }));
    expect(documents.map(({ raw }) => raw.id)).toEqual(['a.md', 'a.txt', 'b']);
  });

  test('no two files share an id, whatever their names', async () => {
    const { documents } = await readSource(
      await folderWith({ 'a.html': '1', 'a.md': '2', 'a.md.txt': '3', 'a.md.c': '4' }),
    );
    expect(documents.map(({ raw }) => raw.id)).toEqual(['a.html', 'a.md', 'a.md.c', 'a.md.txt']);
  });

  test('a link is read where it leads inside the folder, and nowhere else', async () => {
    const outside = await folderWith({ 'secret.md': 'Secret.' });
    const folder = await folderWith({ 'here.md': 'Text.' });
    await symlink(join(outside, 'secret.md'), join(folder, 'out.md'));
    await symlink('here.md', join(folder, 'same.md'));
    // Of which neither is inside, though its path begins alike or the folder is reached by a link itself.
    await writeFile(`${folder}-beside.md`, 'Beside.');
    await symlink(`${folder}-beside.md`, join(folder, 'beside.md'));
    await symlink(folder, join(outside, 'linked'));
    for (const root of [folder, join(outside, 'linked')]) {
      const { documents, skips } = await readSource(root);
      expect(documents.map(({ raw }) => raw.id)).toEqual(['here', 'same']);
      expect(skips).toMatchObject([
        { name: 'beside.md', reason: 'unreadable', detail: expect.stringContaining('--list') },
        { name: 'out.md', reason: 'unreadable', detail: expect.stringContaining('--list') },
      ]);
    }
    await rm(`${folder}-beside.md`);
  });

  test('what cannot be read is skipped by name and reason, and nothing else is', async () => {
    const folder = await folderWith({
      'good.md': 'Text.',
      'latin1.md': Buffer.from([0x63, 0x61, 0x66, 0xe9]),
      'large.md': Buffer.alloc(INGEST_LIMITS.documentBytes + 1, 0x61),
    });
    await symlink(join(folder, 'nowhere'), join(folder, 'dangling.md'));
    await symlink(folder, join(folder, 'loop'));
    await mkdir(join(folder, 'named-like.md'));
    await writeFile(join(folder, 'new\nline.md'), 'x');
    const { documents, skips } = await readSource(folder);
    expect(documents.map(({ raw }) => raw.id)).toEqual(['good']);
    expect(skips.map(({ name, reason }) => [name, reason])).toEqual([
      ['dangling.md', 'unreadable'],
      ['large.md', 'too-large'],
      ['latin1.md', 'not-utf8'],
      ['new\nline.md', 'bad-id'],
    ]);
    for (const { detail } of skips) expect(detail).not.toBe('');
  });

  test('folders nested too deeply are skipped by name', async () => {
    const deep = Array.from({ length: INGEST_LIMITS.folderDepth + 2 }, () => 'd').join('/');
    const { documents, skips } = await readSource(await folderWith({ [`${deep}/x.md`]: 'x', 'a.md': 'a' }));
    expect(documents.map(({ raw }) => raw.id)).toEqual(['a']);
    expect(skips).toMatchObject([{ reason: 'unreadable', name: expect.stringMatching(/^d\/.*\/$/) }]);
  });

  test('NUL characters are removed and told', async () => {
    const { documents } = await readSource(await folderWith({ 'a.md': 'be\0fore' }));
    expect(documents[0]!.raw).toMatchObject({ text: 'before', mended: true });
  });

  test('many files make few batches, which together are all files once', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 3_000 }, (_, index) => [`${index % 7}/${index}.txt`, `Text ${index}.`]),
    );
    const { documents, batches } = await readSource(await folderWith(files));
    expect(batches).toBeLessThanOrEqual(250);
    expect(new Set(documents.map(({ raw }) => raw.id)).size).toBe(3_000);
    expect(documents).toHaveLength(3_000);
  });

  test('a content hash changes with content and with name, and with nothing else', async () => {
    const hashes = async (files: { readonly [path: string]: string }) =>
      (await readSource(await folderWith(files))).documents.map(({ contentHash }) => contentHash);
    const first = await hashes({ 'a.md': 'one', 'b.md': 'one' });
    expect(new Set(first).size).toBe(2);
    expect(await hashes({ 'a.md': 'one', 'b.md': 'one' })).toEqual(first);
    expect((await hashes({ 'a.md': 'two' }))[0]).not.toBe(first[0]);
  });
});

describe('a JSONL file', () => {
  const fileWith = async (content: string | Uint8Array) => {
    const path = join(await temporaryFolder(), 'docs.jsonl');
    await writeFile(path, content);
    return path;
  };

  test('gives one document per line, with its own fields', async () => {
    const { documents } = await readSource(
      await fileWith(
        '{"id":"a","title":"A","text":"x","url":"https://a","metadata":{"n":1}}\n\n{"id":7,"text":"y","title":null}',
      ),
    );
    expect(documents.map(({ raw, metadata }) => ({ ...raw, metadata }))).toEqual([
      {
        id: 'a',
        name: 'docs.jsonl:1',
        text: 'x',
        format: 'markdown',
        title: 'A',
        url: 'https://a',
        metadata: { n: 1 },
      },
      { id: '7', name: 'docs.jsonl:3', text: 'y', format: 'markdown', metadata: undefined },
    ]);
  });

  test('a line that is no document is skipped under its number', async () => {
    const lines = [
      '{"id":"a","text":"first"}',
      '{"id":"b","text":',
      '{"id":"c"}',
      '[1]',
      '{"id":"a","text":"again"}',
      '{"id":" ","text":"x"}',
      `{"id":"${'x'.repeat(INGEST_LIMITS.idBytes + 1)}","text":"x"}`,
      '{"id":"nul\\u0000","text":"x"}',
      '{"id":"lone\\ud800","text":"x"}',
      `{"id":"m","text":"x","metadata":{"a":"${'x'.repeat(INGEST_LIMITS.metadataBytes)}"}}`,
      '{"id":"z","text":"last"}',
    ];
    const { documents, skips } = await readSource(await fileWith(lines.join('\n')));
    expect(documents.map(({ raw }) => 'text' in raw && raw.text)).toEqual(['first', 'last']);
    expect(skips.map(({ name, reason }) => `${name} ${reason}`)).toEqual([
      'docs.jsonl:2 bad-line',
      'docs.jsonl:3 bad-line',
      'docs.jsonl:4 bad-line',
      'docs.jsonl:5 duplicate-id',
      'docs.jsonl:6 bad-id',
      'docs.jsonl:7 bad-id',
      'docs.jsonl:8 bad-id',
      'docs.jsonl:9 bad-id',
      'docs.jsonl:10 bad-line',
    ]);
  });

  test('bytes that are not UTF-8 and lines above the limit cost one line each', async () => {
    const bytes = Buffer.concat([
      Buffer.from('{"id":"a","text":"caf'),
      Buffer.from([0xe9]),
      Buffer.from('"}\n{"id":"b","text":"'),
      Buffer.alloc(INGEST_LIMITS.documentBytes, 0x61),
      Buffer.from('"}\n{"id":"c","text":"here"}\n'),
    ]);
    const { documents, skips } = await readSource(await fileWith(bytes));
    expect(documents.map(({ raw }) => raw.id)).toEqual(['c']);
    expect(skips.map(({ name, reason }) => `${name} ${reason}`)).toEqual([
      'docs.jsonl:1 not-utf8',
      'docs.jsonl:2 too-large',
    ]);
  });

  test('doubles are found across batches, and the first line counts', async () => {
    const line = (index: number) =>
      JSON.stringify({ id: `id${index % 90}`, text: `line ${index} ${'x'.repeat(3_000)}` });
    const path = await fileWith(Array.from({ length: 120 }, (_, index) => line(index)).join('\r\n'));
    const { documents, skips, batches } = await readSource(path);
    expect(batches).toBeGreaterThan(3);
    expect(documents).toHaveLength(90);
    expect(documents.every(({ raw }) => Number(raw.name.split(':')[1]) <= 90)).toBe(true);
    expect(skips.map(({ name }) => name)).toEqual(Array.from({ length: 30 }, (_, index) => `docs.jsonl:${index + 91}`));
  });

  test('that changes between listing and reading is refused: its offsets would lie', async () => {
    const path = await fileWith('{"id":"a","text":"x"}\n');
    const source = await openSource(path);
    const { batches } = await listSource(source);
    await utimes(path, new Date(0), new Date(0));
    const read = async () => {
      for await (const entry of readBatch(source, batches[0] as LineBatch)) expect(entry).toBeUndefined();
    };
    await expect(read()).rejects.toMatchObject({ code: 'source_changed' });
  });
});
