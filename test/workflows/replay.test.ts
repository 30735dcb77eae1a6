/** The replay gate, and the test of that test: code that does two things in the other order must not get through. */
import { DeterminismViolationError } from '@temporalio/workflow';
import { beforeAll, describe, expect, test } from 'vitest';
import { workflowBundle } from '../../src/worker/bundle.ts';
import { bundleReordered, LAST_FIRST, SWAPPED_CALLS } from '../histories/reorder.ts';
import { type Recorded, readHistories, replay } from '../histories/replay.ts';

const FEWEST = 20;
const cache = process.env.SLUICE_CACHE ?? '.sluice/cache';
/** Ends before it has called anything: nothing can be in another order. */
const WITHOUT_CALLS = 'unreadable';

let recorded: readonly Recorded[];
beforeAll(async () => {
  recorded = await readHistories();
});

describe('the recorded histories', () => {
  test(`are at least ${FEWEST}`, () => {
    expect(recorded.length).toBeGreaterThanOrEqual(FEWEST);
  });

  test("are what today's workflows would do again", async () => {
    const { replayed, seconds } = await replay(await workflowBundle(cache), recorded);
    expect(replayed.filter(({ error }) => error)).toEqual([]);
    expect(replayed.length).toBe(recorded.length);
    console.log(`${(replayed.length / seconds).toFixed(0)} histories/s, without the start of the worker`);
  });

  test('do not fit workflows in which two calls have changed places', async () => {
    const { replayed } = await replay(await bundleReordered(SWAPPED_CALLS), recorded);
    const passed = replayed.filter(({ error }) => !(error instanceof DeterminismViolationError));
    expect(passed.map(({ name }) => name)).toEqual([WITHOUT_CALLS]);
  });

  test('do not fit a walker that begins with the last node, where several may begin', async () => {
    const { replayed } = await replay(await bundleReordered(LAST_FIRST), recorded);
    const caught = replayed.filter(({ error }) => error instanceof DeterminismViolationError).map(({ name }) => name);
    expect(caught).toContain('parallel');
    expect(caught).not.toContain('chain');
  });
});
