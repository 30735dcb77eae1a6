import fc from 'fast-check';
import { describe, it } from 'vitest';
import { walk } from '../../src/plan/walk.ts';
import {
  anyCallMayFail,
  cancelsAtAnyMoment,
  isDeterministic,
  sameInAnyOrder,
  startsWhatIsDue,
} from './walk-properties.ts';

/** `SLUICE_RUNS` makes a longer search. */
const numRuns = Number(process.env.SLUICE_RUNS ?? 1_000);
const SEED = 20_261_124;

describe('the walker, over random plans', () => {
  it('gives the same result in any order of completion', async () => {
    await fc.assert(sameInAnyOrder(walk), { numRuns, seed: SEED });
  });
  it('starts a call as soon as its refs are known, and never more than concurrency allows', async () => {
    await fc.assert(startsWhatIsDue(walk), { numRuns, seed: SEED + 1 });
  });
  it('ends as it should when any call fails', async () => {
    await fc.assert(anyCallMayFail(walk), { numRuns, seed: SEED + 2 });
  });
  it('can be cancelled at any moment', async () => {
    await fc.assert(cancelsAtAnyMoment(walk), { numRuns, seed: SEED + 3 });
  });
  it('makes the same calls in the same sequence for the same order of completion', async () => {
    await fc.assert(isDeterministic(walk), { numRuns: numRuns / 4, seed: SEED + 4 });
  });
});
