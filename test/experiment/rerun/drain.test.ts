/** Runs of a backtest and a shadow as a worker makes them, on a store in memory: what is written of each, and when it ends. */
import { describe, expect, test, vi } from 'vitest';
import { type Attempted, type AttemptRequest, createSlots } from '../../../src/evaluation/attempts.ts';
import { drain } from '../../../src/experiment/rerun/play-rerun.ts';
import type { RecordedNode } from '../../../src/experiment/rerun/replay.ts';
import { rerunSpecOf } from '../../../src/experiment/rerun/rerun-request.ts';
import type { ScorerSpec } from '../../../src/model/evaluation-spec.ts';
import type { RerunKind, RerunResult, RerunState } from '../../../src/model/rerun-spec.ts';
import type { Json } from '../../../src/plan/plan.ts';
import type { Store } from '../../../src/store/store.ts';
import { plan, step } from '../../plan/by-hand.ts';

const PLAN = plan([step('search', { q: 'input.q' }), step('tell', { of: 'search.found' })], { text: 'tell.said' });
const policy = {
  attempts: 1,
  timeoutMs: 1_000,
  backoff: { firstMs: 1, factor: 1, maxMs: 1 },
  lane: 'activity',
} as const;
const scorer = (id: string, kind: 'step' | 'pair', input: ScorerSpec['input'], field: string): ScorerSpec => ({
  ...{ id, kind, policy, input, definitionHash: '', call: { step: `${id}@1`, config: {} } },
  fields: { [field]: { better: 'higher', format: 'share', worst: 0, best: 1 } },
});
const SCORERS = [
  scorer(
    'good',
    'step',
    { $object: { text: { $from: ['output', 'text'] }, of: { $from: ['search', 'found'] } } },
    'score',
  ),
  scorer('better', 'pair', { $list: [{ $from: ['first', 'output'] }, { $from: ['second', 'output'] }] }, 'win'),
];
const EDITS = [{ node: 'tell', facet: 'config', config: { tone: 'warm' } }] as const;
const SPENT = { paidCalls: 1, costUsd: 0.01, unknownCalls: 0, estimatedCalls: 0, inputTokens: 3, outputTokens: 4 };
const NODES: readonly RecordedNode[] = ['search', 'tell'].map((key) => ({
  ...{ key, node: key, kind: 'step', call: 'step', outcome: 'completed', error: null, durationMs: 150, queuedMs: 50 },
}));

interface World {
  readonly kind?: RerunKind;
  readonly answer?: (request: AttemptRequest) => Attempted;
  readonly run?: { readonly state?: string; readonly error?: Json; readonly nodes?: readonly RecordedNode[] };
  readonly runIds?: readonly string[];
}

const failing = (code: string): Attempted => ({
  failure: { code, message: 'no', details: {}, retryable: false, lasts: false },
});
/** The step gives `said`; scorers say what the side is worth. */
const usual =
  (said: string) =>
  ({ step: name, input }: AttemptRequest): Attempted => {
    if (name === 'tell@1') return { value: { said } };
    if (name === 'good@1') return { value: { score: (input as { text: string }).text === 'warmly' ? 1 : 0.5 } };
    const [, second] = input as [Json, { text: string }];
    return { value: { winner: second.text === 'warmly' ? 'second' : 'first' } };
  };

function world({ kind = 'backtest', answer = usual('warmly'), run = {}, runIds = ['run-1'] }: World = {}) {
  const waiting = [...runIds];
  const results: RerunResult[] = [];
  let state: RerunState = 'running';
  const spec = rerunSpecOf({ kind, pipeline: 'test', variant: { name: 'warm', edits: EDITS }, scorers: SCORERS });
  const store = {
    reruns: {
      get: async () => ({ rerunId: 'rerun-1', kind, spec }),
      queued: async (_id: string, { limit }: { limit: number }) => ({ state, runIds: waiting.slice(0, limit) }),
      put: async (_id: string, some: readonly RerunResult[]) => {
        results.push(...some);
        for (const { runId } of some) waiting.splice(waiting.indexOf(runId), 1);
      },
    },
    runs: {
      get: async (runId: string) => ({
        ...{ runId, planId: 'p', input: { q: 'x' }, output: { text: 'well' }, state: 'completed', error: null },
        ...{ nodes: NODES, startedAt: 0, finishedAt: 900, contentRemovedAt: null },
        spent: { ...SPENT, byKey: new Map([['search', SPENT]]) },
        ...run,
      }),
      outputs: async () =>
        new Map<string, Json>([
          ['search', { found: 'it' }],
          ['tell', { said: 'well' }],
        ]),
    },
  } as unknown as Store;
  const attempt = vi.fn(async (request: AttemptRequest) => answer(request));
  const spend = async () => ({ ...SPENT, costUsd: 0.002, inputTokens: 1, outputTokens: 1 });
  const slots = createSlots(4);
  const worker = { store, attempt, slots, writeOf: () => undefined, planOf: async () => PLAN, spend };
  return {
    ...{ results, waiting, attempt },
    steps: () => attempt.mock.calls.map(([{ step: name }]) => name).sort(),
    turn: (signal = new AbortController().signal, times = {}) =>
      drain(worker, { rerunId: 'rerun-1', lane: 0, lanes: 1 }, signal, times),
    add: (runId: string) => waiting.push(runId),
    stop: () => {
      state = 'stopped';
    },
  };
}

