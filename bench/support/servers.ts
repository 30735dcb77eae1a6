/** Embedded servers for one benchmark: Temporal in memory, the database in a temporary folder. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Config, readConfig } from '../../src/config/config.ts';
import { findTemporalCli } from '../../src/embedded/temporal-cli.ts';
import { startTemporalServer } from '../../src/embedded/temporal-server.ts';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { createStore, type Store } from '../../src/store/store.ts';
import { connectTemporal, type TemporalConnection } from '../../src/temporal/temporal.ts';
import { installLogging } from '../../src/worker/logging.ts';
import { startEmbedded } from '../../test/support/embedded.ts';

export interface BenchServers {
  readonly config: Config;
  readonly cache: string;
  readonly temporal: TemporalConnection;
  readonly store: Store;
  readonly database: Database;
  readonly databaseUrl: string;
  readonly folder: string;
  readonly pids: { readonly temporal: number; readonly database: number };
  stop(): Promise<void>;
}

export async function startBenchServers(): Promise<BenchServers> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
  const cache = process.env.SLUICE_CACHE ?? join(process.cwd(), '.sluice', 'cache');
  const config = readConfig({ ...process.env, SLUICE_QUEUE_PREFIX: 'bench' });
  installLogging(config);
  const cli = await findTemporalCli({ given: config.temporalCli, cache });
  const server = await startTemporalServer({ cli: cli.path, folder, ports: {}, ui: false, persistent: false });
  const postgres = await startEmbedded(join(folder, 'postgres'));
  const database = openDatabase(postgres.url);
  const temporal = await connectTemporal({}, { address: server.address, namespace: 'default' });
  return {
    config,
    cache,
    temporal,
    store: createStore(database),
    ...{ database, databaseUrl: postgres.url, folder },
    pids: { temporal: server.pid, database: postgres.pid },
    async stop() {
      await temporal.close();
      await database.close();
      await Promise.all([server.stop(), postgres.stop()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
