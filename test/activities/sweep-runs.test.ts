import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { describe, expect, test } from 'vitest';
import { createSweepRuns } from '../../activities/sweep.ts';
import type { Runs } from '../../src/store/runs.ts';

const MINUTE_MS = 60_000;
const startable = { startableMs: 10 * MINUTE_MS };

/** Runs by age, and what Temporal says of their workflows; which were closed, and as what. */
function world(runs: { readonly [runId: string]: { readonly ageMs: number; readonly status?: string } }) {
  const closed: { [runId: string]: string } = {};
  const store = {
    unfinished: async (olderThanMs: number) =>
      Object.entries(runs)
        .filter(([, { ageMs }]) => ageMs > olderThanMs)
        .map(([runId]) => ({ runId })),
  };
  const closeRun = async (runId: string, outcome: string) => {
    closed[runId] = outcome;
    return runId !== 'recorded-meanwhile';
  };
  const describeRun = async (runId: string) => {
    const { status } = runs[runId]!;
    if (status === undefined) throw new WorkflowNotFoundError('no such workflow', runId, undefined);
    return { status: { name: status } };
  };
  const temporal = { workflow: { getHandle: (runId: string) => ({ describe: () => describeRun(runId) }) } };
  return { closed, closeRun, store: store as unknown as Runs, temporal: temporal as unknown as Client };
}

describe('the sweeper', () => {
  test('leaves alone a run whose client may still be starting it, through an outage of Temporal', async () => {
    const { closed, closeRun, store, temporal } = world({
      'waits-for-temporal': { ageMs: 2 * MINUTE_MS },
      'never-started': { ageMs: 20 * MINUTE_MS },
      terminated: { ageMs: 2 * MINUTE_MS, status: 'TERMINATED' },
      young: { ageMs: MINUTE_MS / 2, status: 'TERMINATED' },
    });
    expect(await createSweepRuns(store, closeRun, temporal, startable)()).toEqual({ closed: 2 });
    expect(closed).toEqual({ 'never-started': 'failed', terminated: 'failed' });
  });

  test('counts what it closed, not what was recorded meanwhile', async () => {
    const { closeRun, store, temporal } = world({
      'recorded-meanwhile': { ageMs: 2 * MINUTE_MS, status: 'COMPLETED' },
    });
    expect(await createSweepRuns(store, closeRun, temporal, startable)()).toEqual({ closed: 0 });
  });
});
