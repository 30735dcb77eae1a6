/**
 * Keeps one client's conversation with PGlite whole. PGlite is one session, and pglite-socket 0.2.17 queues single
 * protocol messages of all clients for it, holding to one client only inside a transaction block. So two clients'
 * Parse and Bind can interleave, and one gets the other's rows (electric-sql/pglite issue 1046). Here the socket's
 * server is told that a transaction is open from the first message of a request until its Sync, which makes it hold to
 * that client. A throw out of PGlite, after which that queue would stand still for ever, is handed to `onCrash`; so is a
 * panic, which ends a server, whereas PGlite goes on and acknowledges what it no longer keeps.
 */
import type { PGlite } from '@electric-sql/pglite';

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
