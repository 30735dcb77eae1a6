/** Where the built dashboard is: beside the code in a published package; from sources, built once per state of them and kept. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { glob, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

const here = import.meta.dirname;
const root = join(here, '../..');
export const PREBUILT = 'built';
/** All that can be in it. */
const SOURCES = ['src/dashboard/**/*.{ts,tsx,css,html,svg}', 'package.json'];

/** The folder with its index.html. */
export async function dashboardFolder(): Promise<string> {
  const prebuilt = join(here, PREBUILT);
  if (existsSync(prebuilt)) return prebuilt;
  const cache = join(root, '.sluice/cache');
  const kept = join(cache, `dashboard-${await hashSources()}`);
  if (existsSync(kept)) return kept;
  const { bundleDashboard } = await import('./bundle.ts');
  await mkdir(cache, { recursive: true });
  // Built aside and renamed, so that nobody finds half of it.
  const unfinished = await mkdtemp(join(cache, 'dashboard-new-'));
  await bundleDashboard(unfinished);
  await rename(unfinished, kept).catch(async (error) => {
    await rm(unfinished, { recursive: true });
    if (!existsSync(kept)) throw error;
  });
  return kept;
}

async function hashSources(): Promise<string> {
  const hash = createHash('sha256');
  const files = (await Array.fromAsync(glob(SOURCES, { cwd: root }))).sort();
  for (const file of files) hash.update(`\0${file}\0`).update(await readFile(join(root, file)));
  return hash.digest('hex').slice(0, 16);
}
