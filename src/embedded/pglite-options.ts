/** How the embedded database is opened, when it is made and ever after. */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { vector } from '@electric-sql/pglite-pgvector';
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
