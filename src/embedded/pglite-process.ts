/**
 * The embedded database's own process: opens the folder, migrates, and serves it on a Unix socket, or on a loopback port
 * where one was asked for. It reports to its parent over the IPC channel, and ends cleanly on SIGTERM or when its parent is
 * gone. Ctrl-C, which its parent gets too, does not end it, so that the parent can still write. Started by `postgres.ts` only.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { access, rename, rm } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { PGlite } from '@electric-sql/pglite';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';
import { SluiceError } from '../base/errors.ts';
import { isFull } from '../store/database-errors.ts';
import { migrate } from '../store/migrate.ts';
import {
  keepFilesPrivate,
  makeSocketFolder,
  PGLITE_FLAGS,
  PGLITE_OPTIONS,
  type PgliteAddress,
  socketOf,
} from './pglite-options.ts';
import { claimFolder, databaseOf, publishAddress, releaseFolder, takingTurns } from './pglite-owner.ts';
import type { PgliteMessage } from './postgres.ts';

/** All clients' connections together: ten processes with a full pool each. */
const MOST_CONNECTIONS = 80;
/** Closing that takes longer is broken off; the write-ahead log keeps what was committed. */
const CLOSE_LIMIT_MS = 5_000;
const CRASHED = 70;
const MAKE_LIMIT_MS = 120_000;
const MAKE_PROGRAM = fileURLToPath(new URL(`./pglite-make${extname(import.meta.url)}`, import.meta.url));

const [folder = '', port] = process.argv.slice(2);
const address: PgliteAddress = port === undefined ? socketOf(folder) : Number(port);

/** What PostgreSQL wrote last: the reason for what PGlite only calls a failure. */
const log: string[] = [];
const KEPT_LINES = 20;
const onStderr = (line: string): boolean => {
  log.push(line);
  if (log.length > KEPT_LINES) log.shift();
  return true;
};

async function serve(): Promise<void> {
  const pglite = await open(join(folder, 'data'));
  await migrate(databaseOf(pglite, folder), { alone: true, onProgress: (what) => tell({ kind: 'progress', what }) });
  const server = new PGLiteSocketServer({
    db: takingTurns(pglite, { hasPanicked: () => log.some((line) => line.includes('PANIC:')), onCrash: crash }),
    ...(typeof address === 'string' ? { path: address } : { host: '127.0.0.1', port: address }),
    maxConnections: MOST_CONNECTIONS,
  });
  if (typeof address === 'string') {
    await makeSocketFolder(address);
    // A killed process leaves its socket; the folder is ours by now.
    await rm(address, { force: true });
  }
  await server.start();
  await publishAddress(folder, address);

  const close = async () => {
    setTimeout(() => process.exit(CRASHED), CLOSE_LIMIT_MS).unref();
    await server.stop();
    await pglite.close();
    await releaseFolder(folder);
    process.exit(0);
  };
  process.on('SIGTERM', close);
  process.on('disconnect', close);
  if (process.connected) tell({ kind: 'ready' });
  else await close();
}

/**
 * Opens the data folder. A new one is made in a temporary folder next to it, so that an interrupted first start leaves
 * nothing that looks like a database.
 */
async function open(data: string): Promise<PGlite> {
  try {
    if (!existsSync(data)) {
      const unfinished = `${data}.new`;
      await rm(unfinished, { recursive: true, force: true });
      tell({ kind: 'progress', what: 'making the embedded database' });
      await make(unfinished);
      await rename(unfinished, data);
    }
    // Where this is missing, PGlite would make a new database among what is there.
    await access(join(data, 'PG_VERSION'));
    return await PGlite.create({ dataDir: data, ...PGLITE_OPTIONS, onStderr });
  } catch (cause) {
    const why = log.findLast((line) => /(FATAL|PANIC):/.test(line)) ?? (cause instanceof Error ? cause.message : cause);
    if (isFull(cause) || isFull(why)) throw full();
    throw new SluiceError('database_damaged', {
      message: `the embedded database in ${data} cannot be opened: ${why}`,
      remedy: `move the folder away and start again with an empty database: mv '${data}' '${data}.damaged'`,
      data: { folder: data },
      cause,
    });
  }
}

/** What PostgreSQL said in the other process is kept as if said here. */
async function make(data: string): Promise<void> {
  try {
    await promisify(execFile)(process.execPath, [...PGLITE_FLAGS, MAKE_PROGRAM, data], { timeout: MAKE_LIMIT_MS });
  } catch (error) {
    for (const line of String((error as { stderr?: string }).stderr ?? '').split('\n')) onStderr(line);
    throw error;
  }
}

function tell(message: PgliteMessage, then?: () => void): void {
  if (process.connected) process.send?.(message, undefined, undefined, then);
  else then?.();
}

/** Nothing more can be asked of a PGlite that threw: its clients find it gone, and its files are as after a power cut. */
function crash(error: unknown): never {
  console.error(error, log.join('\n'));
  return process.exit(CRASHED);
}

/** What kept it from starting, in our words; undefined for what should not happen. */
function explain(error: unknown): SluiceError | undefined {
  if (error instanceof SluiceError) return error;
  if (isFull(error)) return full();
  const code = (error as NodeJS.ErrnoException | null)?.code;
  if (code !== 'EADDRINUSE' && code !== 'EACCES') return undefined;
  return new SluiceError('port_taken', {
    message: `port ${port} for the embedded database is ${code === 'EACCES' ? 'not ours to use' : 'taken'}`,
    remedy: 'stop what listens there, set SLUICE_DATABASE_PORT to another port, or unset it to use a Unix socket',
    data: { port: Number(port) },
  });
}

const full = (): SluiceError =>
  new SluiceError('database_full', {
    message: `the disk is full: the embedded database in ${folder} cannot be opened`,
    remedy: 'free some space and start again; what was stored before is kept',
    data: { folder },
  });

function fail(error: unknown): void {
  const known = explain(error);
  if (known === undefined) throw error;
  const { code, message, remedy, data } = known;
  tell({ kind: 'failed', code, message, remedy, data }, () => process.exit(1));
}

keepFilesPrivate();
process.on('SIGINT', () => undefined);
process.on('SIGHUP', () => undefined);
try {
  await claimFolder(folder);
  await serve().catch(async (error) => {
    await releaseFolder(folder);
    throw error;
  });
} catch (error) {
  fail(error);
}
