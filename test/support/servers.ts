/** Starts what live tests share, once: a Temporal server without UI or file, with our search attributes and flags. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { findTemporalCli } from '../../src/embedded/temporal-cli.ts';
import { startTemporalServer } from '../../src/embedded/temporal-server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    temporalAddress: string;
    /** The program itself, for tests that start servers of their own. */
    temporalCli: string;
    /** Where built workflow bundles are kept between tests. */
    cache: string;
  }
}

export default async function startServers(project: TestProject): Promise<() => Promise<void>> {
  const cache = process.env.SLUICE_CACHE ?? join(process.cwd(), '.sluice', 'cache');
  const folder = await mkdtemp(join(tmpdir(), 'sluice-test-'));
  const cli = await findTemporalCli({ given: process.env.SLUICE_TEMPORAL_CLI, cache });
  const server = await startTemporalServer({ cli: cli.path, folder, ports: {}, ui: false, persistent: false });
  project.provide('temporalAddress', server.address);
  project.provide('temporalCli', cli.path);
  project.provide('cache', cache);
  return async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  };
}
