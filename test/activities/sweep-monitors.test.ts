import { expect, test } from 'vitest';
import { createSweepMonitors } from '../../activities/sweep.ts';
import type { MonitorRow, Monitors } from '../../src/store/monitors.ts';
import { temporalWith } from './temporal-with.ts';

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
  const started: string[] = [];
  const start = async ({ monitorId }: MonitorRow) => void started.push(monitorId);
  await createSweepMonitors(monitors, temporalWith(statuses), start)();
  expect(started).toEqual(['lost@1', 'ended@2', 'again@1']);
  expect(asked).toEqual([{ running: true, limit: 1_000 }]);
});
