/**
 * Documents that are not as they should be, through the command as a user gives it and a real ingest: each is mended or
 * skipped, by name and with its number, and an ingest that fails leaves what can be searched as it was.
 */
import { chmod, mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../cli/fakes.ts';
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
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/^✔ ingested zebras {2}5 documents → 5 passages/);
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
    expect(code, stderr).toBe(0);
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
