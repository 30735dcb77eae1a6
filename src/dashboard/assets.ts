/** Where the built dashboard is: beside the code in a published package; from sources, built once per state of them and kept. */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { hashFiles } from '../base/hash-files.ts';

const here = import.meta.dirname;
const root = join(here, '../..');
export const PREBUILT = 'built';
/** All that can be in it, what it shares with the rest included: more than is. */
const SOURCES = [
  'src/dashboard/**/*.{ts,tsx,css,html,svg}',
  'src/evaluation/{report,compare,calibration}/**/*.{ts,css}',
  'src/{experiment,monitor,plan,review,run-filter,stats}/**/*.ts',
  'src/*.ts',
  'package.json',
];

/** The folder with its index.html. */
export async function dashboardFolder(): Promise<string> {
  const prebuilt = join(here, PREBUILT);
  if (existsSync(prebuilt)) return prebuilt;
  const cache = join(root, '.sluice/cache');
  const kept = join(cache, `dashboard-${await hashFiles(root, SOURCES)}`);
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
