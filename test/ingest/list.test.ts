import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { listSource, openSource, readBatch } from '../../src/ingest/source.ts';
import { servePages } from './pages.ts';
import { folderWith, readSource } from './support.ts';

const nameOf = (folder: string, list = 'list.txt') => `list:${join(folder, list)}`;

describe('a list of files', () => {
  test('names documents by line, below its own folder, without comments and blanks', async () => {
    const folder = await folderWith({
      'lists/list.txt': '# our pages\n\n../guide/a.md\n  b.txt  \r\n#c.md\n./b.txt\n../src/x.ts\n',
      'guide/a.md': '# A',
      'lists/b.txt': 'B.',
      'src/x.ts': 'let x = 1;',
    });
    const { documents, skips } = await readSource(nameOf(folder, 'lists/list.txt'));
    expect(documents.map(({ raw }) => [raw.id, raw.name, raw.format])).toEqual([
      ['../guide/a', '../guide/a.md', 'markdown'],
      ['b', 'b.txt', 'text'],
      ['../src/x.ts', '../src/x.ts', 'code'],
    ]);
    expect(skips).toMatchObject([
      { name: 'list.txt:6', reason: 'duplicate-id', detail: expect.stringContaining("'b'") },
    ]);
  });

  test('names absolute paths, and skips by name what is no document', async () => {
    const folder = await folderWith({ 'a.md': 'A.', 'a.txt': 'A.', 'data.json': '{}', 'sub/x.md': '' });
    const lines = [
      join(folder, 'a.md'),
      'a.txt',
      'gone.md',
      'data.json',
      'sub',
      'ftp://localhost/a',
      'http://u:p@localhost/',
    ];
    await writeFile(join(folder, 'list.txt'), lines.join('\n'));
    const { documents, skips } = await readSource(nameOf(folder));
    expect(documents.map(({ raw }) => raw.id)).toEqual([join(folder, 'a'), 'a']);
    expect(skips.map(({ name, reason }) => [name, reason])).toEqual([
      ['gone.md', 'unreadable'],
      ['data.json', 'unknown-format'],
      ['sub', 'unknown-format'],
      ['list.txt:6', 'bad-line'],
      ['list.txt:7', 'bad-line'],
    ]);
  });

  test('gives a file the content hash that a folder gives it', async () => {
    const folder = await folderWith({ 'a.md': 'A.', 'b.py': 'x = 1', 'list.txt': 'a.md\nb.py' });
    const hashes = async (name: string) => (await readSource(name)).documents.map(({ contentHash }) => contentHash);
    expect(await hashes(nameOf(folder))).toEqual((await hashes(folder)).slice(0, 2));
  });

  test('that is none, is empty, or changes while it is read is refused', async () => {
    const folder = await folderWith({
      'list.txt': 'a.md',
      'a.md': 'A',
      'empty.txt': '\n# nothing\n',
      'latin.txt': Buffer.from([0xe9]),
    });
    await expect(openSource(nameOf(folder, 'nowhere'))).rejects.toMatchObject({ code: 'source_missing' });
    await expect(openSource(`list:${folder}`)).rejects.toMatchObject({ code: 'source_unknown' });
    await expect(readSource(nameOf(folder, 'empty.txt'))).rejects.toMatchObject({ code: 'source_empty' });
    await expect(readSource(nameOf(folder, 'latin.txt'))).rejects.toMatchObject({ code: 'source_unreadable' });
    const source = await openSource(nameOf(folder));
    const { batches } = await listSource(source);
    await appendFile(source.path, '\nb.md');
    await expect(Array.fromAsync(readBatch(source, batches[0]!))).rejects.toMatchObject({ code: 'source_changed' });
  });

  test('of many makes few batches, which together are all once', async () => {
    const files = Object.fromEntries(Array.from({ length: 700 }, (_, index) => [`${index}.txt`, `Text ${index}.`]));
    const folder = await folderWith({ ...files, 'list.txt': Object.keys(files).join('\n') });
    const { documents, batches } = await readSource(nameOf(folder));
    expect(batches).toBe(44);
    expect(new Set(documents.map(({ raw }) => raw.id)).size).toBe(700);
  });
});

describe('a list of addresses', () => {
  const listing = async (lines: readonly string[]) => nameOf(await folderWith({ 'list.txt': lines.join('\n') }));

  test('reads pages by the type their server gives them', async () => {
    const { origin } = await servePages({
      '/guide': { body: '<title>Guide</title><p>Text.' },
      '/my-notes.md': { body: '# Notes', headers: { 'content-type': 'text/plain' } },
      '/latin': {
        body: Buffer.from('caf\u00e9', 'latin1'),
        headers: { 'content-type': 'text/html; charset=iso-8859-1' },
      },
      '/': {
        body: Buffer.from('<meta charset="windows-1252">\u0080 5', 'latin1'),
        headers: { 'content-type': 'text/html' },
      },
    });
    const paths = ['/guide#part', '/my-notes.md', '/latin', '/'];
    const { documents, skips } = await readSource(await listing(paths.map((path) => origin + path)));
    expect(skips).toEqual([]);
    expect(documents.map(({ raw }) => ({ ...raw, text: 'text' in raw && raw.text }))).toMatchObject([
      { id: `${origin}/guide`, url: `${origin}/guide`, format: 'html', fallbackTitle: 'guide' },
      { id: `${origin}/my-notes.md`, format: 'markdown', text: '# Notes', fallbackTitle: 'my notes' },
      { id: `${origin}/latin`, format: 'html', text: 'café' },
      { id: `${origin}/`, text: '<meta charset="windows-1252">€ 5', fallbackTitle: origin.slice('http://'.length) },
    ]);
  });

  test('names what is not there, and keeps what cannot be told', async () => {
    const { origin } = await servePages({ '/down': { status: 503 } });
    const source = await openSource(await listing([`${origin}/gone`, `${origin}/down`]));
    const { batches } = await listSource(source);
    expect(await Array.fromAsync(readBatch(source, batches[0]!))).toMatchObject([
      { kind: 'skip', skip: { name: `${origin}/gone`, reason: 'not-found' } },
      { kind: 'skip', skip: { name: `${origin}/down`, reason: 'unavailable' }, keep: `${origin}/down` },
    ]);
  });

  test('of another host is refused as a whole, with its line and the setting', async () => {
    const source = await openSource(await listing(['http://localhost/a', 'https://docs.example.com/a']));
    await expect(listSource(source)).rejects.toMatchObject({
      code: 'source_host_refused',
      message: expect.stringMatching(/^list\.txt:2: 'docs\.example\.com' is not this machine/),
      remedy: expect.stringContaining('SLUICE_INGEST_HOSTS=docs.example.com'),
    });
    expect((await listSource(source, { allowedHosts: ['docs.example.com'] })).total).toBe(2);
  });

  test('has a content hash that changes with bytes, type and place, and with nothing else', async () => {
    const pages = { '/a': { body: 'x', headers: { 'content-type': 'text/html', etag: '"1"' } } };
    const { origin } = await servePages(pages);
    const source = await listing([`${origin}/a`]);
    const hash = async () => (await readSource(source)).documents[0]!.contentHash;
    const first = await hash();
    pages['/a'] = { body: 'x', headers: { 'content-type': 'text/html', etag: '"2"' } };
    expect(await hash()).toBe(first);
    pages['/a'] = { body: 'y', headers: { 'content-type': 'text/html', etag: '"1"' } };
    expect(await hash()).not.toBe(first);
    pages['/a'] = { body: 'x', headers: { 'content-type': 'text/plain', etag: '"1"' } };
    expect(await hash()).not.toBe(first);
  });
});
