/** Projects of a few files, and the digest of a step that is implemented in one of them. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect } from 'vitest';
import { z } from 'zod';
import type { Implemented } from '../../../src/boundary/implement.ts';
import { digestsOf } from '../../../src/evaluation/digest/digest.ts';
import { defineStep } from '../../../src/index.ts';

export const shout = defineStep('shout', {
  version: 3,
  input: z.object({ text: z.string() }),
  output: z.object({ text: z.string() }),
  effect: 'read',
  policy: { attempts: 1, timeout: '1 second' },
});

export type Files = { readonly [path: string]: string | Uint8Array };

const folders: string[] = [];
afterAll(async () => {
  await Promise.all(folders.map((folder) => rm(folder, { recursive: true })));
});

/** A new folder with these files. */
export async function write(files: Files): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-digest-'));
  folders.push(folder);
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  return folder;
}

export const say: Implemented['run'] = (input) => input;

export const bind = (folder: string, file: string, run = say): Implemented => ({
  step: shout,
  run,
  source: pathToFileURL(join(folder, file)).href,
});

export async function digestIn(folder: string, file: string, run?: Implemented['run']): Promise<string> {
  const digests = await digestsOf([bind(folder, file, run)]);
  expect([...digests.keys()]).toEqual(['shout@3']);
  return digests.get('shout@3')!;
}
