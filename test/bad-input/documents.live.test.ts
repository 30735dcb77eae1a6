/**
 * Documents that are not as they should be, through the command as a user gives it and a real ingest: each is mended or
 * skipped, by name and with its number, and an ingest that fails leaves what can be searched as it was.
 */
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, readFile, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../cli/fakes.ts';
import { servePages } from '../ingest/pages.ts';
import { pdfOf } from '../ingest/pdfs.ts';
import { folderWith } from '../ingest/support.ts';
import { type Live, startLive } from '../support/live.ts';

let live: Live;
beforeAll(async () => {
  live = await startLive(() => []);
});
afterAll(() => live.stop());

/** The command line over the live servers, which a command does not stop. */
const sluice = (...argv: string[]) => {
  const runtime = { ...live, isUiServed: true, urlOf: live.client.urlOf, stop: async () => undefined };
  return run(argv, { runtime, folder: '/' });
};

const search = async (index: string, query: string): Promise<readonly string[]> => {
  const { stdout } = await sluice('search', '--index', index, '--json', query);
  return (JSON.parse(stdout) as [{ hits: { id: string }[] }])[0].hits.map(({ id }) => id);
};

describe('a JSONL file', () => {
  it('with NUL characters and lone surrogates: texts are mended, ids are skipped, both counted', async () => {
    const lines = [
      String.raw`{"id":"nul","text":"zeb\u0000ras graze"}`,
      String.raw`{"id":"lone","text":"zebras \ud800 sleep"}`,
      String.raw`{"id":"title","title":"\u0000Zebras\udfff","text":"zebras drink"}`,
      String.raw`{"id":"bad\u0000","text":"zebras run"}`,
      String.raw`{"id":"meta","text":"zebras stand","metadata":{"a\u0000":"\ud800"}}`,
      '{"id":"cut","text":"zebras',
      '{"id":"fine","text":"zebras, plain"}',
    ];
    const source = join(await folderWith({ 'zebras.jsonl': lines.join('\n') }), 'zebras.jsonl');
    const { code, stdout, stderr } = await sluice('ingest', source, '--index', 'zebras', '--chunk', 'none');
    expect(code, stderr).toBe(1);
    expect(stdout).toMatch(/^! ingested zebras {2}5 documents → 5 passages .* 2 documents skipped$/m);
    expect(stderr).toContain('2 documents skipped:');
    expect(stderr).toMatch(/zebras\.jsonl:4: bad-id, .*\n.*zebras\.jsonl:6: bad-line, /);
    expect(stderr).toMatch(/3 documents: cleaned/);
    expect([...(await search('zebras', 'zebras'))].sort()).toEqual(['fine', 'lone', 'meta', 'nul', 'title']);
  });
});

describe('a folder', () => {
  it('with files that cannot be read: each is named and counted, the others are there', async () => {
    const source = await folderWith({
      'good.md': 'Ostriches run.',
      'locked.md': 'Ostriches hide.',
      'latin.md': Buffer.from([0x63, 0x61, 0x66, 0xe9]),
      'shut/inside.md': 'Ostriches sleep.',
      'really-a-folder.md/inside.md': 'Ostriches drink.',
    });
    await symlink(join(source, 'nowhere.md'), join(source, 'dangling.md'));
    await mkdir(join(source, 'target'));
    await symlink(join(source, 'target'), join(source, 'linked-folder.md'));
    // Modes do not bind root: there, these two are read.
    await chmod(join(source, 'locked.md'), 0o000);
    await chmod(join(source, 'shut'), 0o000);
    const { code, stdout, stderr } = await sluice('ingest', source, '--index', 'birds', '--json');
    await chmod(join(source, 'shut'), 0o755);
    expect(code, stderr).toBe(1);
    const isRoot = process.getuid?.() === 0;
    const unread = ['dangling.md', 'latin.md', 'linked-folder.md', ...(isRoot ? [] : ['locked.md', 'shut/'])];
    const result = JSON.parse(stdout) as { skippedCount: number; skipped: { name: string; detail: string }[] };
    expect(result.skipped.map(({ name }) => name).sort()).toEqual(unread.sort());
    expect(result.skippedCount).toBe(unread.length);
    for (const { detail } of result.skipped) expect(detail).not.toBe('');
    expect(await search('birds', 'ostriches')).toEqual(
      expect.arrayContaining(['good#0', 'really-a-folder.md/inside#0']),
    );
  });
});

