/** How the embedded database is opened, when it is made and ever after. */
import { vector } from '@electric-sql/pglite-pgvector';

export const PGLITE_OPTIONS = {
  extensions: { vector },
  // One session and small tables: PostgreSQL's usual 128 MB would only add to this process's memory.
  postgresqlconf: ['shared_buffers = 32MB'],
};

/**
 * For Node: PostgreSQL's largest functions cost V8's optimising compiler half a gigabyte for a moment. Its quick one
 * needs 60 % more CPU time for the same statements, at a third of the memory, and starts sooner (bench/ingest.ts).
 */
export const PGLITE_FLAGS = ['--liftoff-only'];
