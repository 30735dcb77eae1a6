/** The embedded database's process: how it starts, is refused, lives and ends. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { chmod, cp, lstat, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import getPort from 'get-port';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type EmbeddedPostgres, resolvePostgres, startEmbeddedPostgres } from '../../src/embedded/postgres.ts';
import { openDatabase } from '../../src/store/database.ts';
import { listeningPorts } from '../support/listening-ports.ts';
import { temporaryFolder } from '../support/postgres.ts';

describe('the embedded database', () => {
  const undo: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const step of undo.splice(0).reverse()) await step();
  });
  const folderToUse = async () => {
    const folder = await temporaryFolder();
    undo.push(() => rm(folder, { recursive: true, force: true }));
    return folder;
  };
  // Making a database takes seconds: one is made, and copied.
  let template: string;
  beforeAll(async () => {
    template = await temporaryFolder();
    await (await startEmbeddedPostgres({ folder: template })).stop();
  });
  afterAll(() => rm(template, { recursive: true }));
  const folderWithDatabase = async () => {
    const folder = await folderToUse();
    await cp(template, folder, { recursive: true });
    return folder;
  };
  const start = async (folder: string, port?: number): Promise<EmbeddedPostgres> => {
    const running = await startEmbeddedPostgres({ folder, ...(port && { port }) });
    undo.push(() => running.stop());
    return running;
  };
  const ask = async (url: string, sql: string) => {
    const database = openDatabase(url, { outageMs: 0 });
    return database.query(sql).finally(() => database.close());
  };
  const SOCKET = '.s.PGSQL.5432';
  const isOwned = async (folder: string) => (await readdir(folder)).includes('owner.json');

  test('starts migrated, keeps what it is told over a stop, and says what it does', async () => {
    const folder = await folderToUse();
    const said: string[] = [];
    const first = await startEmbeddedPostgres({ folder, onProgress: (what) => said.push(what) });
    expect(said).toContain('migrating the database: 0001_runs');
    await ask(first.url, `insert into payload (hash, body) values ('h', 'kept')`);
    expect(await isOwned(folder)).toBe(true);
    await first.stop();
    await first.stop();
    expect(await first.ended).toContain('exit code 0');
    expect(await isOwned(folder)).toBe(false);
    const second = await start(folder);
    expect(second.url).toBe(first.url);
    expect(await ask(second.url, 'select body from payload')).toEqual([{ body: 'kept' }]);
  });

  test('a second one on the folder is refused, naming the process', async () => {
    const folder = await folderWithDatabase();
    const { pid, url } = await start(folder);
    await expect(startEmbeddedPostgres({ folder })).rejects.toMatchObject({
      code: 'database_locked',
      data: { pid, folder, address: join(folder, SOCKET) },
    });
    expect(await ask(url, 'select 1 as one')).toEqual([{ one: 1 }]);
    expect(await isOwned(folder)).toBe(true);
  });

  test('killed, it is succeeded on the same folder, with all that was committed', async () => {
    const folder = await folderWithDatabase();
    const killed = await start(folder);
    await ask(killed.url, `insert into payload (hash, body) values ('h', 'committed')`);
    process.kill(killed.pid, 'SIGKILL');
    expect(await killed.ended).toContain('SIGKILL');
    expect(await isOwned(folder)).toBe(true);
    const next = await start(folder);
    expect(await ask(next.url, 'select body from payload')).toEqual([{ body: 'committed' }]);
  });

  test('an owner whose number another program has by now does not count', async () => {
    const folder = await folderWithDatabase();
    const gone = createServer().listen(0, '127.0.0.1');
    await once(gone, 'listening');
    const { port } = gone.address() as AddressInfo;
    gone.close();
    await once(gone, 'close');
    // This test's own process lives, but serves nothing there.
    await writeFile(join(folder, 'owner.json'), JSON.stringify({ pid: process.pid, address: port }));
    await start(folder);
  });

  test('a port that is taken is refused', async () => {
    const folder = await folderWithDatabase();
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    undo.push(async () => other.close());
    const { port } = other.address() as AddressInfo;
    await expect(startEmbeddedPostgres({ folder, port })).rejects.toMatchObject({ code: 'port_taken', data: { port } });
    expect(await isOwned(folder)).toBe(false);
  });

  test('listens on a socket in a folder of its user alone, and on no port', async () => {
    const folder = await folderWithDatabase();
    await chmod(folder, 0o755);
    const { url, pid } = await start(folder);
    expect(await ask(url, 'select 1 as one')).toEqual([{ one: 1 }]);
    expect((await lstat(folder)).mode & 0o777).toBe(0o700);
    expect((await lstat(join(folder, SOCKET))).isSocket()).toBe(true);
    expect(await listeningPorts(pid)).toEqual([]);
  });

  test('has its socket below the temporary folder where the path of its own would be too long', async () => {
    const folder = join(await folderToUse(), 'long'.repeat(30));
    await cp(template, folder, { recursive: true });
    const first = await start(folder);
    const place = new URL(first.url).searchParams.get('host')!;
    expect(dirname(place)).toBe(tmpdir());
    expect((await lstat(place)).mode & 0o777).toBe(0o700);
    expect(await ask(first.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    await first.stop();
    await chmod(place, 0o777);
    await expect(startEmbeddedPostgres({ folder })).rejects.toMatchObject({ code: 'socket_folder_unsafe' });
    await rm(place, { recursive: true });
    expect((await start(folder)).url).toBe(first.url);
    undo.push(() => rm(place, { recursive: true }));
  });

  test('listens on a port only where one was asked for, and warns of it', async () => {
    const folder = await folderWithDatabase();
    const port = await getPort({ host: '127.0.0.1' });
    const said: string[] = [];
    const running = await startEmbeddedPostgres({ folder, port, onProgress: (what) => said.push(what) });
    undo.push(() => running.stop());
    expect(running.url).toBe(`postgres://postgres@127.0.0.1:${port}/postgres`);
    expect(await ask(running.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    expect(said.join()).toMatch(/warning: any local user can read/);
  });

  test('a first start that was broken off is begun anew', async () => {
    const folder = await folderToUse();
    await mkdir(join(folder, 'data.new'));
    await writeFile(join(folder, 'data.new', 'PG_VERSION'), '18');
    await start(folder);
    expect(await readdir(folder)).not.toContain('data.new');
  });

  test('a folder with something else in it, or a damaged database, is refused and left alone', async () => {
    const folder = await folderToUse();
    await mkdir(join(folder, 'data'));
    await writeFile(join(folder, 'data', 'notes.txt'), 'mine');
    await expect(startEmbeddedPostgres({ folder })).rejects.toMatchObject({ code: 'database_damaged' });
    expect(await readFile(join(folder, 'data', 'notes.txt'), 'utf8')).toBe('mine');

    const damaged = await folderWithDatabase();
    await writeFile(join(damaged, 'data', 'global', 'pg_control'), 'not a control file');
    await expect(startEmbeddedPostgres({ folder: damaged })).rejects.toMatchObject({
      code: 'database_damaged',
      remedy: expect.stringContaining('.damaged'),
    });
  });

  test('outlives the Ctrl-C its parent gets, and ends when its parent dies', async () => {
    const folder = await folderWithDatabase();
    const parent = fork(fileURLToPath(new URL('./embedded-parent.ts', import.meta.url)), [folder], {
      execArgv: [],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const [{ url, pid }] = (await once(parent, 'message')) as [EmbeddedPostgres];
    process.kill(pid, 'SIGINT');
    expect(await ask(url, 'select 1 as one')).toEqual([{ one: 1 }]);
    const watching = connect(join(folder, SOCKET));
    await once(watching, 'connect');
    watching.resume();
    const closed = once(watching, 'close');
    parent.kill('SIGKILL');
    await closed;
    await untilFree(folder);
    await start(folder);
  });

  test('a server that is named is migrated and left running', async () => {
    const { url } = await start(await folderWithDatabase());
    const named = await resolvePostgres({ databaseUrl: url, folder: 'unused' });
    expect(named.url).toBe(url);
    await named.stop();
    expect(await ask(url, 'select count(*) from run')).toEqual([{ count: 0 }]);
    const nowhere = { databaseUrl: 'postgres://postgres@127.0.0.1:1/x', folder: 'unused', waitMs: 0 };
    await expect(resolvePostgres(nowhere)).rejects.toMatchObject({ code: 'database_unreachable' });
  });
});

/** Resolves when nobody has the folder. */
async function untilFree(folder: string): Promise<void> {
  const isOwned = async () => (await readdir(folder)).includes('owner.json');
  const watcher = watch(folder);
  for (let change = once(watcher, 'change'); await isOwned(); change = once(watcher, 'change')) await change;
  watcher.close();
}
