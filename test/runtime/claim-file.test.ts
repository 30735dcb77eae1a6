import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createClaim } from '../../src/base/claim-file.ts';

test('of many that claim at once one has it, and nobody ever reads half a claim', async () => {
  for (let round = 0; round < 5; round++) {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-claim-'));
    const file = join(folder, 'owner.json');
    const contents = Array.from({ length: 8 }, (_, who) => JSON.stringify({ who, padding: 'x'.repeat(1_000_000) }));
    let isOver = false;
    const read: string[] = [];
    const reading = (async () => {
      while (!isOver) read.push(await readFile(file, 'utf8').catch(() => 'none yet'));
    })();
    const won = await Promise.all(contents.map((content) => createClaim(file, content)));
    isOver = true;
    await reading;
    expect(won.filter(Boolean)).toHaveLength(1);
    const claim = contents[won.indexOf(true)]!;
    expect(await readFile(file, 'utf8')).toBe(claim);
    expect(read.filter((text) => text !== claim && text !== 'none yet')).toEqual([]);
    expect(await readdir(folder)).toEqual(['owner.json']);
  }
});
