import { expect, test } from 'vitest';
import { docsBot } from '../../pipelines/docs-bot.ts';
import { SluiceError } from '../../src/base/errors.ts';
import type { Indexes, Snapshot } from '../../src/store/indexes.ts';
import { snapshotsAt } from '../../src/telemetry/load-trace.ts';

/** Newest first, as the store has them. */
const SNAPSHOTS = [
  { hash: 'cccc', createdAt: 300 },
  { hash: 'bbbb', createdAt: 200 },
  { hash: 'aaaa', createdAt: 100 },
] as unknown as readonly Snapshot[];
const indexes: Pick<Indexes, 'snapshots'> = { snapshots: async () => SNAPSHOTS };

test.each([
  [99, {}],
  [100, { 'ai-docs': 'aaaa' }],
  [299, { 'ai-docs': 'bbbb' }],
  [10_000, { 'ai-docs': 'cccc' }],
])('a run that began at %i read the newest of then', async (at, expected) => {
  expect(await snapshotsAt(docsBot.plan, at, indexes)).toEqual(expected);
});

test('the one that a config names', async () => {
  const pinned = docsBot.variant('pinned', (edit) =>
    edit.configure('keyword', { snapshot: 'bbbb' }).configure('vector', { snapshot: 'bbbb' }),
  );
  expect(await snapshotsAt(pinned.plan, 10_000, indexes)).toEqual({ 'ai-docs': 'bbbb' });
});

test('an index that is gone', async () => {
  const gone: Pick<Indexes, 'snapshots'> = {
    snapshots: async () => {
      throw new SluiceError('index_unknown', { message: 'gone', remedy: 'none' });
    },
  };
  expect(await snapshotsAt(docsBot.plan, 100, gone)).toEqual({});
});
