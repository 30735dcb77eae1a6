/**
 * Where the rows take place: a Temporal server with its state in a file, as a process of its own that can be killed and
 * started again on the same file and port, and a database. All rows share them; each has queues and runs of its own.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clearLockedPorts } from 'get-port';
import { findTemporalCli } from '../../src/embedded/temporal-cli.ts';
import { startTemporalServer } from '../../src/embedded/temporal-server.ts';
import { noPostgres, startPglite, startPostgres } from '../support/postgres.ts';

export interface Place {
  readonly seed: number;
  readonly folder: string;
  /** Kept between runs: the Temporal program, workflow bundles, other releases of Node. */
  readonly cache: string;
  readonly temporal: RestartableServer;
  readonly databaseUrl: string;
  stop(): Promise<void>;
}

export interface RestartableServer {
  readonly address: string;
  /** SIGKILL: it writes nothing more. */
  kill(): Promise<void>;
  /** SIGTERM. */
  stop(): Promise<void>;
  /** Again, on the same file and port; resolves when it answers. */
  start(): Promise<void>;
}

export async function openPlace({ seed, cache }: { readonly seed: number; readonly cache: string }): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-chaos-'));
  const cli = await findTemporalCli({ given: process.env.SLUICE_TEMPORAL_CLI, cache });
  const temporal = await startRestartable(cli.path, join(folder, 'temporal'));
  try {
    const database = await (noPostgres === undefined ? startPostgres() : startPglite());
    process.env.TEMPORAL_ADDRESS = temporal.address; // Temporal's own variables are read by its library
    return Object.freeze({
      ...{ seed, folder, cache, temporal },
      databaseUrl: database.url,
      async stop() {
        await temporal.stop();
        await database.stop();
        await rm(folder, { recursive: true, force: true });
      },
    });
  } catch (error) {
    await temporal.stop();
    throw error;
  }
}

async function startRestartable(cli: string, folder: string): Promise<RestartableServer> {
  let server = await startTemporalServer({ cli, folder, ports: {}, ui: false });
  const port = Number(server.address.split(':').at(-1));
  return {
    address: server.address,
    async kill() {
      process.kill(server.pid, 'SIGKILL');
      await server.stop(); // waits for its end
    },
    stop: () => server.stop(),
    async start() {
      clearLockedPorts(); // get-port gives no port twice within half a minute, not even when asked for it
      server = await startTemporalServer({ cli, folder, ports: { temporal: port }, ui: false });
    },
  };
}
