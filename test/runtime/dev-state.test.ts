import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { claimFolder, publishServing, readServers, readServing, releaseFolder } from '../../src/embedded/dev-state.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-state-'));
});

const file = () => join(folder, '.sluice', 'dev.json');
const servers = {
  temporal: { address: '127.0.0.1:7233', namespace: 'default', uiUrl: 'http://localhost:8233' },
  databaseUrl: 'postgres://127.0.0.1:1/postgres',
};

async function write(state: object): Promise<void> {
  await mkdir(join(folder, '.sluice'), { recursive: true });
  await writeFile(file(), JSON.stringify(state));
}

/** The id of a process that has ended. */
async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  return child.pid!;
}

describe('the state file', () => {
  test('is the address book for other commands', async () => {
    expect(await readServing(folder)).toBeUndefined();
    await claimFolder(folder, 'folder');
    expect((await readServing(folder))?.servers).toBeUndefined();
    await publishServing(folder, 'folder', servers);
    expect((await readServing(folder))?.servers).toEqual(servers);
    await releaseFolder(folder);
    expect(await readServing(folder)).toBeUndefined();
  });

  test('is for its owner alone: the address of a database may hold a password', async () => {
    const modeOf = async () => (await stat(file())).mode & 0o777;
    await claimFolder(folder, 'folder');
    expect(await modeOf()).toBe(0o600);
    await publishServing(folder, 'folder', servers);
    expect(await modeOf()).toBe(0o600);
  });

  test('keeps a second one out, and says where the first serves', async () => {
    await write({ pid: process.ppid, startedAt: '2026-01-01T00:00:00Z', serves: 'folder', servers });
    await expect(claimFolder(folder, 'folder')).rejects.toMatchObject({
      code: 'already_serving',
      message: expect.stringContaining('http://localhost:8233'),
      remedy: expect.stringContaining(`kill ${process.ppid}`),
    });
  });

  test('of a single command is no address for others, who may wait for its end', async () => {
    const owned = { pid: process.ppid, startedAt: '2026-01-01T00:00:00Z', serves: 'command' };
    await write({ ...owned, servers });
    expect(await readServers(folder)).toBeUndefined();
    for (const state of [owned, { ...owned, servers }]) {
      await write(state);
      for (const serves of ['folder', 'command'] as const)
        await expect(claimFolder(folder, serves)).rejects.toMatchObject({
          code: 'folder_busy',
          retryable: true,
          remedy: expect.stringContaining('sluice dev'),
        });
    }
  });

  test('of servers that are still starting makes commands wait, and a second server end', async () => {
    await write({ pid: process.ppid, startedAt: '2026-01-01T00:00:00Z', serves: 'folder' });
    await expect(claimFolder(folder, 'command')).rejects.toMatchObject({ code: 'folder_busy' });
    await expect(claimFolder(folder, 'folder')).rejects.toMatchObject({ code: 'already_serving' });
  });

  test('of an earlier process with our id is taken over: containers give the same ids again', async () => {
    await write({ pid: process.pid, startedAt: '2020-01-01T00:00:00Z', serves: 'folder', servers });
    expect(await readServing(folder)).toBeUndefined();
    await claimFolder(folder, 'folder');
    await expect(claimFolder(folder, 'folder')).rejects.toMatchObject({ code: 'already_serving' });
  });

  test('of a dead owner, or half-written, is taken over', async () => {
    await write({ pid: await deadPid(), startedAt: '2026-01-01T00:00:00Z', serves: 'folder', servers });
    expect(await readServing(folder)).toBeUndefined();
    await claimFolder(folder, 'folder');
    expect(JSON.parse(await readFile(file(), 'utf8'))).toMatchObject({ pid: process.pid });
    await writeFile(file(), '{"pid": 1');
    await claimFolder(folder, 'folder');
    expect((await readServing(folder))?.pid).toBe(process.pid);
  });

  test('never makes us end a process that is not the server it names', async () => {
    const bystander = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    const temporal = { ...servers.temporal, pid: bystander.pid };
    await write({
      pid: await deadPid(),
      startedAt: '2026-01-01T00:00:00Z',
      serves: 'folder',
      servers: { ...servers, temporal },
    });
    await claimFolder(folder, 'folder');
    expect(bystander.exitCode ?? bystander.signalCode).toBeNull();
    bystander.kill();
    await once(bystander, 'exit');
  });
});
