/**
 * What every host of the walker must do, whatever it is made of: attempts, backoff, `Retry-After`, timeouts, help and
 * cancellation. Waits are short, so that a host on a real clock needs few seconds; only lower bounds are asked of such a
 * clock, and only what is to time out has little time, since everything else may be slow on a busy machine.
 */
import { expect } from 'vitest';
import type { CallPolicy, Plan } from '../../src/plan/plan.ts';
import { STEP_INPUT_INVALID } from '../../src/plan/walk.ts';
import { map, plan, repeat, step } from '../plan/by-hand.ts';
import { type Attempt, type Host, type RunReport, type Script, type ScriptedRun, TIMEOUT } from './host.ts';

const policy: CallPolicy = {
  attempts: 4,
  timeoutMs: 20_000,
  backoff: { firstMs: 20, factor: 2, maxMs: 50 },
  heartbeatMs: 1_000,
  beats: 'timer',
  lane: 'activity',
};
const brief: CallPolicy = { ...policy, timeoutMs: 400 };
const fallback = { step: 'spare@1', config: {} };
const orElse = { x: 'instead' };

const fail: Attempt = { does: 'fail' };
const hang: Attempt = { does: 'hang' };
const succeed = (x: string): Attempt => ({ does: 'succeed', value: { x } });
const refuse = (code = 'Refused'): Attempt => ({ does: 'refuse', code });
const failing = (times: number): Attempt[] => Array.from({ length: times }, () => fail);

/** One call, which the output needs. */
const one = (options: Parameters<typeof step>[2] = {}): Plan =>
  plan([step('a', {}, { policy, ...options })], { x: 'a.x' });
const attemptCounts = ({ attempts }: RunReport) =>
  Object.fromEntries(Object.entries(attempts).map(([call, reports]) => [call, reports.length]));

/** Clocks of one machine, read in whole milliseconds and in two threads. */
const CLOCK_GRAIN_MS = 2;

function run(host: Host, of: Plan, script: Script, more: Partial<ScriptedRun> = {}): Promise<RunReport> {
  return host.run({ plan: of, input: {}, script, ...more });
}

/** The time from the end of each attempt of a call to the start of the next. */
function expectWaits(host: Host, { attempts }: RunReport, call: string, expectedMs: readonly number[]): void {
  const reports = attempts[call] ?? [];
  const waitsMs = reports.slice(1).map(({ startedAtMs }, index) => startedAtMs - reports[index]!.endedAtMs);
  expect(waitsMs.length).toBe(expectedMs.length);
  for (const [index, waitMs] of waitsMs.entries()) {
    if (host.clock === 'virtual') expect(waitMs).toBe(expectedMs[index]);
    else expect(waitMs).toBeGreaterThanOrEqual(expectedMs[index]! - CLOCK_GRAIN_MS);
  }
}

export interface HostCase {
  readonly name: string;
  readonly check: (host: Host) => Promise<void>;
}

