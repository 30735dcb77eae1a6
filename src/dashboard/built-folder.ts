/**
 * Where the built dashboard and the built page of reports are: in a published package beside the compiled code; from
 * sources, built once per state of them and kept.
 */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { hashFiles } from '../base/hash-files.ts';

/** `app`: the files that the server serves, with their index.html. `report`: report.js and report.css. */
export const BUILDS = ['app', 'report'] as const;
export type Build = (typeof BUILDS)[number];

const root = join(import.meta.dirname, '../..');
/** In a published package, from where its compiled code is: a folder for each build. */
export const PREBUILT = 'dashboard/built';
/** All that can be in a build: more than is. */
const SOURCES = ['dashboard/**/*.{ts,tsx,css,html,svg}', 'src/**/*.ts', 'package.json'];

export async function builtFolder(build: Build): Promise<string> {
  const prebuilt = join(root, PREBUILT, build);
  if (existsSync(prebuilt)) return prebuilt;
  const cache = join(root, '.sluice/cache');
  const kept = join(cache, `dashboard-${build}-${await hashFiles(root, SOURCES)}`);
  if (existsSync(kept)) return kept;
  const { bundleDashboard } = await import('./bundle.ts');
  await mkdir(cache, { recursive: true });
  // Built under another name and renamed, so that no process finds half of it.
  const unfinished = await mkdtemp(join(cache, `dashboard-${build}-new-`));
  await bundleDashboard(build, unfinished);
  await rename(unfinished, kept).catch(async (error) => {
    await rm(unfinished, { recursive: true });
    if (!existsSync(kept)) throw error;
  });
  return kept;
}
