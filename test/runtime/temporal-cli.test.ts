import { chmod, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { findInstalledCli, TEMPORAL_CLI_VERSION } from '../../src/embedded/temporal-cli.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-cli-'));
});

async function program(name: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, '#!/bin/sh\n');
  await chmod(path, 0o755);
  return path;
}

describe('the Temporal program', () => {
  test('is first what the environment names', async () => {
    const given = await program('mine');
    await program('temporal');
    expect(await findInstalledCli({ given, path: folder, cache: folder })).toEqual({
      path: given,
      source: 'SLUICE_TEMPORAL_CLI',
    });
  });

  test('that the environment names wrongly is said, not searched elsewhere', async () => {
    await program('temporal');
    const given = join(folder, 'absent');
    await expect(findInstalledCli({ given, path: folder, cache: folder })).rejects.toMatchObject({
      code: 'temporal_cli_missing',
      message: expect.stringContaining(given),
    });
  });

  test('is then the one on the PATH, then the one in the cache', async () => {
    const cached = await program(`temporal-${TEMPORAL_CLI_VERSION}`);
    expect(await findInstalledCli({ path: folder, cache: folder })).toEqual({ path: cached, source: 'cache' });
    const path = await program('temporal');
    expect(await findInstalledCli({ path: `/nowhere:${folder}`, cache: folder })).toEqual({ path, source: 'PATH' });
  });

  test('may be nowhere', async () => {
    await writeFile(join(folder, 'temporal'), 'not executable');
    expect(await findInstalledCli({ path: folder, cache: folder })).toBeUndefined();
  });
});
