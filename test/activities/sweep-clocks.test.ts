import { expect, test } from 'vitest';
import { createSweepClocks } from '../../activities/sweep.ts';
import type { ExperimentRow, Experiments } from '../../src/store/experiments.ts';
import { temporalWith } from './temporal-with.ts';

test('live experiments get a workflow where none runs, of the phase that they are in', async () => {
  const states = { looked: 'running', lost: 'running', ended: 'paused', ramped: 'rolling', rolled: 'rolling' };
  const statuses = new Map([
    ['experiment-looked', 'RUNNING'],
    ['experiment-ended', 'TERMINATED'],
    ['experiment-ramped', 'RUNNING'],
    ['rollout-rolled', 'RUNNING'],
  ]);
  const asked: unknown[] = [];
  const experiments = {
    list: async (filter: unknown) => {
      asked.push(filter);
      return Object.entries(states).map(([experimentId, state]) => ({ experimentId, state }));
    },
  } as unknown as Experiments;
  const started: string[] = [];
  const start = async ({ experimentId }: ExperimentRow) => void started.push(experimentId);
  await createSweepClocks(experiments, temporalWith(statuses), start)();
  expect(started).toEqual(['lost', 'ended', 'ramped']);
  expect(asked).toEqual([{ live: true, limit: 1_000 }]);
});
