/** A change of the workflows that old executions cannot follow must be caught before it is deployed: here, on every commit. */
import { DeterminismViolationError } from '@temporalio/workflow';
import { workflowBundle } from '../../../src/worker/bundle.ts';
import { bundleReordered, SWAPPED_CALLS } from '../../histories/reorder.ts';
import { readHistories, replay } from '../../histories/replay.ts';
import { atLeast, atMost, exactly, noted } from '../figures.ts';
import type { Place } from '../place.ts';
import type { Row } from '../row.ts';

const FEWEST = 20;
const LIMIT_S = 10;

export const r11: Row = {
  id: 'R11',
  title: 'a change of the workflows that recorded histories do not fit',
  // test/workflows/replay.test.ts is the gate itself; here are its figures.
  play: async ({ cache }: Place) => {
    const startedAt = performance.now();
    const recorded = await readHistories();
    const { replayed, seconds } = await replay(await workflowBundle(cache), recorded);
    const took = (performance.now() - startedAt) / 1_000;
    const reordered = await replay(await bundleReordered(SWAPPED_CALLS), recorded);
    const caught = reordered.replayed.filter(({ error }) => error instanceof DeterminismViolationError);
    return [
      atLeast('recorded histories', recorded.length, FEWEST),
      exactly('that fit the workflows as they are', replayed.filter(({ error }) => !error).length, recorded.length),
      atMost('read and replayed in', took, LIMIT_S, 's'),
      noted('of which replaying', seconds, 's'),
      // One ends before it has called anything.
      exactly('that do not fit workflows whose calls changed places', caught.length, recorded.length - 1),
    ];
  },
};
