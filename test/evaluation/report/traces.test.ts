/** How runs came to what they gave, from what a row names and the memo keeps. */
import { describe, expect, test } from 'vitest';
import { REPORT_LIMITS } from '../../../src/evaluation/report/data.ts';
import { readTraces } from '../../../src/evaluation/report/traces.ts';
import type { ResultCall, ResultRow } from '../../../src/model/evaluation-result.ts';
import type { Json } from '../../../src/plan/plan.ts';
import type { MemoRecord, PaidBy } from '../../../src/store/memo.ts';
import type { Spending } from '../../../src/store/spending.ts';
import { rowOf } from '../compare/make.ts';

const callOf = (key: string, memoKey: string, more: Partial<ResultCall> = {}): ResultCall => ({
  ...{ key, call: 'step', step: `${key}@1`, memoKey, source: 'made', attempts: 1, durationMs: 40, outcome: 'done' },
  ...more,
});
const recordOf = (value: Json, callKey: string): MemoRecord => ({
  ...{ outcome: { value }, attempts: 1, durationMs: 40, runId: 'eval-a', callKey },
});
const passage = (id: string, score: number, text = `text of ${id}`) => ({ id, score, text, heading: [] });

const KEPT = new Map<string, MemoRecord>([
  ['found', recordOf({ query: 'q', passages: [passage('a#1', 0.9), passage('b#2', 0.4)] }, 'found')],
  ['drafted', recordOf({ text: 'It is so [1].' }, 'drafted')],
  ['judged', recordOf({ score: 1 }, 'judged')],
  [
    'broke',
    {
      ...recordOf(null, 'broke'),
      outcome: { failure: { code: 'refused', message: 'no', details: {}, retryable: false } },
    },
  ],
]);
const SPENT: Spending = {
  ...{ paidCalls: 1, costUsd: 0.002, unknownCalls: 0, estimatedCalls: 0, inputTokens: 800, outputTokens: 90 },
};
const NONE: Spending = { ...SPENT, paidCalls: 0, costUsd: null, inputTokens: 0, outputTokens: 0 };
const memo = {
  read: async (keys: readonly string[]) => new Map([...KEPT].filter(([key]) => keys.includes(key))),
  spending: async (calls: readonly PaidBy[]) => calls.map(({ callKey }) => (callKey === 'drafted' ? SPENT : NONE)),
};

function read(
  rows: readonly ResultRow[],
  evaluations: readonly string[] = ['eval-a', 'eval-a'],
  only: number | undefined = undefined,
) {
  const sides = evaluations.map((evaluationId, variant) => ({ evaluationId, variant }));
  return readTraces({ sides, rowsOf: async () => rows, memo, only }, 'e001');
}

describe('a trace', () => {
  const calls = [callOf('retrieve', 'found', { source: 'stored' }), callOf('draft', 'drafted')];
  const judge = callOf('score:judge', 'judged', { source: 'joined' });
  const output = { text: 'It is so [1].', citations: [{ n: 1, passageId: 'a#1' }] };
  const rows = [
    rowOf(1, 0, { calls: [...calls, judge], output }),
    rowOf(1, 1, { calls: [callOf('retrieve', 'found'), callOf('draft', 'gone')], output: { text: 'It is not.' } }),
  ];

  test('has what each call took, cost and found, whose it was, and what is cited', async () => {
    const [first] = await read(rows);
    expect(first!.calls.map(({ key, source, isScorers, spent }) => [key, source, isScorers, spent])).toEqual([
      ['retrieve', 'stored', false, NONE],
      ['draft', 'made', false, SPENT],
      ['score:judge', 'joined', true, NONE],
    ]);
    const [list] = first!.calls[0]!.lists;
    expect([list!.field, list!.passages.map(({ id }) => id)]).toEqual(['passages', ['a#1', 'b#2']]);
    expect(first!.cited).toEqual([{ id: 'a#1', mark: '[1]' }]);
  });

  test('says that nobody knows what is no longer kept, and not that it was nothing', async () => {
    const [, second] = await read(rows);
    expect(second!.calls[1]).toMatchObject({ key: 'draft', durationMs: 40, spent: null, lists: [] });
    expect(second!.cited).toBeNull();
  });

  test('says why a call failed', async () => {
    const [run] = await read([rowOf(1, 0, { calls: [callOf('draft', 'broke', { outcome: 'failed' })] })]);
    expect(run!.calls[0]).toMatchObject({ outcome: 'failed', failure: 'refused: no', lists: [] });
  });

  test('of each side its own evaluation’s row, and none where there is none', async () => {
    const runs = await read([rowOf(1, 0, { calls }), rowOf(1, 0, { calls, repeat: 2 })], ['eval-a', 'eval-b']);
    expect(runs.map(({ side, repeat }) => [side, repeat])).toEqual([
      [0, 1],
      [0, 2],
    ]);
    expect(await read([])).toEqual([]);
  });

  test('is of the side that is looked at, beside the first, where one is', async () => {
    const three = [0, 1, 2].map((variant) => rowOf(1, variant, { calls }));
    const sidesOf = async (only?: number) =>
      (await read(three, ['eval-a', 'eval-a', 'eval-a'], only)).map(({ side }) => side);
    expect([await sidesOf(), await sidesOf(2), await sidesOf(0)]).toEqual([[0, 1, 2], [0, 2], [0]]);
  });

  test('is bounded: calls of all runs together', async () => {
    const many = Array.from({ length: 60 }, (_, place) => callOf(`step[${place}]`, 'gone'));
    const rows = Array.from({ length: 40 }, (_, repeat) => rowOf(1, 0, { calls: many, repeat }));
    const runs = await read(rows);
    expect(runs.reduce((sum, run) => sum + run.calls.length, 0)).toBe(REPORT_LIMITS.callsTogether);
    expect(runs[0]!.callsLeftOut).toBe(35);
  });

  test('is bounded: calls are counted that are left out, lists and texts are cut', async () => {
    const many = Array.from({ length: REPORT_LIMITS.calls + 3 }, (_, place) => callOf(`step[${place}]`, 'long'));
    const passages = Array.from({ length: 60 }, (_, place) => passage(`p${place}`, 1, 'x'.repeat(3_000)));
    KEPT.set('long', recordOf({ passages }, 'long'));
    const [run] = await read([rowOf(1, 0, { calls: many })]);
    expect([run!.calls.length, run!.callsLeftOut]).toEqual([REPORT_LIMITS.calls, 3]);
    const [list] = run!.calls[0]!.lists;
    expect([list!.passages.length, list!.passages[0]!.text.length]).toEqual([
      REPORT_LIMITS.passages,
      REPORT_LIMITS.passageLength,
    ]);
  });
});
