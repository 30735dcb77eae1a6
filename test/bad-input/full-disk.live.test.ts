/**
 * A full disk, as a small file system of its own that holds a project: full before a command starts, and in the middle of
 * an ingest. What was stored before is found again. Needs the right to mount, which tests in a container of root's have.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { copyEmbedded } from '../support/embedded.ts';
import { createProject, type Project } from '../support/project.ts';
import { mountSmallDisk } from '../support/small-disk.ts';

/** Enough to begin an ingest with, too little for what it writes. */
const LEFT_BYTES = 40e6;

const disk = mountSmallDisk(300);
const { notMounted } = disk;

describe.skipIf(notMounted)(`a full disk${notMounted ? ` (${notMounted})` : ''}`, () => {
  let project: Project;
  const found = async () => {
    const { code, stdout, stderr } = await project.sluice(['search', '--index', 'docs', '--json', 'lemurs']);
    expect(code, stderr).toBe(0);
    return JSON.parse(stdout)[0].hits.map(({ id }: { id: string }) => id);
  };

  beforeAll(async () => {
    project = await createProject(inject('cache'), disk.folder);
    await copyEmbedded(join(disk.folder, '.sluice/postgres'));
    await project.write({ 'docs/lemurs.md': 'Lemurs leap.' });
    const { code, stderr } = await project.sluice(['ingest', 'docs', '--index', 'docs']);
    expect(code, stderr).toBe(0);
  });
  afterAll(() => disk.unmount());

  it.each([
    ['reads', ['search', '--index', 'docs', '--json', 'lemurs']],
    ['runs', ['ask', 'docs-bot', 'What do lemurs do?', '--json']],
  ])('is named before anything is started for a command that %s', async (_name, argv) => {
    await disk.fillUpTo(0);
    const { code, stdout, stderr } = await project.sluice(argv);
    await disk.free();
    expect(stderr).toMatch(/^✖ the disk that holds .*\.sluice is full.*\n(.*ENOSPC.*\n)? {2}free some space/);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'disk_full' } });
    expect(code).toBe(1);
    expect(await found()).toEqual(['lemurs#0']);
  });

  it('in the middle of an ingest ends it by that name, and the index is as it was', async () => {
    const text = (page: number) => Array.from({ length: 8_000 }, (_, word) => `word${page}x${word}`).join(' ');
    await project.write(Object.fromEntries(Array.from({ length: 25 }, (_, page) => [`big/${page}.md`, text(page)])));
    await disk.fillUpTo(LEFT_BYTES);
    const { code, stderr } = await project.sluice(['ingest', 'big', '--index', 'docs']);
    await disk.free();
    expect(stderr).toMatch(/✖ .*(disk is full|is full).*\n(.*\n)?.*free some space/);
    expect(stderr).not.toMatch(/\n +at |should not/);
    expect(code).toBe(1);
    expect(await found()).toEqual(['lemurs#0']);
  });
});
