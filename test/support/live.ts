/** A runtime for one live test file: the shared Temporal server, a database of its own, queues of its own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { type Config, readConfig } from '../../src/config/config.ts';
import { connectRuntime, type MakeImplementations, type Runtime } from '../../src/host/runtime.ts';
import { startEmbedded } from './embedded.ts';

export interface Live extends Runtime {
  readonly config: Config;
  readonly folder: string;
  /** The environment of a process of its own that should see the same servers and queues. */
  readonly environment: { readonly [name: string]: string };
}

let counter = 0;

/** @param settings of the environment; with a `DATABASE_URL` that database is used, and no embedded one is started */
export async function startLive(
  implementations?: MakeImplementations,
  settings: { readonly [name: string]: string } = {},
): Promise<Live> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-live-'));
  const database = settings.DATABASE_URL ? undefined : await startEmbedded(join(folder, 'postgres'));
  const environment = {
    ...(database && { DATABASE_URL: database.url }),
    TEMPORAL_ADDRESS: inject('temporalAddress'),
    SLUICE_TEMPORAL_UI: 'http://localhost:8233',
    SLUICE_QUEUE_PREFIX: `test-${process.pid}-${counter++}`,
    SLUICE_CACHE: inject('cache'),
    SLUICE_SHUTDOWN_GRACE_MS: '1000',
    ...settings,
  };
  process.env.TEMPORAL_ADDRESS = environment.TEMPORAL_ADDRESS; // Temporal's own variables are read by its library
  const config = readConfig(environment);
  const runtime = await connectRuntime({ folder, config, ...(implementations && { implementations }) });
  return {
    ...runtime,
    config,
    folder,
    environment,
    async stop() {
      await runtime.stop();
      await database?.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
