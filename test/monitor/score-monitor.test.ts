/** A turn of a monitor: what is asked, what becomes of trouble and of money, and when it ends. */
import { describe, expect, test, vi } from 'vitest';
import { type Attempted, type AttemptRequest, createSlots } from '../../src/evaluation/attempts.ts';
import type { MonitorSpec } from '../../src/model/monitor-spec.ts';
import { scoreMonitor } from '../../src/monitor/score-monitor.ts';
import type { Json } from '../../src/plan/plan.ts';
import type { ClaimedRun, MonitorScoreEnd } from '../../src/store/monitor-scores.ts';
import { plan, step } from '../plan/by-hand.ts';

const PLAN = plan([step('tell', { of: 'input.q' })], { text: 'tell.said' });
const SPEC = {
  ...{ name: 'm', sample: 1, windowMs: 60_000, budgetUsdPerDay: 1, fields: { score: 'mean' } },
  scorer: {
    ...{ id: 'judged', kind: 'step', call: { step: 'judge@1', config: {} }, definitionHash: '' },
    input: { $object: { answer: { $from: ['output', 'text'] } } },
    policy: { attempts: 1, timeoutMs: 1_000, backoff: { firstMs: 1, factor: 1, maxMs: 1 }, lane: 'activity' },
    fields: { score: { better: 'higher', format: 'share', worst: 0.1, best: 1 } },
  },
  alert: { field: 'score', below: 0.5, above: null, atLeast: 2 },
} as unknown as MonitorSpec;

interface World {
  readonly answer?: (request: AttemptRequest) => Attempted | Promise<Attempted>;
  readonly run?: { readonly state: string; readonly error: Json };
  readonly tries?: number;
  readonly isExhausted?: boolean;
  readonly undeliveredAlerts?: readonly number[];
  readonly telling?: readonly number[];
  readonly mean?: number;
  readonly sendsAlerts?: boolean;
  readonly signal?: AbortSignal;
}

/** One turn with two runs, that ends when they are done; and what was written in it. */
async function turn(world: World = {}) {
  const { answer = () => ({ value: { score: 0.75, why: 'so' } }), run = { state: 'completed', error: null } } = world;
  const {
    tries = 1,
    isExhausted = false,
    undeliveredAlerts = [],
    telling = [],
    mean = 0.75,
    sendsAlerts = true,
  } = world;
  const ends: MonitorScoreEnd[] = [];
  const said: unknown[] = [];
  const waiting: (readonly ClaimedRun[] | undefined)[] = [
    ['run-1', 'run-2'].map((runId) => ({ runId, tries, finishedAt: 5 })),
    undefined,
  ];
  const monitors = {
    get: async () => ({ monitorId: 'm@1', spec: SPEC, state: 'running', alert: 'ok' }),
    claim: async () => waiting.shift(),
    openDay: async () => ({ paidBy: 'm@1/2026-01-01', isExhausted }),
    finish: async (_: string, some: readonly MonitorScoreEnd[]) => void ends.push(...some),
    release: async (_: string, runIds: readonly string[]) => void said.push(['release', ...runIds]),
    skipWaiting: async (_: string, why: string) => void said.push(['skip', why]),
    exhaustDay: async (paidBy: string) => void said.push(['exhaust', paidBy]),
    window: async () => ({
      from: 0,
      to: 9,
      sampled: 50,
      scored: 50,
      fields: { score: { n: 50, mean, variance: 0.01 } },
    }),
    moveAlert: async (_: string, { isNow }: { isNow: string }) => void said.push(['alert', isNow]),
    undeliveredAlerts: async () => undeliveredAlerts,
  };
  const node = { kind: 'step', call: 'step', outcome: 'completed', error: null, durationMs: 1, queuedMs: 0 };
  const runs = {
    get: async (runId: string) => ({
      ...{ runId, planId: 'p', input: { q: 'x' }, output: { text: runId }, ...run, startedAt: 1, finishedAt: 5 },
      spent: { paidCalls: 0, unknownCalls: 0, costUsd: null, inputTokens: 0, outputTokens: 0 },
      nodes: [{ ...node, key: 'tell', node: 'tell' }],
    }),
    outputs: async () => new Map([['tell', { said: 'well' }]]),
  };
  const attempt = vi.fn(async (request: AttemptRequest) => answer(request));
  const worker = { store: { monitors, runs }, attempt, slots: createSlots(2), planOf: async () => PLAN, sendsAlerts };
  const made = await scoreMonitor(
    worker as never,
    { monitorId: 'm@1', starts: 1, telling },
    world.signal ?? new AbortController().signal,
    { pollMs: 1, watchMs: 0 },
  ).catch((error: unknown) => error);
  return { made, ends, said, attempt };
}

