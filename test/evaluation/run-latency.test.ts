/** How long runs would have taken, by the times their calls took. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type RecordedCall, type RunLatency, runLatency } from '../../src/evaluation/run-facts.ts';
import type { Json, Plan } from '../../src/plan/plan.ts';
import { STEP_INPUT_INVALID } from '../../src/plan/walk.ts';
import { arbitraryPlan, planInput } from '../plan/arbitrary-plan.ts';
import { behave } from '../plan/behave.ts';
import { branch, map, plan, repeat, step } from '../plan/by-hand.ts';
import { interpret } from '../plan/reference/interpret.ts';
import { walkInTime } from './walk-in-time.ts';

type Call = readonly [durationMs: number, outcome?: Json | Error];

/** Keys as in `draft[2]`, `draft[2] fallback`; an error is a failure, and its message the code. */
const latency = (of: Plan, calls: { readonly [call: string]: Call }, input: Json = {}): Promise<RunLatency> =>
  runLatency(of, input, new Map(Object.entries(calls).map(([call, made]) => [recordedName(call), record(made)])));

const recordedName = (call: string) => (call.endsWith(' fallback') ? call : `${call} step`);

function record([durationMs, outcome = { x: 1 }]: Call): RecordedCall {
  if (!(outcome instanceof Error)) return { durationMs, outcome: { value: outcome } };
  return { durationMs, outcome: { failure: { code: outcome.message, message: 'no', details: {}, retryable: false } } };
}

const refused = new Error('content_refused');
const fallback = { step: 'spare@1', config: {} };

describe('what follows on another adds up', () => {
  it('a chain, and a log behind the answer only for the end of the run', async () => {
    const nodes = [step('a'), step('b', { x: 'a.x' }), step('c', { x: 'b.x' }), step('log', { x: 'c.x' })];
    const calls: { [call: string]: Call } = { a: [100], b: [20.5], c: [3], log: [7] };
    expect(await latency(plan(nodes, { x: 'c.x' }), calls)).toEqual({ outputMs: 123.5, finishedMs: 130.5 });
  });

  it('rounds of a loop, with what overlaps in each', async () => {
    const again: Json = { done: false, note: '' };
    const nodes = [step('draft', { note: 'answer:carry.note' }), step('check', { x: 'draft' }), step('log')];
    const loop = repeat('answer', nodes, { until: { $from: ['check', 'done'] } });
    const calls: { [call: string]: Call } = {
      ...{ 'draft[1]': [100, again], 'check[1]': [10, again], 'log[1]': [500] },
      ...{ 'draft[2]': [200, again], 'check[2]': [20, { done: true }], 'log[2]': [1] },
    };
    expect(await latency(plan([loop], { x: 'answer.draft.done' }), calls)).toEqual({ outputMs: 330, finishedMs: 500 });
  });

  it('a call that failed, and the fallback that helped it', async () => {
    const of = plan([step('a', {}, { fallback })], { x: 'a.x' });
    expect(await latency(of, { a: [100, refused], 'a fallback': [30] })).toEqual({ outputMs: 130, finishedMs: 130 });
  });

  it('a call that failed, and nothing for the value instead', async () => {
    const of = plan([step('a', {}, { orElse: { x: 0 } }), step('b', { x: 'a.x' })], { x: 'b.x' });
    expect(await latency(of, { a: [100, refused], b: [5] })).toEqual({ outputMs: 105, finishedMs: 105 });
    const both = plan([step('a', {}, { fallback, orElse: { x: 0 } })], { x: 'a.x' });
    expect((await latency(both, { a: [100, refused], 'a fallback': [30, refused] })).outputMs).toBe(130);
  });

  it('items of a map that wait for a place', async () => {
    const each = map('each', 'input.list', [step('one')], 'one.x', { concurrency: 2 });
    const calls: { [call: string]: Call } = { 'one[0]': [10], 'one[1]': [50], 'one[2]': [10], 'one[3]': [10] };
    const seen = await latency(plan([each], { all: 'each' }), calls, { list: [0, 1, 2, 3] });
    expect(seen).toEqual({ outputMs: 50, finishedMs: 50 });
  });
});

