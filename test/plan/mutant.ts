/** Makes a walker with a planted bug: a copy of the sources with one passage changed, loaded beside the real one. */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { WalkFunction } from './drive.ts';

export interface Bug {
  readonly name: string;
  /** Below `src/plan/walk`. */
  readonly file: string;
  /** Must occur exactly once, so that a bug is not silently lost when the walker changes. */
  readonly passage: string;
  readonly becomes: string;
}

export async function plant(bug: Bug): Promise<WalkFunction> {
  const folder = await mkdtemp(join(tmpdir(), 'walk-mutant-'));
  for (const source of ['plan-limits.ts', 'plan.ts', 'resolve.ts', 'walk.ts', 'walk']) {
    await cp(join('src/plan', source), join(folder, source), { recursive: true });
  }
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  const path = join(folder, 'walk', bug.file);
  const parts = (await readFile(path, 'utf8')).split(bug.passage);
  if (parts.length !== 2) throw new Error(`'${bug.name}': its passage occurs ${parts.length - 1} times in ${bug.file}`);
  await writeFile(path, parts.join(bug.becomes));
  const module: { walk: WalkFunction } = await import(pathToFileURL(join(folder, 'walk.ts')).href);
  await rm(folder, { recursive: true });
  return module.walk;
}
