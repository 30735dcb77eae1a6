/**
 * Who has a database folder: a file with the process and its address, so that a second process cannot open the same files.
 * What a dead process left is taken over.
 */

import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { PGlite, Transaction } from '@electric-sql/pglite';
import { createClaim, OWN } from '../base/claim-file.ts';
import { SluiceError } from '../base/errors.ts';
import { makePrivateFolder } from '../base/private-folder.ts';
import type { Database, Queries } from '../store/database.ts';
import { describeFailure } from '../store/database-errors.ts';
import type { PgliteAddress } from './pglite-options.ts';

export interface Owner {
  readonly pid: number;
  /** Null while it starts. */
  readonly address: PgliteAddress | null;
}

/** How long an owner's address may take to answer before the process id is thought to belong to another program. */
const ANSWER_MS = 2_000;

const fileIn = (folder: string): string => join(folder, 'owner.json');

/**
 * Makes this process the owner of `folder`, which is created where missing.
 *
 * @throws SluiceError `database_locked` when another living process is.
 */
export async function claimFolder(folder: string): Promise<void> {
  await makePrivateFolder(folder);
  const claim: Owner = { pid: process.pid, address: null };
  while (!(await createClaim(fileIn(folder), JSON.stringify(claim)))) {
    const owner = await readOwner(fileIn(folder));
    if (owner !== undefined && (await isLiving(owner))) throw locked(folder, owner);
    // Moved before it is removed: of two that find a dead owner's file, one moves it, and neither the other's new one.
    const aside = `${fileIn(folder)}.${process.pid}`;
    await rename(fileIn(folder), aside).catch(ifMissing);
    const moved = await readOwner(aside);
    await rm(aside, { force: true });
    if (moved !== undefined && moved.pid !== owner?.pid) throw locked(folder, moved);
  }
}

export async function publishAddress(folder: string, address: PgliteAddress): Promise<void> {
  await writeFile(fileIn(folder), JSON.stringify({ pid: process.pid, address } satisfies Owner), { mode: OWN });
}

export async function releaseFolder(folder: string): Promise<void> {
  await rm(fileIn(folder), { force: true });
}

/** Undefined where there is no file, or one that a full disk left empty. */
async function readOwner(file: string): Promise<Owner | undefined> {
  const text = await readFile(file, 'utf8').catch(ifMissing);
  try {
    return text ? (JSON.parse(text) as Owner) : undefined;
  } catch {
    return undefined;
  }
}

async function isLiving({ pid, address }: Owner): Promise<boolean> {
  if (pid === process.pid || !exists(pid)) return false;
  // Numbers of dead processes are given out again: one that has an address must answer there.
  return address === null || answers(address);
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function answers(address: PgliteAddress): Promise<boolean> {
  const place = typeof address === 'string' ? { path: address } : { port: address, host: '127.0.0.1' };
  return new Promise((resolve) => {
    const socket = connect({ ...place, timeout: ANSWER_MS });
    const end = (answered: boolean) => {
      socket.destroy();
      resolve(answered);
    };
    socket.once('connect', () => end(true));
    socket.once('timeout', () => end(false));
    socket.once('error', () => end(false));
  });
}

function ifMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}

function locked(folder: string, { pid, address }: Owner): SluiceError {
  const where = typeof address === 'number' ? ` and served on port ${address}` : '';
  return new SluiceError('database_locked', {
    message: `the database in ${folder} is open in process ${pid}${where}`,
    remedy: `stop that process, or use it; if ${pid} is no process of Sluice, delete ${fileIn(folder)}`,
    data: { folder, pid, address },
  });
}

export function databaseOf(pglite: PGlite, folder: string): Database {
  const explain = (error: unknown): never => {
    throw error instanceof SluiceError ? error : describeFailure(error, folder, 0);
  };
  const { query, script } = queriesOn(pglite);
  return Object.freeze({
    query: <Row extends object>(sql: string, params?: readonly unknown[]) => query<Row>(sql, params).catch(explain),
    script: (sql: string) => script(sql).catch(explain),
    transaction: <T>(body: (queries: Queries) => Promise<T>) =>
      pglite.transaction((transaction) => body(queriesOn(transaction))).catch(explain),
    close: () => pglite.close(),
  });
}

function queriesOn(target: PGlite | Transaction): Queries {
  return {
    query: async <Row extends object>(sql: string, params: readonly unknown[] = []) =>
      (await target.query<Row>(sql, [...params])).rows,
    script: async (sql) => {
      await target.exec(sql);
    },
  };
}

// Keeps one client's conversation with PGlite whole. PGlite is one session, and pglite-socket 0.2.17 queues single
// protocol messages of all clients for it, holding to one client only inside a transaction block. So two clients'
// Parse and Bind can interleave, and one gets the other's rows (electric-sql/pglite issue 1046). Here the socket's
// server reports an open transaction from the first message of a request until its Sync, which makes it hold to
// that client. A throw out of PGlite, after which that queue would stand still for ever, is handed to `onCrash`; so is a
// panic, which ends a server, whereas PGlite goes on and acknowledges what it no longer keeps.

/** What `PGLiteSocketServer` uses of a PGlite. */
type Served = Pick<PGlite, 'waitReady' | 'isInTransaction' | 'runExclusive' | 'execProtocolRawStream' | 'exec'>;

/** The extended query protocol's messages that leave a request open, by their first byte: P B D E C H. */
const OPENS: ReadonlySet<number> = new Set(['P', 'B', 'D', 'E', 'C', 'H'].map((letter) => letter.charCodeAt(0)));
const SYNC = Uint8Array.of('S'.charCodeAt(0), 0, 0, 0, 4);

export interface Vitals {
  /** Whether PostgreSQL has panicked. */
  hasPanicked(): boolean;
  /** Ends the process: nothing more may be asked of this database. */
  onCrash(error: unknown): never;
}

export function takingTurns(database: PGlite, { hasPanicked, onCrash }: Vitals): PGlite {
  let open = false;
  const run: Served['execProtocolRawStream'] = async (message, options) => {
    open = OPENS.has(message[0] ?? 0);
    try {
      await database.execProtocolRawStream(message, options);
    } catch (error) {
      onCrash(error);
    }
    if (hasPanicked()) onCrash(new Error('PostgreSQL panicked'));
  };
  const served: Served = {
    waitReady: database.waitReady,
    isInTransaction: () => open || database.isInTransaction(),
    runExclusive: (work) => database.runExclusive(work),
    execProtocolRawStream: run,
    // Called only to roll back for a client that is gone, perhaps amid a request.
    async exec(sql, options) {
      if (open) await run(SYNC, { onRawData: () => undefined });
      return database.exec(sql, options);
    },
  };
  // The server asks for the class, but uses only these.
  return served as PGlite;
}