const failing = (code: string, retryable: boolean): Attempted => ({
  failure: { code, message: 'no', details: {}, retryable, lasts: false },
});

describe('a run', () => {
  test('is shown to the scorer as it was served, paid by the day, and its score is kept with what was said beside it', async () => {
    const { made, ends, attempt } = await turn();
    expect(attempt.mock.calls[0]![0]).toMatchObject({
      ...{ step: 'judge@1', runId: 'm@1/2026-01-01', input: { answer: 'run-1' } },
      key: expect.stringMatching(/^score:judged#[0-9a-f]{16}$/),
    });
    expect(ends).toEqual(
      ['run-1', 'run-2'].map((runId) => ({ runId, state: 'done', scores: { score: 0.75 }, detail: { why: 'so' } })),
    );
    expect(made).toEqual({ isOver: true, alerts: [] });
  });
  test('that failed by its own fault has the worst score, and nobody is asked; from outside it has none', async () => {
    const own = await turn({ run: { state: 'failed', error: { code: 'refused', message: 'no' } } });
    expect(own.attempt).not.toHaveBeenCalled();
    expect(own.ends[0]).toEqual({
      runId: 'run-1',
      state: 'done',
      scores: { score: 0.1 },
      detail: { failed: 'refused' },
    });
    const outside = await turn({ run: { state: 'failed', error: { code: 'rate_limited', message: 'no' } } });
    expect(outside.ends[0]).toMatchObject({ state: 'failed', error: { code: 'score_missing' } });
    expect(outside.ends[0]).not.toHaveProperty('scores');
  });
});

describe('a scorer that cannot be asked', () => {
  test('is asked three times over, and then the score is missing: it is not zero', async () => {
    expect((await turn({ tries: 2, answer: () => failing('overloaded', true) })).ends).toEqual([]);
    const { ends } = await turn({ tries: 3, answer: () => failing('overloaded', true) });
    expect(ends[0]).toEqual({ runId: 'run-1', state: 'failed', error: { code: 'overloaded', message: 'overloaded' } });
  });
  test('for good is not asked again', async () => {
    const { ends } = await turn({ answer: () => failing('judge_invalid', false) });
    expect(ends).toMatchObject([{ error: { code: 'judge_invalid' } }, { error: { code: 'judge_invalid' } }]);
  });
  test('for want of money ends the day: what waits is left out, and what was scored stays', async () => {
    const { ends, said } = await turn({
      answer: ({ input }) =>
        (input as { answer: string }).answer === 'run-1'
          ? { value: { score: 1 } }
          : failing('evaluation_budget', false),
    });
    expect(ends).toMatchObject([{ runId: 'run-1', state: 'done' }]);
    expect(said).toEqual([
      ['exhaust', 'm@1/2026-01-01'],
      ['skip', 'budget'],
    ]);
  });
  test('is not asked at all on a day whose money is gone', async () => {
    const { attempt, said, ends } = await turn({ isExhausted: true });
    expect(attempt).not.toHaveBeenCalled();
    expect([said, ends]).toEqual([[['skip', 'budget']], []]);
  });
});

describe('a turn', () => {
  test('that is ended gives back what it had claimed', async () => {
    const ending = new AbortController();
    const { made, said, ends } = await turn({
      signal: ending.signal,
      answer: () => {
        ending.abort(new Error('over'));
        return failing('cut', true);
      },
    });
    expect(said).toContainEqual(['release', 'run-1', 'run-2']);
    expect(ends).toEqual([]);
    expect(made).toEqual(new Error('over'));
  });
  test('writes what the window says, and ends where somebody is to be told who is not yet', async () => {
    const { made, said } = await turn({ mean: 0.2, undeliveredAlerts: [3, 4], telling: [3] });
    expect(said).toEqual([['alert', 'alerting']]);
    expect(made).toEqual({ isOver: false, alerts: [4] });
  });
  test('goes on where all are being told, or nobody is there to tell', async () => {
    expect((await turn({ undeliveredAlerts: [3], telling: [3] })).made).toEqual({ isOver: true, alerts: [] });
    expect((await turn({ undeliveredAlerts: [3], sendsAlerts: false })).made).toEqual({ isOver: true, alerts: [] });
  });
});
