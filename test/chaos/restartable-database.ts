/** Databases that are killed and started again on the same files and port. */
import { join } from 'node:path';
import type { EmbeddedPostgres } from '../../src/embedded/postgres.ts';
import { startEmbeddedPostgres } from '../../src/embedded/postgres.ts';
import { startEmbedded } from '../support/embedded.ts';
import { type RestartablePostgres, startPostgresServer } from '../support/postgres.ts';

export interface RestartableDatabase {
  readonly name: 'embedded' | 'PostgreSQL';
  readonly url: string;
  /** As by a crash, and up again; resolves when it takes connections. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Of each kind that there is here, what starts it; not migrated, unless it is the embedded one. */
export const DATABASES: readonly ((folder: string) => Promise<RestartableDatabase>)[] = [
  startPglite,
  ...(process.env.SLUICE_TEST_PG_BIN ? [startPostgres] : []),
];

/** What `play` gives of each of them, one after the other. @param folder where their own are */
export async function onEachDatabase<T>(
  folder: string,
  play: (database: RestartableDatabase) => Promise<readonly T[]>,
): Promise<readonly T[]> {
  const given: T[] = [];
  for (const start of DATABASES) {
    const database = await start(folder);
    try {
      given.push(...(await play(database)));
    } finally {
      await database.stop();
    }
  }
  return given;
}

async function startPglite(within: string): Promise<RestartableDatabase> {
  const folder = join(within, 'embedded');
  let running: EmbeddedPostgres = await startEmbedded(folder);
  const { url } = running;
  return {
    ...{ name: 'embedded', url },
    async restart() {
      process.kill(running.pid, 'SIGKILL');
      await running.ended;
      running = await startEmbeddedPostgres({ folder });
    },
    stop: () => running.stop(),
  };
}

async function startPostgres(): Promise<RestartableDatabase> {
  const server: RestartablePostgres = await startPostgresServer();
  return { name: 'PostgreSQL', ...server };
}