describe('a folder of every format', () => {
  it('with what cannot be read in any of them: each is named with its reason, the others are found', async () => {
    const utf16 = (text: string) => Buffer.from(text, 'utf16le');
    const source = await folderWith({
      'fine.html': '<title>Otters</title><main><h1>Otters</h1><p>Otters swim.</p></main>',
      'fine.pdf': await pdfOf([['Otters dive for clams.']]),
      'fine.py': 'def otters():\n    return "fish"\n',
      'fine.md': '---\ntitle: [\n---\n\nOtters \0 nap.',
      'deep.html': `${'<div>'.repeat(20_000)}otters`,
      'encrypted.pdf': await readFile(join(import.meta.dirname, '../ingest/fixtures/encrypted.pdf')),
      'scanned.pdf': await pdfOf([[]]),
      'zip.pdf': Buffer.from('504b0506000000000000000000000000000000000000', 'hex'),
      'generated.js': `const otters = '${'x'.repeat(9_000)}'`,
      'large.md': '',
      'utf16.md': utf16('Otters in UTF-16.'),
      'utf16-marked.md': utf16('\ufeffOtters in UTF-16.'),
      'latin1.md': Buffer.from('Otters at the caf\u00e9', 'latin1'),
      'ignored.json': '{}',
    });
    await truncate(join(source, 'large.md'), 200_000_000);
    execFileSync('mkfifo', [join(source, 'pipe.md')]);
    await symlink('loop.md', join(source, 'loop.md'));
    await symlink('..', join(source, 'up'));
    const { code, stdout, stderr } = await sluice('ingest', source, '--index', 'otters', '--json');
    expect(code, stderr).toBe(1);
    const result = JSON.parse(stdout) as { skipped: { name: string; reason: string }[] };
    expect(result).toMatchObject({
      totals: { documents: 4 },
      skippedCount: 11,
      notes: { cleaned: 1, 'front-matter-ignored': 1 },
    });
    expect(Object.fromEntries(result.skipped.map(({ name, reason }) => [name, reason]))).toEqual({
      'deep.html': 'unparseable',
      'encrypted.pdf': 'encrypted',
      'generated.js': 'too-long',
      'large.md': 'too-large',
      'latin1.md': 'not-utf8',
      'loop.md': 'unreadable',
      'pipe.md': 'unreadable',
      'scanned.pdf': 'empty',
      'utf16.md': 'not-utf8',
      'utf16-marked.md': 'not-utf8',
      'zip.pdf': 'unparseable',
    });
    expect([...(await search('otters', 'otters'))].sort()).toEqual([
      'fine.html#0',
      'fine.md#0',
      'fine.pdf#0',
      'fine.py#0',
    ]);
    const again = await sluice('ingest', source, '--index', 'otters', '--json');
    expect(JSON.parse(again.stdout)).toMatchObject({ unchanged: 4, passages: 0, skippedCount: 11 });
  });
});

