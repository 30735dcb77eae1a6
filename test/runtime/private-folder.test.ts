import { chmod, lstat, mkdir, mkdtemp, readdir, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makePrivateFolder } from '../../src/base/private-folder.ts';

const modeOf = async (path: string) => ((await lstat(path)).mode & 0o777).toString(8);

it('closes an existing folder and what it holds, and follows no link', async () => {
  const within = await mkdtemp(join(tmpdir(), 'sluice-modes-'));
  const outside = join(within, 'outside');
  await writeFile(outside, '');
  await chmod(outside, 0o644);
  const state = join(within, 'state');
  await mkdir(join(state, 'data'), { recursive: true });
  await chmod(state, 0o755);
  await writeFile(join(state, 'data', 'page'), '');
  await chmod(join(state, 'data', 'page'), 0o666);
  await writeFile(join(state, 'program'), '');
  await chmod(join(state, 'program'), 0o755);
  await symlink(outside, join(state, 'link'));
  await makePrivateFolder(state);
  const found = await readdir(state, { recursive: true });
  const modes = Object.fromEntries(
    await Promise.all(found.map(async (path) => [path, await modeOf(join(state, path))] as const)),
  );
  expect(await modeOf(state)).toBe('700');
  expect(modes).toMatchObject({ data: '700', 'data/page': '600', program: '700' });
  expect(await modeOf(outside)).toBe('644');
});

it('creates a missing folder for its owner alone', async () => {
  const folder = join(await mkdtemp(join(tmpdir(), 'sluice-modes-')), 'a', 'b');
  await makePrivateFolder(folder);
  expect(await modeOf(folder)).toBe('700');
});