describe('what goes on beside another overlaps', () => {
  it('as long as the longest', async () => {
    const of = plan([step('a'), step('b'), step('c', { a: 'a.x', b: 'b.x' })], { x: 'c.x' });
    expect((await latency(of, { a: [100], b: [250], c: [1] })).outputMs).toBe(251);
  });

  it('a branch begins its arm when its condition is known', async () => {
    const arm = { nodes: [step('inArm')], yields: { $from: ['inArm'] } } as const;
    const of = plan([step('ask'), step('slow'), branch('b', 'ask.yes', arm, arm)], { x: 'b.x' });
    const seen = await latency(of, { ask: [10, { yes: true }], slow: [500], inArm: [20] });
    expect(seen).toEqual({ outputMs: 30, finishedMs: 500 });
  });

  it('nothing at all takes no time, nor do calls of no time', async () => {
    const skipped = step('a', {}, { when: { $value: false }, orElse: { x: 1 } });
    expect(await latency(plan([skipped], { x: 'a.x' }), {})).toEqual({ outputMs: 0, finishedMs: 0 });
    const chain = plan([step('a'), step('b', { x: 'a.x' })], { x: 'b.x' });
    expect(await latency(chain, { a: [0], b: [0] })).toEqual({ outputMs: 0, finishedMs: 0 });
  });
});

describe('a run that failed', () => {
  it('ends when it had failed: what was under way is cancelled, and takes no more time', async () => {
    const of = plan([step('a'), step('b'), step('c', { x: 'a.x' })], { b: 'b.x', c: 'c.x' });
    const calls: { [call: string]: Call } = { a: [10], b: [500], c: [20, refused] };
    expect(await latency(of, calls)).toEqual({ outputMs: 30, finishedMs: 30 });
  });

  it('needs no record of calls that were cancelled when it was made', async () => {
    const of = plan([step('a'), step('b', {}, { fallback })], { a: 'a.x', b: 'b.x' });
    expect(await latency(of, { a: [10, refused] })).toEqual({ outputMs: 10, finishedMs: 10 });
    const round = repeat('loop', [step('draft'), step('check', { x: 'draft.done' }), step('other')]);
    const later: { [call: string]: Call } = {
      ...{ 'draft[1]': [10, { done: false, note: '' }], 'check[1]': [5], 'other[1]': [1] },
      ...{ 'draft[2]': [10, new Error(STEP_INPUT_INVALID)] },
    };
    expect((await latency(plan([round], { x: 'loop.check.x', y: 'loop.other.x' }), later)).outputMs).toBe(25);
  });

  it('is not known where it hangs on a call without a record', async () => {
    const of = plan([step('a'), step('log', { x: 'a.x' })], { x: 'a.x' });
    expect(await latency(of, {})).toEqual({ outputMs: null, finishedMs: null });
    expect(await latency(of, { a: [10] })).toEqual({ outputMs: 10, finishedMs: null });
  });
});

describe('over random plans', () => {
  /** Multiples of 10, so that many calls end at the same time. */
  const hashed = (call: string) => ([...call].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7) % 6) * 10;
  const RUNS = { seed: 20_261_126, numRuns: 300 };

  it('is what a run takes on a clock, and the same in whatever order the calls were recorded', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryPlan, async (of) => {
        const { recorded, took } = await walkInTime(of, planInput, hashed);
        expect(await runLatency(of, planInput, recorded)).toEqual(took);
        expect(await runLatency(of, planInput, new Map([...recorded].reverse()))).toEqual(took);
      }),
      RUNS,
    );
  });

  it('is known also where the calls came in another order, and others were cancelled', async () => {
    let cancelled = 0;
    await fc.assert(
      fc.asyncProperty(arbitraryPlan, async (of) => {
        if (interpret(of, planInput, behave).racy) return;
        const { recorded, begun } = await walkInTime(of, planInput, (call) => hashed(`other ${call}`));
        cancelled += begun - recorded.size;
        const timed = [...recorded].map(([call, made]) => [call, { ...made, durationMs: hashed(call) }] as const);
        const { outputMs, finishedMs } = await runLatency(of, planInput, new Map(timed));
        expect([outputMs, finishedMs]).toEqual([expect.any(Number), expect.any(Number)]);
      }),
      RUNS,
    );
    expect(cancelled).toBeGreaterThan(50);
  });
});
