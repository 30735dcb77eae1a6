/** Scores of live runs in the background: what is asked, what it comes to, and what becomes of trouble. */
import { describe, expect, test, vi } from 'vitest';
import { type Attempted, type AttemptRequest, createSlots } from '../../src/evaluation/attempts.ts';
import { createScoreExperiment, scoreTasksOf } from '../../src/experiment/score-runs.ts';
import type { RunAssignment } from '../../src/model/assign.ts';
import type { ScorerSpec } from '../../src/model/evaluation-spec.ts';
import type { ExperimentSpec } from '../../src/model/experiment-spec.ts';
import type { Json } from '../../src/plan/plan.ts';
import type { NewOutcome } from '../../src/store/outcomes.ts';
import type { ScoreTaskEnd } from '../../src/store/score-tasks.ts';
import type { Store } from '../../src/store/store.ts';
import { plan, step } from '../plan/by-hand.ts';

const PLAN = plan([step('search', { q: 'input.q' }), step('tell', { of: 'search.found' })], { text: 'tell.said' });
const policy = {
  attempts: 1,
  timeoutMs: 1_000,
  backoff: { firstMs: 1, factor: 1, maxMs: 1 },
  lane: 'activity',
} as const;
const GROUNDED: ScorerSpec = {
  id: 'grounded',
  kind: 'step',
  call: { step: 'judge@1', config: {} },
  policy,
  input: { $object: { answer: { $from: ['output', 'text'] }, found: { $from: ['search', 'found'] } } },
  fields: { score: { better: 'higher', format: 'share', worst: 0.1, best: 1 } },
  definitionHash: '',
};
const metric = (kind: 'mean' | 'share', above: number | null = null) => ({
  ...{ name: kind, role: 'secondary', kind, source: { from: 'score', scorer: 'grounded', field: 'score' }, above },
  ...{ denominator: null, cap: null, quantile: null, better: 'higher', format: 'share', minimumEffect: null },
  ...{ margin: null, windowMs: 1_000, absent: 'missing' },
});
const SPEC = {
  scorers: [{ spec: GROUNDED, sample: 0.25 }],
  metrics: [metric('mean'), { ...metric('mean'), source: { from: 'run', field: 'latencyMs' } }, metric('share', 0.5)],
  breaker: { ceiling: 0.5, windowMs: 1_000 },
} as unknown as ExperimentSpec;
const ASSIGNMENT: RunAssignment = {
  ...{ experiment: 'rank', arm: 'deep', armIndex: 1, stage: 1, unit: 'anna', probability: 0.5, isOverride: false },
};

interface World {
  readonly state?: 'completed' | 'failed';
  readonly error?: Json;
  readonly tries?: number;
  readonly outputs?: ReadonlyMap<string, Json>;
  readonly answer: (request: AttemptRequest) => Attempted;
}

/** Scores one task, and gives what was written. */
async function score({ state = 'completed', error = null, tries = 1, outputs, answer }: World) {
  const given =
    outputs ??
    new Map<string, Json>([
      ['search', { found: 'it' }],
      ['tell', { said: 'well' }],
    ]);
  const node = { kind: 'step', call: 'step', outcome: 'completed', error: null, durationMs: 1, queuedMs: 0 };
  const ends: ScoreTaskEnd[] = [];
  const outcomes: NewOutcome[] = [];
  const over = new AbortController();
  const tasks = [{ experimentId: 'rank', runId: 'run-1', scorer: 'grounded', unit: 'anna', finishedAt: 500, tries }];
  const store = {
    experiments: { get: async () => ({ experimentId: 'rank', spec: SPEC, startedAt: 0 }) },
    scoreTasks: {
      claim: async () => {
        if (tasks.length === 0) over.abort();
        return tasks.splice(0);
      },
      finish: async (some: readonly ScoreTaskEnd[]) => void ends.push(...some),
    },
    outcomes: { put: async (some: readonly NewOutcome[]) => void outcomes.push(...some) },
    plans: { get: async () => PLAN },
    runs: {
      get: async () => ({
        ...{ runId: 'run-1', planId: 'p', input: { q: 'x' }, output: { text: 'well' }, state, error },
        ...{ startedAt: 100, finishedAt: 500, assignments: [ASSIGNMENT] },
        spent: { paidCalls: 0, unknownCalls: 0, costUsd: null, inputTokens: 0, outputTokens: 0 },
        nodes: [
          { ...node, key: 'search', node: 'search' },
          { ...node, key: 'tell', node: 'tell' },
        ],
      }),
      outputs: async () => given,
    },
  } as unknown as Store;
  const attempt = vi.fn(async (request: AttemptRequest) => answer(request));
  const scoring = createScoreExperiment({ store, attempt, slots: createSlots(2), planOf: store.plans.get, pollMs: 1 });
  const { scored } = await scoring('rank', over.signal);
  return { ends, outcomes, attempt, scored };
}