describe('a run', () => {
  test('is made from the edited node on, and both sides are scored', async () => {
    const { turn, results, steps, attempt } = world();
    expect(await turn()).toEqual({ isOver: true, isOutOfBudget: false });
    expect(steps()).toEqual(['better@1', 'better@1', 'good@1', 'good@1', 'tell@1']);
    const call = attempt.mock.calls.map(([request]) => request).find((request) => request.step === 'tell@1');
    expect(call).toMatchObject({ runId: 'rerun-1', config: { tone: 'warm' }, key: expect.stringMatching(/^tell#/) });
    expect(results).toMatchObject([
      {
        ...{ runId: 'run-1', state: 'done', isChanged: true, calls: { reused: 1, made: 1 }, error: null },
        served: {
          ...{
            outcome: 'completed',
            output: null,
            cells: { good: { score: { score: 0.5 } }, better: { score: { win: 0.5 } } },
          },
          // Of its two calls, without their queueing.
          run: { latencyMs: 200, costUsd: 0.01, inputTokens: 3 },
        },
        variant: {
          ...{ output: { text: 'warmly' }, cells: { good: { score: { score: 1 } }, better: { score: { win: 1 } } } },
          // What the reused call cost then, and the made one now.
          run: { costUsd: 0.012, inputTokens: 4, failed: false },
        },
      },
    ]);
    expect(results[0]!.variant!.run.latencyMs).toBeGreaterThanOrEqual(100);
  });

  test('with the same answer is scored once, and no judge is asked which is better', async () => {
    const { turn, results, steps } = world({ answer: usual('well') });
    await turn();
    expect(steps()).toEqual(['good@1', 'tell@1']);
    expect(results).toMatchObject([
      { isChanged: false, variant: { cells: { good: { score: { score: 0.5 } }, better: { score: { win: 0.5 } } } } },
    ]);
  });

  test('that the variant makes fail is its worst; that nobody could make is missing', async () => {
    const own = world({ answer: (request) => (request.step === 'tell@1' ? failing('refused') : usual('')(request)) });
    await own.turn();
    expect(own.results).toMatchObject([
      {
        ...{ state: 'done', isChanged: true },
        variant: { outcome: 'failed', cells: { good: { state: 'failed', reason: 'refused' } } },
      },
    ]);
    const outside = world({
      answer: (request) => (request.step === 'tell@1' ? failing('overloaded') : usual('')(request)),
    });
    await outside.turn();
    expect(outside.results).toMatchObject([
      {
        ...{ state: 'failed', isChanged: null, error: { code: 'overloaded' } },
        variant: { outcome: 'missing', cells: { good: { state: 'missing' }, better: { state: 'missing' } } },
      },
    ]);
  });

  test.each([
    ['run_cancelled', { state: 'cancelled' }],
    ['run_running', { state: 'running' }],
    ['run_from_outside', { state: 'failed', error: { code: 'no_worker' } }],
    ['run_made_do', { nodes: [{ ...NODES[0]!, outcome: 'or-else', error: { code: 'rate_limited' } }] }],
  ] as const)('is left out as %s', async (code, run) => {
    const { turn, results, attempt } = world({ run });
    await turn();
    expect(attempt).not.toHaveBeenCalled();
    expect(results).toMatchObject([{ state: 'skipped', served: null, error: { code } }]);
  });

  test('waits on where there is no money left', async () => {
    const { turn, results, waiting } = world({ answer: () => failing('evaluation_budget') });
    expect(await turn()).toEqual({ isOver: false, isOutOfBudget: true });
    expect([results, waiting]).toEqual([[], ['run-1']]);
  });

  test('that is under way when the work is given up is not written', async () => {
    const stop = new AbortController();
    const { turn, results } = world({
      answer: () => {
        stop.abort();
        return failing('aborted');
      },
    });
    await expect(turn(stop.signal)).rejects.toMatchObject({ name: 'AbortError' });
    expect(results).toEqual([]);
  });
});

describe('a turn', () => {
  test('makes all that wait, ten at a time', async () => {
    const runIds = Array.from({ length: 25 }, (_, index) => `run-${index}`);
    const { turn, results } = world({ runIds });
    expect(await turn()).toMatchObject({ isOver: true });
    expect(results.map(({ runId }) => runId)).toEqual(runIds);
  });

  test('of a shadow goes on with what comes meanwhile, until it is stopped', async () => {
    const shadow = world({ kind: 'shadow', runIds: [] });
    const turning = shadow.turn(undefined, { pollMs: 1 });
    shadow.add('run-9');
    await expect.poll(() => shadow.results.length).toBe(1);
    shadow.stop();
    expect(await turning).toEqual({ isOver: true, isOutOfBudget: false });
  });

  test('of a shadow ends by itself for another to begin', async () => {
    const { turn } = world({ kind: 'shadow', runIds: [] });
    expect(await turn(undefined, { turnMs: 5, pollMs: 1 })).toEqual({ isOver: false, isOutOfBudget: false });
  });
});