describe('a list', () => {
  it('with pages that fail: one that is gone goes, one whose server is away stays, both are named', async () => {
    const pages: { [path: string]: { status?: number; body?: string } } = {
      '/away': { body: '<p>Badgers dig.</p>' },
      '/gone': { body: '<p>Badgers eat.</p>' },
      '/here': { body: '<p>Badgers sleep.</p>' },
    };
    const { origin } = await servePages(pages);
    const list = join(await folderWith({ 'x.md': 'Badgers, in a file.', 'list.txt': '' }), 'list.txt');
    await writeFile(list, ['# badgers', 'x.md', ...Object.keys(pages).map((path) => origin + path)].join('\n'));
    const ingest = () => sluice('ingest', '--list', list, '--index', 'badgers');
    expect((await ingest()).stdout).toMatch(/^✔ ingested badgers {2}4 documents → 4 passages/);
    Object.assign(pages, { '/away': { status: 503 }, '/gone': { status: 404 } });
    const { code, stdout, stderr } = await ingest();
    expect(code, stderr).toBe(1);
    expect(stdout).toMatch(
      /^! ingested badgers {2}3 documents → 3 passages in .*\(1 removed, 2 unchanged\) .* 2 documents skipped$/m,
    );
    expect(stderr).toContain('2 documents skipped:');
    expect(stderr).toContain(
      `${origin}/away: unavailable, its server answers 503; what the index has of it stays as it is`,
    );
    expect(stderr).toContain(`${origin}/gone: not-found, its server answers 404`);
    expect([...(await search('badgers', 'badgers'))].sort()).toEqual(
      [`${origin}/away#0`, `${origin}/here#0`, 'x#0'].sort(),
    );
  });

  it('whose servers are all away leaves the index as it was', async () => {
    const { origin, close } = await servePages({ '/a': { body: '<p>Weasels run.</p>' } });
    const list = join(await folderWith({ 'list.txt': `${origin}/a` }), 'list.txt');
    expect((await sluice('ingest', '--list', list, '--index', 'weasels')).code).toBe(0);
    await close();
    const { code, stderr } = await sluice('ingest', '--list', list, '--index', 'weasels');
    expect(stderr).toMatch(/^✖ none of the documents in .* could be ingested; .*its server is away \(ECONNREFUSED\)/m);
    expect(code).toBe(1);
    expect(await search('weasels', 'weasels')).toEqual([`${origin}/a#0`]);
  });

  it.each([
    [
      ['--list', 'list.txt'],
      1,
      /'metadata\.internal' is not this machine.*\n {2}save the pages .*SLUICE_INGEST_HOSTS=metadata\.internal/,
    ],
    [['--list', 'nowhere.txt'], 1, /there is no folder or file '.*nowhere\.txt'/],
    [['--list', 'list.txt', 'docs'], 2, /both a source, 'docs', and --list were given/],
    [[], 2, /there is no source\n {2}sluice ingest <folder/],
  ] as const)('that is refused says why: %j', async (argv, exitCode, words) => {
    const folder = await folderWith({ 'list.txt': 'http://metadata.internal/latest' });
    const given = argv.map((word) => (word.endsWith('.txt') ? join(folder, word) : word));
    const { code, stderr } = await sluice('ingest', ...given, '--index', 'refused');
    expect(stderr).toMatch(words);
    expect(code).toBe(exitCode);
  });
});

describe('two ingests of one index at once', () => {
  it('of one source are one, of two the second is refused by name', async () => {
    const files = Object.fromEntries(Array.from({ length: 400 }, (_, index) => [`${index}.md`, `Hares run ${index}.`]));
    const [source, other] = [await folderWith(files), await folderWith({ 'a.md': 'Rabbits.' })];
    let second: Promise<unknown> | undefined;
    let third: Promise<unknown> | undefined;
    const first = live.client.ingest(
      { index: 'hares', source, chunk: 'headings' },
      {
        onProgress: ({ phase }) => {
          if (phase === 'listing') return;
          second ??= live.client.ingest({ index: 'hares', source, chunk: 'headings' });
          third ??= live.client.ingest({ index: 'hares', source: other, chunk: 'headings' }).catch((error) => error);
        },
      },
    );
    const { snapshot } = await first;
    expect(await second).toMatchObject({ snapshot, totals: { documents: 400 } });
    expect(await third).toMatchObject({ code: 'index_building', data: { index: 'hares', source } });
    expect((await live.store.indexes.snapshot('hares')).hash).toBe(snapshot);
  });
});

describe('an ingest that fails', () => {
  it('leaves the index as it was, and says what to do', async () => {
    const source = await folderWith({ 'a.md': 'Lemurs leap.' });
    expect((await sluice('ingest', source, '--index', 'kept')).code).toBe(0);
    const emptied = await folderWith({ 'a.md': '', 'b.md': Buffer.from([0xff]) });
    const failed = await sluice('ingest', emptied, '--index', 'kept', '--json');
    expect(failed.stderr).toMatch(
      /^✖ none of the documents in .* could be ingested; the first, .*\n {2}mend the documents/m,
    );
    expect(JSON.parse(failed.stdout)).toMatchObject({ error: { code: 'nothing_ingested' } });
    expect(failed.code).toBe(1);
    const nothing = await sluice('ingest', await folderWith({ 'a.png': 'x' }), '--index', 'kept');
    expect(nothing.stderr).toMatch(/^✖ '.*' holds no file that is Markdown, .* or source code\n {2}check the path/m);
    expect(nothing.code).toBe(1);
    expect(await search('kept', 'lemurs')).toEqual(['a#0']);
  });
});

describe('an index', () => {
  it.each([
    ['search', ['search', '--index', 'zebars', 'x']],
    ['show', ['index', 'show', 'zebras-2']],
  ])('that is not there is answered with the nearest name: %s', async (_name, argv) => {
    const { code, stderr } = await sluice(...argv);
    expect(stderr).toMatch(/^✖ there is no index 'zeb.*'\n {2}did you mean 'zebras'\?\n$/);
    expect(code).toBe(1);
  });
});
