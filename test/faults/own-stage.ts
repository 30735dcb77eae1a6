/** A stage with a Temporal server of its own, for commands; tests have one already. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findTemporalCli } from '../../src/embedded/temporal-cli.ts';
import { startTemporalServer } from '../../src/embedded/temporal-server.ts';
import { openStage, type Stage } from './stage.ts';

/** Plays `act` on it; whatever was started is gone afterwards, also when the command is interrupted. */
export async function withOwnStage<Result>(act: (stage: Stage) => Promise<Result>): Promise<Result> {
  const cache = process.env.SLUICE_CACHE ?? join(process.cwd(), '.sluice/cache');
  const folder = await mkdtemp(join(tmpdir(), 'sluice-faults-'));
  const cli = await findTemporalCli({ given: process.env.SLUICE_TEMPORAL_CLI, cache });
  const server = await startTemporalServer({ cli: cli.path, folder, ports: {}, ui: false, persistent: false });
  const opening = openStage({ temporalAddress: server.address, cache });
  const stop = async () => {
    await opening.then((stage) => stage.stop()).catch(() => undefined);
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop().then(() => process.exit(1)));
  try {
    return await act(await opening);
  } finally {
    await stop();
  }
}
