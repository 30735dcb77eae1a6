import { execFileSync } from 'node:child_process';
import { appendFile, type FileHandle, open, rm, symlink, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { readWholeFile } from '../../src/ingest/file-document.ts';
import { folderWith, temporaryFolder } from './support.ts';

const LIMIT = 10_000_000;

/** Does something after each read of any file; gives how often there was one. */
async function afterReads(path: string, act: (count: number) => Promise<void>) {
  const handle = await open(path);
  const prototype = Object.getPrototypeOf(handle) as FileHandle;
  await handle.close();
  const read = prototype.read;
  let count = 0;
  const spy = vi.spyOn(prototype, 'read').mockImplementation(async function (this: FileHandle, ...given: unknown[]) {
    const result = await Reflect.apply(read, this, given);
    count += 1;
    await act(count);
    return result;
  } as typeof read);
  onTestFinished(() => spy.mockRestore());
  return () => count;
}

test('a file of 200 MB is refused by its size, without a byte read', async () => {
  const path = join(await folderWith({ 'large.md': '' }), 'large.md');
  await truncate(path, 200_000_000);
  const reads = await afterReads(path, async () => undefined);
  expect(await readWholeFile(path, LIMIT)).toEqual({
    kind: 'refused',
    reason: 'too-large',
    detail: 'it has 200000000 bytes, 10000000 are allowed: split it',
  });
  expect(reads()).toBe(0);
});

test('a file that changes while it is read is read again', async () => {
  const path = join(await folderWith({ 'a.md': 'one' }), 'a.md');
  await afterReads(path, (count) => (count === 1 ? appendFile(path, ' two') : Promise.resolve()));
  const read = await readWholeFile(path, LIMIT);
  expect(read.kind === 'read' && Buffer.from(read.bytes).toString()).toBe('one two');
});

test('one that changes each time is named as changing', async () => {
  const path = join(await folderWith({ 'a.log': 'x' }), 'a.log');
  await afterReads(path, () => appendFile(path, 'x'));
  expect(await readWholeFile(path, LIMIT)).toMatchObject({ reason: 'changing' });
});

test('one that grows beyond the limit while it is read is refused', async () => {
  const path = join(await folderWith({ 'a.md': 'x' }), 'a.md');
  await afterReads(path, () => truncate(path, LIMIT + 1));
  expect(await readWholeFile(path, LIMIT)).toMatchObject({ reason: 'too-large' });
});

test('one that vanishes while it is read was there', async () => {
  const path = join(await folderWith({ 'a.md': 'whole' }), 'a.md');
  await afterReads(path, () => rm(path, { force: true }));
  expect(await readWholeFile(path, LIMIT)).toMatchObject({ kind: 'read', bytes: Buffer.from('whole') });
  expect(await readWholeFile(path, LIMIT)).toMatchObject({
    reason: 'unreadable',
    detail: 'it cannot be read (ENOENT)',
  });
});

test('what is no file is not waited for', async () => {
  const folder = await temporaryFolder();
  execFileSync('mkfifo', [join(folder, 'pipe.md')]);
  await symlink('loop.md', join(folder, 'loop.md'));
  await symlink('there.md', join(folder, 'back.md'));
  await symlink('back.md', join(folder, 'there.md'));
  const reading = (name: string) => readWholeFile(join(folder, name), LIMIT);
  expect(await reading('pipe.md')).toMatchObject({ reason: 'unreadable', detail: 'it is no regular file' });
  expect(await reading('.')).toMatchObject({ reason: 'unreadable', detail: 'it is no regular file' });
  for (const name of ['loop.md', 'back.md'])
    expect(await reading(name)).toMatchObject({ reason: 'unreadable', detail: 'it cannot be read (ELOOP)' });
});
