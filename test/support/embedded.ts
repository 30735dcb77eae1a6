/**
 * The embedded database in a new folder, without the seconds that making one takes: it is made and migrated once per
 * state of its sources, kept beside the other things that are fetched or built once, and copied. How one is made is
 * tested where that is the matter (test/runtime/postgres.live.test.ts, test/cli/embedded.live.test.ts).
 */
import { createHash } from 'node:crypto';
import { cpSync, existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/embedded/postgres.ts';
import { readMigrations } from '../../src/store/migrate.ts';

/** As `startEmbeddedPostgres`; a folder that has a database already keeps it. */
export async function startEmbedded(folder: string): Promise<EmbeddedPostgres> {
  if (!existsSync(join(folder, 'data'))) await copyEmbedded(folder);
  return startEmbeddedPostgres({ folder });
}

/** A folder that a command finds its database in. */
export async function copyEmbedded(folder: string): Promise<void> {
  cpSync(await made(), folder, { recursive: true }); // takes half of the time of `cp`: there are 1,300 files
}

/** The database to copy: made beside its place, since several may find at once that there is none. */
async function made(): Promise<string> {
  const cache = process.env.SLUICE_CACHE ?? join(process.cwd(), '.sluice', 'cache');
  const kept = join(cache, `embedded-${await stateOfSources()}`);
  if (existsSync(kept)) return kept;
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, 'embedded-new-'));
  await (await startEmbeddedPostgres({ folder })).stop();
  await rename(folder, kept).catch(async (error) => {
    await rm(folder, { recursive: true });
    if (!existsSync(kept)) throw error;
  });
  return kept;
}

async function stateOfSources(): Promise<string> {
  const { version } = JSON.parse(
    await readFile(new URL('../../node_modules/@electric-sql/pglite/package.json', import.meta.url), 'utf8'),
  ) as { version: string };
  const options = await readFile(new URL('../../src/embedded/pglite-options.ts', import.meta.url), 'utf8');
  const migrations = await readMigrations();
  const state = [version, options, ...migrations.map(({ name, checksum }) => `${name} ${checksum}`)];
  return createHash('sha256').update(state.join('\n')).digest('hex').slice(0, 16);
}
