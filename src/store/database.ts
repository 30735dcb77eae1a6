/**
 * The only access to PostgreSQL, a server or the embedded database. The embedded one is a single session shared by all
 * clients, so `src/store` uses no advisory locks, LISTEN, SET, temporary tables, named statements or server-side
 * timeouts. A transaction awaits only its own queries. Mutual exclusion is a row with an owner and an expiry. **Every
 * statement and every transaction may run twice**, so a broken connection is answered by repeating it.
 */
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { SluiceError } from '../base/errors.ts';
import { describeFailure, isPassing, isTimeout } from './database-errors.ts';

export interface Queries {
  /** Runs one statement; `$1` is the first of `params`. Times are numbers of milliseconds since the epoch. */
  query<Row extends object>(sql: string, params?: readonly unknown[], limits?: StatementLimits): Promise<Row[]>;
  /** Runs several statements without parameters: a migration. */
  script(sql: string, limits?: StatementLimits): Promise<void>;
}

export interface StatementLimits {
  /** In place of the database's own `queryTimeoutMs`, for a statement that is known to take long. */
  readonly timeoutMs: number;
}

export interface Database extends Queries {
  /** Runs `body` between BEGIN and COMMIT, or ROLLBACK if it throws. It may be run again after a lost connection. */
  transaction<T>(body: (queries: Queries) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export interface DatabaseOptions {
  /** Connections at most; default 8. */
  readonly poolSize?: number;
  /** How long one statement may take, its wait behind others included; default 30 s. It is the client that gives up. */
  readonly queryTimeoutMs?: number;
  /** How long connecting, or waiting for a free connection, may take; default 10 s. */
  readonly connectTimeoutMs?: number;
  /** How long an outage is ridden through, statements being repeated, before it is an error; default 10 s. */
  readonly outageMs?: number;
  /** What explains an outage better than its last failure, where it is known. Called when `outageMs` have passed. */
  readonly explainOutage?: ((failure: unknown) => Promise<SluiceError | undefined>) | undefined;
  /** Where the database is now, asked when a connection failed; undefined: not known. Default: it stays where it was. */
  readonly findUrl?: () => Promise<string | undefined>;
}

const DEFAULTS = {
  ...{ poolSize: 8, queryTimeoutMs: 30_000, connectTimeoutMs: 10_000, outageMs: 10_000 },
  explainOutage: async (): Promise<SluiceError | undefined> => undefined,
  findUrl: async (): Promise<string | undefined> => undefined,
};
const IDLE_CONNECTION_MS = 30_000;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;

/**
 * Opens a pool; nothing is connected before the first statement.
 *
 * A statement whose connection fails or breaks (refused, reset, server shutting down, a deadlock or serialisation
 * failure, too many connections) is made again after 50, 100, 200 ... 1,000 ms until `outageMs` have passed. A
 * statement that times out is not.
 *
 * @throws SluiceError from every method: `database_unreachable`, `database_timeout`, `database_full`,
 * `database_refused`, `database_not_migrated`, `text_unstorable`, `database_error` (see `database-errors.ts`).
 */
export function openDatabase(url: string, options: DatabaseOptions = {}): Database {
  const limits = { ...DEFAULTS, ...options };
  let current = { url, pool: openPool(url, limits) };
  const relocate = async () => {
    const found = await limits.findUrl();
    if (found === undefined || found === current.url) return;
    current.pool.end().catch(() => undefined);
    current = { url: found, pool: openPool(found, limits) };
  };
  const insist = async <T>(work: (pool: pg.Pool) => Promise<T>): Promise<T> => {
    const startedAt = performance.now();
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      try {
        return await work(current.pool);
      } catch (error) {
        if (error instanceof SluiceError) throw error;
        const elapsedMs = performance.now() - startedAt;
        const failure = () => describeFailure(error, describePlace(current.url), elapsedMs);
        if (!isPassing(error)) throw failure();
        if (elapsedMs + pauseMs > limits.outageMs) throw (await limits.explainOutage?.(error)) ?? failure();
        await delay(pauseMs);
        await relocate();
      }
    }
  };
  const database: Database = {
    query: (sql, params, limits) => insist((pool) => queriesOn(pool).query(sql, params, limits)),
    script: (sql, limits) => insist((pool) => queriesOn(pool).script(sql, limits)),
    transaction: (body) => insist((pool) => transactionOn(pool, body)),
    close: () => current.pool.end(),
  };
  return Object.freeze(database);
}

function openPool(url: string, limits: Required<DatabaseOptions>): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: limits.poolSize,
    query_timeout: limits.queryTimeoutMs,
    connectionTimeoutMillis: limits.connectTimeoutMs,
    idleTimeoutMillis: IDLE_CONNECTION_MS,
    keepAlive: true,
    fallback_application_name: 'sluice',
    types: { getTypeParser },
  });
  // A connection that breaks while idle leaves the pool; the next statement opens another.
  pool.on('error', () => undefined);
  return pool;
}

