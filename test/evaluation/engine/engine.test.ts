/** Evaluations that get bad input, bad steps, bad judges, bad luck, and little money: over the embedded database. */
import { afterAll, beforeAll, beforeEach, describe } from 'vitest';
import { newOdd } from './odd.ts';
import type { Stage } from './stage.ts';
import { describeDatasets } from './suite-datasets.ts';
import { describeMoney } from './suite-money.ts';
import { describePins } from './suite-pins.ts';
import { describeResumed } from './suite-resumed.ts';
import { describeScorers } from './suite-scorers.ts';
import { describeValues } from './suite-values.ts';
import { openPlace } from './world.ts';

describe('an evaluation', () => {
  const stage = { world: newOdd() } as Stage;
  beforeAll(async () => {
    stage.place = await openPlace();
  });
  afterAll(() => stage.place?.stop());
  beforeEach(() => {
    Object.assign(stage.world, newOdd());
  });
  describeScorers(stage);
  describeValues(stage);
  describeDatasets(stage);
  describePins(stage);
  describeResumed(stage);
  describeMoney(stage);
});
