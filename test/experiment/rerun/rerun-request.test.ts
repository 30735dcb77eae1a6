/** What is asked of a backtest, what it concludes, and who is taken into a shadow. */
import { describe, expect, test, vi } from 'vitest';
import { ago } from '../../../src/cli/rerun-request.ts';
import type { AnyScorer } from '../../../src/dsl/scorer.ts';
import { rerunReport } from '../../../src/experiment/rerun/rerun.ts';
import { enqueueShadows, rerunSpecOf, scorersFor } from '../../../src/experiment/rerun/rerun-request.ts';
import type { ScorerSpec } from '../../../src/model/evaluation-spec.ts';
import type { RerunSide } from '../../../src/model/rerun-spec.ts';
import type { RerunRow, StoredResult } from '../../../src/store/reruns.ts';
import type { Store } from '../../../src/store/store.ts';

const scorer = (id: string, head: string, kind: ScorerSpec['kind'] = 'step') =>
  ({
    id,
    spec: {
      ...{ id, kind, call: null, policy: null, input: { $object: { it: { $from: [head] } } }, definitionHash: '' },
      fields: { score: { better: 'higher', format: 'share', worst: 0, best: 1 } },
    },
  }) as unknown as AnyScorer;
const KNOWN = [
  scorer('good', 'output'),
  scorer('right', 'expected'),
  scorer('found', 'relevant'),
  scorer('said', 'output', 'human'),
];
const VARIANT = { name: 'warm', edits: [{ node: 'tell', facet: 'config', config: {} }] } as const;

describe('the scorers', () => {
  const ids = (names?: readonly string[]) => scorersFor(KNOWN, names).map(({ id }) => id);
  test('are those that need no expected answer, each once', () => {
    expect(ids()).toEqual(['good']);
    expect(scorersFor([...KNOWN, KNOWN[0]!])).toHaveLength(1);
    expect(ids(['good', 'good'])).toEqual(['good']);
  });
  test.each([
    ['right', 'scorer_unfit', "it reads 'expected'"],
    ['found', 'scorer_unfit', "it reads 'relevant'"],
    ['said', 'scorer_unfit', 'people give its scores'],
    ['goood', 'scorer_unknown', 'no scorer'],
  ])('%s is refused, with the reason', (name, code, words) => {
    expect(() => ids([name])).toThrow(expect.objectContaining({ code, message: expect.stringContaining(words) }));
  });
});

test('a variant that edits nothing is refused, unless it is said from which node on', () => {
  const request = { kind: 'backtest', pipeline: 'bot', variant: { name: 'same', edits: [] }, scorers: [] } as const;
  expect(() => rerunSpecOf(request)).toThrow(expect.objectContaining({ code: 'edits_none' }));
  expect(rerunSpecOf({ ...request, from: 'tell' })).toMatchObject({ from: 'tell', edits: [] });
});

test.each([
  ['7d', 604_800_000],
  ['24h', 86_400_000],
  ['30m', 1_800_000],
  ['2 hours', 7_200_000],
])('%s is so long ago', (text, expected) => {
  expect(ago(text)).toBe(expected);
});
test.each(['', 'd', '-1d', '7', '7 fortnights'])("'%s' is no time", (text) => {
  expect(() => ago(text)).toThrow('such as 7d');
});

describe('the report', () => {
  const side = (score: number | null): RerunSide => ({
    ...{ outcome: 'completed', error: null, output: null },
    run: { latencyMs: 10, costUsd: 0, inputTokens: 0, outputTokens: 0, failed: false, degraded: false },
    cells: {
      good:
        score === null
          ? { state: 'missing', reason: 'overloaded', resumable: true }
          : { state: 'done', score: { score }, subject: '' },
    },
  });
  const resultOf = (runId: string, scores: readonly (number | null)[], unit: string | null): StoredResult => ({
    ...{ runId, unit, state: 'done', isChanged: true, calls: { reused: 1, made: 1 }, error: null },
    ...{ served: side(scores[0]!), variant: side(scores[1]!) },
  });
  const spec = rerunSpecOf({ kind: 'backtest', pipeline: 'bot', variant: VARIANT, scorers: scorersFor(KNOWN) });
  const row = { rerunId: 'backtest-1', pipeline: 'bot', spec } as RerunRow;
  const reportOf = (results: readonly StoredResult[]) =>
    rerunReport(
      {
        reruns: {
          results: async function* () {
            yield* results;
          },
        },
        evaluations: { labels: async () => [] },
      } as unknown as Store,
      row,
    );

  test('compares what was served with the variant, run by run', async () => {
    const results = Array.from({ length: 40 }, (_, n) => resultOf(`r${n}`, [0, n % 8 === 0 ? 0 : 1], null));
    const report = await reportOf(results);
    expect(report!.sides.map(({ label }) => label)).toEqual(['served', 'warm']);
    expect(report!.metrics[0]).toMatchObject({
      name: 'good.score',
      sides: [{ verdict: 'better', method: 'mcnemar_exact', pairs: 40, wins: 35, ties: 5, effect: { diff: 0.875 } }],
    });
    expect(report!.warnings).toEqual([]);
    expect(report!.headline).toHaveLength(1);
  });
  test('takes runs of one unit for a cluster, and a missing score for no score', async () => {
    const results = Array.from({ length: 40 }, (_, n) =>
      resultOf(`r${n}`, [0.5, n === 0 ? null : 0.6 + n / 1_000], `u${n % 10}`),
    );
    const { metrics } = (await reportOf(results))!;
    expect(metrics[0]!.sides[0]).toMatchObject({
      method: 'cluster_paired',
      pairs: 39,
      units: 10,
      missing: { cells: 1 },
    });
  });
  test('is none where nothing was made, and leaves out what was skipped', async () => {
    const skipped = { ...resultOf('r', [0, 0], null), state: 'skipped', served: null, variant: null } as const;
    expect(await reportOf([skipped])).toBeNull();
  });
});

describe('a shadow', () => {
  const storeOf = (share: number | null) => {
    const reruns = {
      shadowing: vi.fn(async () => (share === null ? [] : [{ rerunId: 'shadow-1', pipeline: 'bot', share }])),
      enqueue: vi.fn(async (_ids: readonly string[], _runId: string) => undefined),
    };
    return { reruns, store: { reruns } as unknown as Store };
  };
  test('takes its share of the runs in, the same ones whoever asks', async () => {
    const [one, other] = [storeOf(0.3), storeOf(0.3)];
    for (const { store } of [one, other])
      for (let n = 0; n < 2_000; n += 1) await enqueueShadows(store, { runId: `run-${n}` });
    const taken = one.reruns.enqueue.mock.calls.map(([, runId]) => runId);
    expect(Math.abs(taken.length / 2_000 - 0.3)).toBeLessThan(0.04);
    expect(other.reruns.enqueue.mock.calls.map(([, runId]) => runId)).toEqual(taken);
  });
  test('is asked for once for many runs, and nothing is written where there is none', async () => {
    const { reruns, store } = storeOf(null);
    await Promise.all(Array.from({ length: 500 }, (_, n) => enqueueShadows(store, { runId: `run-${n}` })));
    expect(reruns.shadowing).toHaveBeenCalledTimes(1);
    expect(reruns.enqueue).not.toHaveBeenCalled();
  });
});
