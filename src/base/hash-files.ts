/** Sources by their content: what was built of them is kept under it. */
import { createHash } from 'node:crypto';
import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const DIGITS = 16;

/** The same for the same files with the same content. @param patterns of paths below `root` */
export async function hashFiles(root: string, patterns: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  const files = (await Array.fromAsync(glob([...patterns], { cwd: root }))).sort();
  for (const file of files) hash.update(`\0${file}\0`).update(await readFile(join(root, file)));
  return hash.digest('hex').slice(0, DIGITS);
}
