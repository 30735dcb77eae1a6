/**
 * Databases for tests: the embedded one, and a real PostgreSQL where there is one. `SLUICE_TEST_DATABASE_URL` names a
 * server (its user must be allowed to create databases); `SLUICE_TEST_PG_BIN` is a folder with `initdb` and `postgres`,
 * from which one is started in a temporary folder. Every test file gets a database of its own.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import getPort from 'get-port';
import { openDatabase } from '../../src/store/database.ts';
import { startEmbedded } from './embedded.ts';

export interface TestDatabase {
  readonly url: string;
  stop(): Promise<void>;
}

/** Why there is no real PostgreSQL to test on; undefined where there is. */
export const noPostgres: string | undefined =
  process.env.SLUICE_TEST_DATABASE_URL || process.env.SLUICE_TEST_PG_BIN
    ? undefined
    : 'neither SLUICE_TEST_DATABASE_URL nor SLUICE_TEST_PG_BIN is set';

/** A migrated embedded database in a temporary folder. */
export async function startPglite(): Promise<TestDatabase> {
  const folder = await temporaryFolder();
  const { url, stop } = await startEmbedded(folder);
  return {
    url,
    async stop() {
      await stop();
      await rm(folder, { recursive: true });
    },
  };
}

/** An empty database, not migrated, on the real PostgreSQL; the settings are for one that is started here. */
export async function startPostgres(settings: readonly string[] = []): Promise<TestDatabase> {
  const server = await findServer(settings);
  const name = `sluice_test_${randomBytes(6).toString('hex')}`;
  await administer(server.url, `create database ${name}`);
  const url = new URL(server.url);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    async stop() {
      await administer(server.url, `drop database ${name} with (force)`);
      await server.stop();
    },
  };
}

export const temporaryFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'sluice-test-'));

async function administer(url: string, sql: string): Promise<void> {
  const database = openDatabase(url, { poolSize: 1 });
  await database.query(sql).finally(() => database.close());
}

async function findServer(settings: readonly string[]): Promise<TestDatabase> {
  const given = process.env.SLUICE_TEST_DATABASE_URL;
  if (given) return { url: given, stop: async () => undefined };
  const binaries = process.env.SLUICE_TEST_PG_BIN;
  if (!binaries) throw new Error(noPostgres);
  return startServer(binaries, settings);
}

/** PostgreSQL refuses to run as root: as root, it is run as `nobody`. */
const user = process.getuid?.() === 0 ? { uid: idOf('-u'), gid: idOf('-g') } : {};

function idOf(flag: '-u' | '-g'): number {
  return Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }));
}

export interface RestartablePostgres extends TestDatabase {
  /** Without a checkpoint, as after a crash, and up again on the same files and port. */
  restart(): Promise<void>;
}

/** A PostgreSQL of one's own; of `SLUICE_TEST_PG_BIN` alone. */
export async function startPostgresServer(): Promise<RestartablePostgres> {
  const binaries = process.env.SLUICE_TEST_PG_BIN;
  if (!binaries) throw new Error('SLUICE_TEST_PG_BIN is not set');
  return startServer(binaries, []);
}

async function startServer(binaries: string, given: readonly string[]): Promise<RestartablePostgres> {
  const folder = await temporaryFolder();
  if (user.uid !== undefined) await chown(folder, user.uid, user.gid);
  const data = join(folder, 'data');
  execFileSync(join(binaries, 'initdb'), ['-D', data, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '-N'], {
    ...user,
    cwd: folder,
    stdio: 'pipe',
  });
  const port = await getPort({ host: '127.0.0.1' });
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'fsync=off', ...given];
  const start = async () => {
    const server = spawn(
      join(binaries, 'postgres'),
      ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])],
      { ...user, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] },
    );
    await untilReady(server);
    return server;
  };
  let server = await start();
  const end = async (signal: 'SIGINT' | 'SIGQUIT') => {
    server.kill(signal);
    await once(server, 'exit');
  };
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    async restart() {
      await end('SIGQUIT');
      server = await start();
    },
    async stop() {
      await end('SIGINT');
      await rm(folder, { recursive: true });
    },
  };
}

function untilReady(server: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    server.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (said.includes('ready to accept connections')) resolve();
    });
    server.once('error', reject);
    server.once('exit', () => reject(new Error(`PostgreSQL did not start: ${said}`)));
  });
}
