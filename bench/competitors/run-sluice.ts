/**
 * Sluice: chunks over the memo, two processes with eight slots each, as an evaluation's activities walk them. The workflow
 * around them and what it keeps of each cell are not here yet. The database is a server that runs already; what it uses
 * meanwhile counts, if it was started here.
 */
import { join } from 'node:path';
import { openDatabase } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrate.ts';
import { noPostgres, startPglite, startPostgres } from '../../test/support/postgres.ts';
import { type Measured, measure } from './measure.ts';

export async function sluice(examples: number): Promise<Measured> {
  // On PostgreSQL as a server is set up, not as one for tests.
  const running = await (noPostgres === undefined ? startPostgres(['fsync=on']) : startPglite());
  try {
    const database = openDatabase(running.url);
    await migrate(database).finally(() => database.close());
    const name = `Sluice (${noPostgres === undefined ? 'PostgreSQL' : 'embedded database'})`;
    const program = join(import.meta.dirname, 'sluice-process.ts');
    return await measure(name, examples, async ({ callsFile }) => ({
      args: [program, running.url, callsFile, String(examples)],
    }));
  } finally {
    await running.stop();
  }
}
