/** Which runs a monitor is of, and which of those it samples. */
import { expect, test, vi } from 'vitest';
import type { RunAssignment } from '../../src/model/assign.ts';
import type { MonitorSpec, MonitorTarget } from '../../src/model/monitor-spec.ts';
import { enqueueForMonitors, isSampled, matches } from '../../src/monitor/score-monitor.ts';
import type { MonitoredRun } from '../../src/store/monitor-scores.ts';

const ANY: MonitorTarget = { outcomes: ['completed', 'degraded'], experiment: null, arm: null, target: null };
const given = (experiment: string, arm: string) => ({ experiment, arm }) as RunAssignment;
const run = (more: Partial<MonitoredRun> = {}) =>
  ({
    outcome: 'completed',
    assignments: [given('rank.2', 'deep'), given('other', 'x')],
    input: null,
    ...more,
  }) as const;
const isOf = (when: Partial<MonitorTarget>, more: Partial<MonitoredRun> = {}) =>
  matches({ when: { ...ANY, ...when } }, run(more));

test('a run is met by how it ended', () => {
  expect([isOf({}), isOf({}, { outcome: 'degraded' })]).toEqual([true, true]);
  expect([isOf({}, { outcome: 'failed' }), isOf({}, { outcome: 'cancelled' })]).toEqual([false, false]);
  expect(isOf({ outcomes: ['failed'] }, { outcome: 'failed' })).toBe(true);
});

test('a run is met by the experiment it was in, whichever time that was started, and by its arm', () => {
  expect([isOf({ experiment: 'rank' }), isOf({ experiment: 'ran' })]).toEqual([true, false]);
  expect([isOf({ experiment: 'rank', arm: 'deep' }), isOf({ experiment: 'rank', arm: 'x' })]).toEqual([true, false]);
  expect(isOf({ experiment: 'rank' }, { assignments: [] })).toBe(false);
});

test('a run is met by what its input says; what that does not say is not true', () => {
  const target = { $from: ['input', 'user', 'isPaid'] } as const;
  expect(isOf({ target }, { input: { user: { isPaid: true } } })).toBe(true);
  for (const input of [{ user: { isPaid: false } }, { user: { isPaid: 'yes' } }, { user: {} }, {}, null])
    expect(isOf({ target }, { input })).toBe(false);
});

test('the sample is the part that was asked for, the same each time, and a larger one has the smaller in it', () => {
  const ids = Array.from({ length: 4_000 }, (_, index) => `run-${index}`);
  const of = (sample: number, name = 'm') => ids.filter((id) => isSampled({ name, sample }, id));
  const [tenth, third] = [of(0.1), of(0.3)];
  expect(Math.abs(tenth.length / ids.length - 0.1)).toBeLessThan(0.02);
  expect(of(0.1)).toEqual(tenth);
  expect(tenth.filter((id) => !third.includes(id))).toEqual([]);
  expect(of(1)).toEqual(ids);
  // Another monitor has a sample of its own.
  expect(of(0.1, 'n').filter((id) => tenth.includes(id)).length).toBeLessThan(100);
});

test('a run is counted for those that it matches, and for none where it matches none', async () => {
  const enqueue = vi.fn(async () => undefined);
  const monitor = (name: string, sample: number, when: Partial<MonitorTarget> = {}) => ({
    monitorId: `${name}@1`,
    spec: { name, sample, when: { ...ANY, ...when } } as MonitorSpec,
  });
  const meet = (monitors: MonitoredRun['monitors'] | undefined) =>
    enqueueForMonitors(
      {
        monitors: { findMatching: async () => monitors && { runId: 'r', finishedAt: 5, ...run(), monitors }, enqueue },
      } as never,
      'r',
    );
  await meet(undefined);
  await meet([monitor('failures', 1, { outcomes: ['failed'] })]);
  expect(enqueue).not.toHaveBeenCalled();
  await meet([monitor('all', 1), monitor('failures', 1, { outcomes: ['failed'] }), monitor('hardly', 1e-9)]);
  const met = [
    { monitorId: 'all@1', isSampled: true },
    { monitorId: 'hardly@1', isSampled: false },
  ];
  expect(enqueue.mock.calls).toEqual([[{ runId: 'r', finishedAt: 5, met }]]);
});
