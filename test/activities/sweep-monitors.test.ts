import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { expect, test } from 'vitest';
import { createSweepMonitors } from '../../activities/sweep-monitors.ts';
import type { MonitorRow, Monitors } from '../../src/store/monitors.ts';

test('monitors get a workflow where none runs for this start of them', async () => {
  const statuses = new Map([
    ['monitor-scored@1-1', 'RUNNING'],
    ['monitor-ended@2-1', 'TERMINATED'],
    // That of the time before.
    ['monitor-again@1-1', 'RUNNING'],
  ]);
  const starts = { 'scored@1': 1, 'lost@1': 1, 'ended@2': 1, 'again@1': 2 };
  const asked: unknown[] = [];
  const monitors = {
    list: async (filter: unknown) => {
      asked.push(filter);
      return Object.entries(starts).map(([monitorId, count]) => ({ monitorId, starts: count }));
    },
  } as unknown as Monitors;
  const describeOne = async (id: string) => {
    const name = statuses.get(id);
    if (name === undefined) throw new WorkflowNotFoundError('no such workflow', id, undefined);
    return { status: { name } };
  };
  const temporal = { workflow: { getHandle: (id: string) => ({ describe: () => describeOne(id) }) } };
  const started: string[] = [];
  const start = async ({ monitorId }: MonitorRow) => void started.push(monitorId);
  await createSweepMonitors(monitors, temporal as unknown as Client, start)();
  expect(started).toEqual(['lost@1', 'ended@2', 'again@1']);
  expect(asked).toEqual([{ running: true, limit: 1_000 }]);
});
