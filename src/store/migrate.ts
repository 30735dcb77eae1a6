/**
 * Brings a database up to date: forward only, each migration in a transaction with the row that records it. On a server
 * a lease lets one process migrate while others wait; every migration's transaction also locks the lease's row, so one
 * that outlives its lease still excludes the next. The embedded database is migrated before anyone else can reach it.
 */
import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { type MigrationError, Umzug } from 'umzug';
import { SluiceError } from '../base/errors.ts';
import { withClock } from './bound.ts';
import type { Database } from './database.ts';
import { createLeases, LEASE_TABLE, type Leases } from './leases.ts';

export interface MigrateOptions {
  /** Whether no other process can reach the database, so that no lease is needed. */
  readonly alone?: boolean;
  readonly onProgress?: (what: string) => void;
  /** Default: those that come with this code. */
  readonly migrations?: readonly Migration[];
  /** How long to wait for another process that migrates; default 120 s. */
  readonly waitMs?: number;
}

const LEASE = 'migrations';
const LEASE_MS = 30_000;
const POLL_MS = 200;
const WAIT_MS = 120_000;
/** One migration may read all that a large database holds: longer than a statement may otherwise take. */
const MIGRATION_TIMEOUT_MS = 30 * 60_000;
/** Two processes that create one table at a time can collide even with IF NOT EXISTS. */
const CREATE_ATTEMPTS = 5;
const COLLISIONS: readonly unknown[] = ['23505', '42P07', '42710'];

const MIGRATION_TABLE = `create table if not exists migration (
  name text collate "C" primary key,
  checksum text not null,
  applied_at timestamptz not null default now()
)`;

/**
 * Applies what is missing and returns the names of that.
 *
 * @throws SluiceError `database_newer`, `migration_changed`, `migration_locked`, `pgvector_missing`, and those of
 * `openDatabase`.
 */
export async function migrate(database: Database, options: MigrateOptions = {}): Promise<readonly string[]> {
  const migrations = options.migrations ?? (await readMigrations());
  // What is up to date needs no lock, nor the right to create tables.
  if ((await missingFrom(database, migrations)).length === 0) return [];
  await createOwnTables(database);
  if (options.alone) return apply(database, migrations, options, async () => undefined);
  const owner = randomUUID();
  const { now } = withClock(database);
  const leases = createLeases({ ...database, now });
  await takeLease(leases, owner, options);
  try {
    return await apply(database, migrations, options, async (queries) => {
      if (await createLeases({ ...queries, now }).renew(LEASE, owner, LEASE_MS)) return;
      throw locked('the lease passed to another process while this one migrated');
    });
  } finally {
    await leases.release(LEASE, owner);
  }
}

async function apply(
  database: Database,
  migrations: readonly Migration[],
  { onProgress }: MigrateOptions,
  hold: (queries: Pick<Database, 'query' | 'script'>) => Promise<void>,
): Promise<readonly string[]> {
  const umzug = new Umzug({
    logger: undefined,
    migrations: migrations.map(({ name, sql, checksum }) => ({
      name,
      up: () =>
        database.transaction(async (queries) => {
          await hold(queries);
          const done = await queries.query('select 1 as done from migration where name = $1', [name]);
          if (done.length > 0) return;
          onProgress?.(`migrating the database: ${name}`);
          await queries.script(sql, { timeoutMs: MIGRATION_TIMEOUT_MS });
          await queries.query('insert into migration (name, checksum) values ($1, $2)', [name, checksum]);
        }),
    })),
    storage: {
      executed: async () => [...(await appliedTo(database)).keys()],
      // The migration's own transaction has recorded it.
      logMigration: async () => undefined,
      unlogMigration: () => Promise.reject(new Error('migrations go forward only')),
    },
  });
  try {
    // Read again under the lease.
    await missingFrom(database, migrations);
    return (await umzug.up()).map(({ name }) => name);
  } catch (error) {
    throw explain(error);
  }
}

