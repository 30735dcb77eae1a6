/** Other releases of Node, from the npm packages that carry its binaries: fetched once, kept in the cache. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const FETCH_LIMIT_MS = 300_000;

/** The path of the `node` program of this release. */
export async function nodeRelease(version: string, cache: string): Promise<string> {
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const folder = join(resolve(cache), `node-${version}`);
  const program = join(folder, 'node_modules', name, 'bin/node');
  if (existsSync(program)) return program;
  // Fetched aside and renamed, so that a broken download is never taken for a whole one.
  const unfinished = `${folder}.${process.pid}`;
  await mkdir(unfinished, { recursive: true });
  try {
    const options = ['--prefix', unfinished, '--ignore-scripts', '--no-audit', '--no-fund', '--no-save'];
    await run('npm', ['install', ...options, `${name}@${version}`], { timeout: FETCH_LIMIT_MS });
    await rm(folder, { recursive: true, force: true });
    await rename(unfinished, folder);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  return program;
}
