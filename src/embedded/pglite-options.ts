/** How the embedded database is opened, when it is made and ever after. */

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { lstat, mkdir } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { vector } from '@electric-sql/pglite-pgvector';
import { SluiceError } from '../base/errors.ts';
import { OWN_FOLDER } from '../base/private-folder.ts';

export const PGLITE_OPTIONS = {
  extensions: { vector },
  // One session and small tables: PostgreSQL's usual 128 MB would only add to this process's memory.
  postgresqlconf: ['shared_buffers = 32MB'],
};

/**
 * Makes PGlite's files their owner's alone. PGlite sets the mode of each file that it creates, to 0666, so this process's
 * umask has no effect on them.
 */
export function keepFilesPrivate(): void {
  const { chmodSync } = fs;
  fs.chmodSync = (path, mode) => chmodSync(path, typeof mode === 'number' ? mode & OWN_FOLDER : mode);
  syncBuiltinESMExports();
}

/**
 * For Node: PostgreSQL's largest functions cost V8's optimising compiler half a gigabyte for a moment. Its quick one
 * needs 60 % more CPU time for the same statements, at a third of the memory, and starts sooner (bench/ingest.ts).
 */
export const PGLITE_FLAGS = ['--liftoff-only'];

// Where the embedded database listens: on a Unix socket in a folder that only its owner can enter, or on a loopback
// port where one was asked for. The path depends on the database's folder alone, so a restart keeps the address.

/** A socket's path, or a port of 127.0.0.1. */
export type PgliteAddress = string | number;

/** The name that PostgreSQL clients look for in a socket folder. */
const SOCKET_NAME = '.s.PGSQL.5432';
/** Bytes of a socket's path: macOS allows 103, Linux 107. */
const LONGEST_PATH_BYTES = 103;

/** The socket of the database in `folder`: in that folder, or in a short one below the temporary folder. */
export function socketOf(folder: string): string {
  const usual = join(resolve(folder), SOCKET_NAME);
  if (Buffer.byteLength(usual) <= LONGEST_PATH_BYTES) return usual;
  const name = createHash('sha256').update(resolve(folder)).digest('hex').slice(0, 16);
  return join(tmpdir(), `sluice-${name}`, SOCKET_NAME);
}

/**
 * Creates the socket's folder where it is missing.
 *
 * @throws SluiceError `socket_folder_unsafe` when other users can enter it, or it belongs to another user.
 */
export async function makeSocketFolder(socket: string): Promise<void> {
  const folder = dirname(socket);
  await mkdir(folder, { mode: OWN_FOLDER }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  const found = await lstat(folder);
  const isOurs = process.getuid === undefined || found.uid === process.getuid();
  if (found.isDirectory() && isOurs && (found.mode & 0o077) === 0) return;
  throw new SluiceError('socket_folder_unsafe', {
    message: `other users can reach ${folder}, which is to hold the socket of the embedded database`,
    remedy: `remove it, or give it to yourself with mode 0700; or use a database of your own (DATABASE_URL)`,
    data: { folder },
  });
}

/** The connection URL, as every PostgreSQL client reads it. */
export function urlOf(address: PgliteAddress): string {
  if (typeof address === 'number') return `postgres://postgres@127.0.0.1:${address}/postgres`;
  return `postgres://postgres@localhost/postgres?host=${encodeURIComponent(dirname(address))}`;
}