const failing = (code: string, retryable: boolean): Attempted => ({
  failure: { code, message: 'no', details: {}, retryable, lasts: false },
});

describe('a run', () => {
  test('is shown to the scorer as it was served, and its score counts when the run ended', async () => {
    const { ends, outcomes, attempt, scored } = await score({ answer: () => ({ value: { score: 0.75 } }) });
    expect(attempt.mock.calls[0]![0]).toMatchObject({
      ...{ step: 'judge@1', runId: 'rank', input: { answer: 'well', found: 'it' } },
      key: expect.stringMatching(/^score:grounded#[0-9a-f]{16}$/),
    });
    const told = {
      experiment: 'rank',
      unit: 'anna',
      arm: 1,
      runId: 'run-1',
      deliveryId: 'score:grounded:run-1',
      at: 500,
    };
    expect(outcomes).toEqual([
      { ...told, metric: 0, v: 750_000 },
      { ...told, metric: 2, v: 1_000_000 },
    ]);
    expect(ends).toEqual([
      { experimentId: 'rank', runId: 'run-1', scorer: 'grounded', state: 'done', scores: { score: 0.75 } },
    ]);
    expect(scored).toBe(1);
  });

  test('that failed by its own fault counts as the scorer’s worst, and nobody is asked', async () => {
    const world = { state: 'failed', error: { code: 'refused', message: 'no' } } as const;
    const { ends, outcomes, attempt } = await score({ ...world, answer: () => ({ value: {} }) });
    expect(attempt).not.toHaveBeenCalled();
    expect(outcomes.map(({ v }) => v)).toEqual([100_000, 0]);
    expect(ends).toMatchObject([{ state: 'done', scores: { score: 0.1 } }]);
  });

  test('that failed from outside has no score, at once', async () => {
    const world = { state: 'failed', error: { code: 'rate_limited', message: 'no' } } as const;
    const { ends, outcomes } = await score({ ...world, answer: () => ({ value: {} }) });
    expect(outcomes).toEqual([]);
    expect(ends).toMatchObject([
      { state: 'failed', error: { code: 'score_missing', message: 'the run could not be made: rate_limited' } },
    ]);
  });

  test('whose outputs were not recorded has none, with the reason', async () => {
    const { ends, outcomes } = await score({ outputs: new Map(), answer: () => ({ value: { score: 1 } }) });
    expect(outcomes).toEqual([]);
    expect(ends).toMatchObject([{ state: 'failed', error: { code: 'outputs_missing' } }]);
  });
});

describe('a scorer that cannot be asked', () => {
  test('is asked three times, and then the score is missing', async () => {
    const { ends, outcomes } = await score({ tries: 3, answer: () => failing('overloaded', true) });
    expect(outcomes).toEqual([]);
    expect(ends).toMatchObject([{ state: 'failed', error: { code: 'overloaded' } }]);
  });
  test('leaves its task to the next try before that', async () => {
    const asked = score({ tries: 2, answer: () => failing('overloaded', true) });
    expect(await asked).toMatchObject({ ends: [], outcomes: [], scored: 0 });
  });
  test('for good is not asked again', async () => {
    const { ends } = await score({ answer: () => failing('judge_invalid', false) });
    expect(ends).toMatchObject([{ state: 'failed', error: { code: 'judge_invalid' } }]);
  });
});

describe('what is sampled', () => {
  const run = (runId: string, more = {}) =>
    ({ runId, outcome: 'completed', finishedAt: 9, assignment: { ...ASSIGNMENT, ...more } }) as const;
  test('is the part that was asked for, and the same each time', () => {
    const runs = Array.from({ length: 4_000 }, (_, index) => run(`run-${index}`));
    const tasks = runs.flatMap((each) => scoreTasksOf(SPEC, each));
    expect(Math.abs(tasks.length / runs.length - 0.25)).toBeLessThan(0.03);
    expect(tasks).toEqual(runs.flatMap((each) => scoreTasksOf(SPEC, each)));
    expect(tasks[0]).toMatchObject({ experimentId: 'rank', scorer: 'grounded', unit: 'anna', finishedAt: 9 });
  });
  test('is neither what was cancelled, nor a unit that has its arm by name', () => {
    const all = { scorers: [{ spec: GROUNDED, sample: 1 }] };
    expect(scoreTasksOf(all, run('r'))).toHaveLength(1);
    expect(scoreTasksOf(all, { ...run('r'), outcome: 'cancelled' })).toEqual([]);
    expect(scoreTasksOf(all, run('r', { isOverride: true }))).toEqual([]);
  });
});