async function transactionOn<T>(pool: pg.Pool, body: (queries: Queries) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  // Without a listener, a connection that breaks between two statements would end the process.
  let broken: Error | undefined;
  const onError = (error: Error) => {
    broken = error;
  };
  client.on('error', onError);
  try {
    await client.query('begin');
    const result = await body(queriesOn(client));
    await client.query('commit');
    return result;
  } catch (error) {
    // A statement that was given up may still run, and a rollback would wait for it. Where the connection is given up,
    // too, the server rolls back by itself.
    if (isTimeout(error)) broken ??= error;
    broken ??= await client.query('rollback').then(
      () => undefined,
      (failure: Error) => failure,
    );
    throw error;
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
}

function queriesOn(target: pg.Pool | pg.PoolClient): Queries {
  return {
    query: async <Row extends object>(text: string, params: readonly unknown[] = [], limits?: StatementLimits) => {
      const statement = { text, values: [...params], ...(limits && { query_timeout: limits.timeoutMs }) };
      return (await target.query<Row>(statement)).rows;
    },
    script: async (text, limits) => {
      await target.query({ text, ...(limits && { query_timeout: limits.timeoutMs }) });
    },
  };
}

type Parser = (text: string) => unknown;

/** Big integers as numbers (ours stay far below 2^53), times as milliseconds since the epoch, the rest as pg has it. */
function getTypeParser(oid: number, format?: 'text' | 'binary'): Parser {
  const given = pg.types.getTypeParser(oid, format as 'text') as Parser;
  if (oid === pg.types.builtins.INT8) return Number;
  if (oid === pg.types.builtins.TIMESTAMPTZ) return (text) => (given(text) as Date).getTime();
  return given;
}

/** Where the database is, without its password. */
export function describePlace(url: string): string {
  const server = describeServer(url);
  return server.startsWith('/') ? server : `${server}${new URL(url).pathname}`;
}

/** The address of the database's server: `host:port`, or the folder of its Unix socket. */
export function describeServer(url: string): string {
  const { hostname, port, searchParams } = new URL(url);
  return searchParams.get('host') ?? `${hostname}:${port || 5432}`;
}

// Many rows in few statements, none of them too large.

export interface BatchLimits {
  readonly rows: number;
  /** A row that is larger by itself has a statement of its own. */
  readonly bytes: number;
}

export function* batches<Row>(
  rows: readonly Row[],
  limits: BatchLimits,
  sizeOf: (row: Row) => number,
): Generator<readonly Row[]> {
  let [batch, bytes]: [Row[], number] = [[], 0];
  for (const row of rows) {
    if (batch.length >= limits.rows || (batch.length > 0 && bytes + sizeOf(row) > limits.bytes)) {
      yield batch;
      [batch, bytes] = [[], 0];
    }
    batch.push(row);
    bytes += sizeOf(row);
  }
  if (batch.length > 0) yield batch;
}