/** The names missing from the database; refuses one that is newer than this code, or was migrated by other files. */
async function missingFrom(database: Database, migrations: readonly Migration[]): Promise<readonly string[]> {
  const applied = await appliedTo(database);
  const known = new Set(migrations.map(({ name }) => name));
  const newer = [...applied.keys()].filter((name) => !known.has(name));
  if (newer.length > 0)
    throw new SluiceError('database_newer', {
      message: `the database was migrated by a newer Sluice: it has ${newer.join(', ')}`,
      remedy: 'use that version of Sluice, or another database; migrations do not go back',
      data: { newer },
    });
  for (const { name, checksum } of migrations)
    if (applied.has(name) && applied.get(name) !== checksum)
      throw new SluiceError('migration_changed', {
        message: `the migration ${name} is not the one that this database was migrated with`,
        remedy: 'restore the file as it was released, and put what is new into a migration after the last',
        data: { migration: name },
      });
  return migrations.filter(({ name }) => !applied.has(name)).map(({ name }) => name);
}

async function appliedTo(database: Database): Promise<ReadonlyMap<string, string>> {
  const [own] = await database.query<{ there: boolean }>(`select to_regclass('migration') is not null as there`);
  if (!own?.there) return new Map();
  const rows = await database.query<{ name: string; checksum: string }>(
    'select name, checksum from migration order by name',
  );
  return new Map(rows.map(({ name, checksum }) => [name, checksum]));
}

async function createOwnTables(database: Database): Promise<void> {
  for (let attempt = 1; ; attempt += 1)
    try {
      return await database.script(`${MIGRATION_TABLE}; ${LEASE_TABLE};`);
    } catch (error) {
      const collided = error instanceof SluiceError && COLLISIONS.includes(error.data.sqlState);
      if (!collided || attempt === CREATE_ATTEMPTS) throw error;
    }
}

async function takeLease(leases: Leases, owner: string, { onProgress, waitMs = WAIT_MS }: MigrateOptions) {
  const giveUpAt = performance.now() + waitMs;
  for (let waiting = false; ; waiting = true) {
    if (await leases.acquire(LEASE, owner, LEASE_MS).then(({ held }) => held, unlessTimedOut)) return;
    if (performance.now() + POLL_MS > giveUpAt) throw locked(`another process has migrated for ${waitMs / 1_000} s`);
    if (!waiting) onProgress?.('waiting for another process to migrate the database');
    await delay(POLL_MS);
  }
}

/** The other's migration holds the row, perhaps for longer than a statement may take. */
function unlessTimedOut(error: unknown): false {
  if (error instanceof SluiceError && error.code === 'database_timeout') return false;
  throw error;
}

const locked = (why: string): SluiceError =>
  new SluiceError('migration_locked', {
    message: `the database cannot be migrated now: ${why}`,
    remedy: 'wait until the other process is done, and start again',
    retryable: true,
  });

/** Umzug wraps what a migration throws; and a missing pgvector deserves words of its own. */
function explain(error: unknown): unknown {
  const cause = (error as MigrationError).cause ?? error;
  if (!(cause instanceof SluiceError) || !/extension "?vector/.test(cause.message)) return cause;
  return new SluiceError('pgvector_missing', {
    message: `the database has no pgvector, which Sluice needs: ${cause.message}`,
    remedy:
      'install pgvector on the server (the image pgvector/pgvector has it), or let an administrator run `create extension vector`',
    data: cause.data,
    cause,
  });
}

// The migration files: SQL in the folder `migrations`, applied in order of their names, never changed once released.
// Checksums in the database detect a changed file.

export interface Migration {
  /** `0001_runs` */
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

const FOLDER = new URL('./migrations/', import.meta.url);

export async function readMigrations(): Promise<readonly Migration[]> {
  const files = (await readdir(FOLDER)).filter((file) => file.endsWith('.sql')).sort();
  return Promise.all(
    files.map(async (file) =>
      asMigration(file.slice(0, -'.sql'.length), await readFile(new URL(file, FOLDER), 'utf8')),
    ),
  );
}

/** Line ends do not count: git may change them. */
export function asMigration(name: string, text: string): Migration {
  const sql = text.replaceAll('\r\n', '\n');
  return Object.freeze({ name, sql, checksum: createHash('sha256').update(sql).digest('hex') });
}
