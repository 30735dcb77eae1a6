/** The sweeper's portion of retention: by the hour, in portions, history first, and not for longer than it may take. */
import type { Client } from '@temporalio/client';
import { expect, test } from 'vitest';
import { createSweepContent } from '../../activities/sweep.ts';
import type { Content } from '../../src/store/content.ts';

const [HOUR_MS, DAY_MS] = [3_600_000, 86_400_000];
const NOW = Date.UTC(2026, 5, 30, 12, 34, 56);
const NOT_FOUND = Object.assign(new Error('no such workflow'), { code: 5 });

interface World {
  readonly due: string[];
  readonly did: string[];
  refusal?: (runId: string) => Error | undefined;
  now: number;
}

function sweepOf(world: World) {
  const content: Pick<Content, 'dueRuns' | 'remove' | 'removePayloads'> = {
    async dueRuns(before, limit) {
      world.did.push(`due before ${(before - NOW) / HOUR_MS}`);
      return world.due.slice(0, limit);
    },
    async remove(runIds, { by }) {
      world.did.push(`${by} of ${runIds.length}`);
      world.due.splice(0, runIds.length);
      world.now += 3_000;
      return runIds;
    },
    async removePayloads(before) {
      world.did.push(`payloads before ${Math.round((before - NOW) / DAY_MS)}`);
      return 0;
    },
  };
  const deleteWorkflowExecution = async ({
    workflowExecution: { workflowId },
  }: {
    workflowExecution: { workflowId: string };
  }) => {
    const refused = world.refusal?.(workflowId);
    if (refused) throw refused;
    if (world.did.length < 3) world.did.push(`history of ${workflowId}`);
  };
  const connection = {
    withDeadline: (_: number, call: () => unknown) => call(),
    workflowService: { deleteWorkflowExecution },
  };
  const client = { connection, options: { namespace: 'default' } };
  return createSweepContent({ content: content as Content }, client as unknown as Client, {
    retentionDays: 30,
    now: () => world.now,
  });
}

test('removes what is due by the hour, the history before the content', async () => {
  const world: World = { due: ['a', 'b'], did: [], now: NOW };
  expect(await sweepOf(world)()).toBe(2);
  const hours = -(30 * 24) - (34 * 60 + 56) / 3_600;
  expect(world.did).toEqual([
    `due before ${hours}`,
    ...['history of a', 'history of b'],
    ...['retention of 2', 'payloads before -33'],
  ]);
});

test('goes on in portions, and leaves the rest to the next round when its time is up', async () => {
  const world: World = { due: Array.from({ length: 5_000 }, (_, n) => `r${n}`), did: [], now: NOW };
  expect(await sweepOf(world)()).toBe(7 * 200);
  expect(world.did.filter((did) => did.startsWith('retention'))).toHaveLength(7);
});

test('a history that is gone already is no obstacle; one that cannot be deleted keeps the content', async () => {
  const world: World = { due: ['a'], did: [], now: NOW, refusal: () => NOT_FOUND };
  expect(await sweepOf(world)()).toBe(1);
  const away: World = { due: ['a'], did: [], now: NOW, refusal: () => new Error('unavailable') };
  await expect(sweepOf(away)()).rejects.toThrow('unavailable');
  expect(away.due).toEqual(['a']);
});
