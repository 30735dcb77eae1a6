/**
 * The database to use: the server that DATABASE_URL names, or the embedded one in a process of its own. Either is
 * migrated when this returns.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SluiceError } from '../base/errors.ts';
import { makePrivateFolder, withPrivateUmask } from '../base/private-folder.ts';
import type { Json } from '../plan/plan.ts';
import { openDatabase } from '../store/database.ts';
import { migrate } from '../store/migrate.ts';
import { type RestartableServer, type ServerProcess, startRestartable } from './keep-running.ts';
import { PGLITE_FLAGS, socketOf, urlOf } from './pglite-options.ts';

/** What the embedded database's process tells its parent. */
export type PgliteMessage =
  | { readonly kind: 'progress'; readonly what: string }
  | { readonly kind: 'ready' }
  | {
      readonly kind: 'failed';
      readonly code: string;
      readonly message: string;
      readonly remedy: string;
      readonly data: { readonly [key: string]: Json };
    };

export interface Postgres {
  readonly url: string;
  /** Present where it was started here. */
  readonly embedded?: EmbeddedPostgres;
  /** Ends what was started here; a server that was there before stays. */
  stop(): Promise<void>;
}

export interface EmbeddedPostgres extends RestartableServer {
  readonly url: string;
}

export interface EmbeddedOptions {
  /** Holds the data and the file that says who has it open. */
  readonly folder: string;
  /** Serves on this port of 127.0.0.1, which every local user can reach; default: on a Unix socket of this user's. */
  readonly port?: number;
  readonly onProgress?: (what: string) => void;
}

export interface PostgresOptions extends EmbeddedOptions {
  readonly databaseUrl?: string;
  /** How long to wait for the server that `databaseUrl` names; default 5 s. */
  readonly waitMs?: number;
}

const SERVER_WAIT_MS = 5_000;

/** A first start makes the database, which takes seconds; this is for a machine that is very busy. */
const START_LIMIT_MS = 120_000;
const STOP_LIMIT_MS = 10_000;
/** How much of what the process last wrote explains its death. */
const TAIL_CHARACTERS = 2_000;

/** @throws SluiceError as `migrate` and `startEmbeddedPostgres` do. */
export async function resolvePostgres(options: PostgresOptions): Promise<Postgres> {
  const { databaseUrl: url, onProgress, waitMs = SERVER_WAIT_MS } = options;
  if (url === undefined) {
    const embedded = await startEmbeddedPostgres(options);
    return { url: embedded.url, embedded, stop: embedded.stop };
  }
  onProgress?.('connecting to the database');
  const database = openDatabase(url, { poolSize: 1, outageMs: waitMs });
  try {
    await migrate(database, onProgress ? { onProgress } : {});
  } finally {
    await database.close();
  }
  return Object.freeze({ url, stop: async () => undefined });
}

/**
 * Starts the embedded database; resolves when it takes connections.
 *
 * @throws SluiceError `database_locked`, `database_damaged`, `database_full`, `port_taken`, `database_newer`,
 * `migration_changed`, `database_start_failed`.
 */
export async function startEmbeddedPostgres(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const { folder, port, onProgress } = options;
  await makePrivateFolder(folder);
  onProgress?.('starting the embedded database');
  if (port !== undefined)
    onProgress?.(`warning: any local user can read and change the database on port ${port}; it asks for no password`);
  const server = await startRestartable((signal) => launch(options, signal));
  return Object.assign(server, { url: urlOf(port ?? socketOf(folder)) });
}

async function launch(options: EmbeddedOptions, signal?: AbortSignal): Promise<ServerProcess> {
  const { folder, port } = options;
  const child = withPrivateUmask(() =>
    fork(programBeside(import.meta.url), [folder, ...(port === undefined ? [] : [String(port)])], {
      execArgv: [...PGLITE_FLAGS],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    }),
  );
  const ended = endOf(child);
  const stop = () => stopChild(child, ended);
  signal?.addEventListener('abort', stop, { once: true });
  try {
    if (signal?.aborted) await stop();
    await untilReady(child, ended, options);
  } finally {
    signal?.removeEventListener('abort', stop);
  }
  return { pid: child.pid!, ended, stop };
}

/** The program next to this file: TypeScript in the sources, JavaScript when built. */
function programBeside(url: string): string {
  return fileURLToPath(new URL(`./pglite-process${extname(url)}`, url));
}

/** Resolves with how the process ended and the last of what it wrote. */
async function endOf(child: ChildProcess): Promise<string> {
  let tail = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    tail = (tail + text).slice(-TAIL_CHARACTERS);
  });
  const [code, signal] = await once(child, 'close');
  return `its process ended (${signal ?? `exit code ${code}`})${tail && `: ${tail.trim()}`}`;
}

async function untilReady(child: ChildProcess, ended: Promise<string>, options: EmbeddedOptions): Promise<void> {
  const { folder, onProgress } = options;
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<void>((resolve, reject) => {
      timer = setTimeout(() => {
        child.kill('SIGKILL');
        reject(startFailed(folder, `it was not ready after ${START_LIMIT_MS / 1_000} s`));
      }, START_LIMIT_MS);
      ended.then((how) => reject(startFailed(folder, how)), reject);
      child.on('message', (message: PgliteMessage) => {
        if (message.kind === 'ready') resolve();
        else if (message.kind === 'failed') reject(new SluiceError(message.code, message));
        else onProgress?.(message.what);
      });
    });
  } finally {
    clearTimeout(timer);
  }
}

async function stopChild(child: ChildProcess, ended: Promise<string>): Promise<void> {
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
  await ended;
  clearTimeout(timer);
}

const startFailed = (folder: string, why: string): SluiceError =>
  new SluiceError('database_start_failed', {
    message: `the embedded database in ${folder} did not start: ${why}`,
    remedy: 'start again; if it fails again, move the folder away, or set DATABASE_URL to a PostgreSQL server',
    data: { folder },
  });