export const hostCases: readonly HostCase[] = [
  {
    name: 'attempts: one is enough where it succeeds',
    check: async (host) => {
      const report = await run(host, one(), { a: [succeed('first')] });
      expect(report).toMatchObject({ outcome: 'completed', output: { x: 'first' }, nodes: { a: 'completed' } });
      expect(attemptCounts(report)).toEqual({ a: 1 });
    },
  },
  {
    name: 'attempts: failures are tried again, after waits that grow up to their limit',
    check: async (host) => {
      const report = await run(host, one(), { a: [...failing(3), succeed('fourth')] });
      expect(report).toMatchObject({ outcome: 'completed', output: { x: 'fourth' } });
      expectWaits(host, report, 'a', [20, 40, 50]);
    },
  },
  {
    name: 'attempts: after the last one the call has failed for good',
    check: async (host) => {
      const report = await run(host, one(), { a: [fail] });
      expect(report).toMatchObject({ outcome: 'failed', error: { key: 'a' }, nodes: { a: 'failed' } });
      expect(attemptCounts(report)).toEqual({ a: 4 });
    },
  },
  {
    name: 'attempts: what another cannot help is not tried again',
    check: async (host) => {
      const report = await run(host, one(), { a: [refuse('ContextTooLong'), succeed('never')] });
      expect(report).toMatchObject({ outcome: 'failed', error: { key: 'a', code: 'ContextTooLong' } });
      expect(attemptCounts(report)).toEqual({ a: 1 });
    },
  },
  {
    name: 'attempts: each round and each item has its own',
    check: async (host) => {
      const draft = (id: string) => step(id, {}, { policy });
      const each = map('each', 'input.list', [draft('item')], 'item.x');
      const loop = repeat('loop', [draft('draft')]);
      const done = (is: boolean): Attempt => ({ does: 'succeed', value: { done: is, note: '', x: 'd' } });
      const report = await run(
        host,
        plan([each, loop], { all: 'each', x: 'loop.draft.x' }),
        {
          'item[0]': [succeed('p')],
          'item[1]': [fail, succeed('q')],
          'draft[1]': [fail, fail, done(false)],
          'draft[2]': [done(true)],
        },
        { input: { list: [0, 1] } },
      );
      expect(report.output).toEqual({ all: ['p', 'q'], x: 'd' });
      expect(attemptCounts(report)).toEqual({ 'item[0]': 1, 'item[1]': 2, 'draft[1]': 3, 'draft[2]': 1 });
    },
  },
  {
    name: 'Retry-After is waited instead of the backoff, also beyond its limit, and once',
    check: async (host) => {
      const report = await run(host, one(), { a: [{ does: 'fail', retryAfterMs: 150 }, fail, succeed('third')] });
      expect(report.outcome).toBe('completed');
      expectWaits(host, report, 'a', [150, 40]);
    },
  },
  {
    name: 'Retry-After may be shorter than the backoff',
    check: async (host) => {
      const long = { ...policy, backoff: { firstMs: 300, factor: 1, maxMs: 300 } };
      const report = await run(host, one({ policy: long }), {
        a: [{ does: 'fail', retryAfterMs: 10 }, succeed('second')],
      });
      expectWaits(host, report, 'a', [10]);
    },
  },
  {
    name: 'a timeout cuts an attempt off, aborts it, and tries again',
    check: async (host) => {
      const report = await run(host, one({ policy: brief }), { a: [hang, succeed('second')] });
      expect(report).toMatchObject({ outcome: 'completed', output: { x: 'second' } });
      const [first] = report.attempts.a ?? [];
      expect(first?.aborted).toBe(true);
      const tookMs = first!.endedAtMs - first!.startedAtMs;
      if (host.clock === 'virtual') expect(tookMs).toBe(brief.timeoutMs);
      else expect(tookMs).toBeGreaterThanOrEqual(brief.timeoutMs - CLOCK_GRAIN_MS);
    },
  },
  {
    name: 'a timeout of every attempt fails the call, by name',
    check: async (host) => {
      const report = await run(host, one({ policy: { ...brief, attempts: 2 } }), { a: [hang] });
      expect(report).toMatchObject({ outcome: 'failed', error: { key: 'a', code: TIMEOUT } });
      expect(attemptCounts(report)).toEqual({ a: 2 });
    },
  },
  {
    name: 'help: the fallback is called when all attempts have failed, with attempts of its own',
    check: async (host) => {
      const report = await run(host, one({ fallback }), { a: [fail], 'a fallback': [fail, succeed('spare')] });
      expect(report).toMatchObject({ outcome: 'degraded', output: { x: 'spare' }, nodes: { a: 'fallback' } });
      expect(attemptCounts(report)).toEqual({ a: 4, 'a fallback': 2 });
      expectWaits(host, report, 'a fallback', [20]);
    },
  },
  {
    name: 'help: then orElse is taken',
    check: async (host) => {
      const report = await run(host, one({ fallback, orElse }), { a: [refuse()], 'a fallback': [refuse()] });
      expect(report).toMatchObject({ outcome: 'degraded', output: { x: 'instead' }, nodes: { a: 'or-else' } });
    },
  },
  {
    name: 'help is not sought for an input that its schema refuses',
    check: async (host) => {
      const report = await run(host, one({ fallback, orElse }), { a: [refuse(STEP_INPUT_INVALID)] });
      expect(report).toMatchObject({ outcome: 'failed', error: { key: 'a', code: STEP_INPUT_INVALID } });
      expect(attemptCounts(report)).toEqual({ a: 1 });
    },
  },
  {
    name: 'help: a failed log needs none, and loses no answer',
    check: async (host) => {
      const nodes = [step('a', {}, { policy }), step('log', { x: 'a.x' }, { policy })];
      const report = await run(host, plan(nodes, { x: 'a.x' }), { a: [succeed('answer')], log: [refuse()] });
      expect(report).toMatchObject({
        outcome: 'degraded',
        output: { x: 'answer' },
        nodes: { a: 'completed', log: 'failed' },
      });
    },
  },
  {
    name: 'cancelling aborts the attempt under way; no attempt and no help follows',
    check: async (host) => {
      const report = await run(
        host,
        one({ fallback, orElse }),
        { a: [hang], 'a fallback': [succeed('never')] },
        { cancelWhen: { call: 'a', attempt: 1, has: 'started' } },
      );
      expect(report).toMatchObject({ outcome: 'cancelled', nodes: { a: 'cancelled' } });
      expect(attemptCounts(report)).toEqual({ a: 1 });
      expect(report.attempts.a?.[0]?.aborted).toBe(true);
    },
  },
  {
    name: 'cancelling ends the wait between attempts',
    check: async (host) => {
      const slow = { ...policy, backoff: { firstMs: 3_600_000, factor: 1, maxMs: 3_600_000 } };
      const report = await run(
        host,
        one({ policy: slow, fallback, orElse }),
        { a: [fail] },
        { cancelWhen: { call: 'a', attempt: 1, has: 'failed' } },
      );
      expect(report).toMatchObject({ outcome: 'cancelled', nodes: { a: 'cancelled' } });
      expect(attemptCounts(report)).toEqual({ a: 1 });
    },
  },
  {
    name: 'cancelling leaves what was done before as it was, and starts nothing after',
    check: async (host) => {
      const nodes = [
        step('a', {}, { policy }),
        step('b', { x: 'a.x' }, { policy }),
        step('c', { x: 'b.x' }, { policy }),
      ];
      const report = await run(
        host,
        plan(nodes, { x: 'c.x' }),
        { a: [succeed('done')], b: [hang] },
        { cancelWhen: { call: 'b', attempt: 1, has: 'started' } },
      );
      expect(report).toMatchObject({
        outcome: 'cancelled',
        nodes: { a: 'completed', b: 'cancelled', c: 'cancelled' },
      });
      expect(attemptCounts(report)).toEqual({ a: 1, b: 1 });
    },
  },
  {
    name: "a needed sibling's failure aborts what is under way, which is not tried again",
    check: async (host) => {
      const nodes = [step('a', {}, { policy }), step('b', {}, { policy })];
      const report = await run(host, plan(nodes, { a: 'a.x', b: 'b.x' }), { a: [fail, refuse()], b: [hang] });
      expect(report).toMatchObject({
        outcome: 'failed',
        error: { key: 'a' },
        nodes: { a: 'failed', b: 'cancelled' },
      });
      expect(attemptCounts(report)).toEqual({ a: 2, b: 1 });
      expect(report.attempts.b?.[0]?.aborted).toBe(true);
    },
  },
];
