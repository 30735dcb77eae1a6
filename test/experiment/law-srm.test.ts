/** Sample ratios: what is counted, what is expected, and what is not. */
import { describe, expect, test } from 'vitest';
import type { OnlineScorer } from '../../src/experiment/spec.ts';
import { canonicalJson } from '../../src/plan/id.ts';
import { srmSequential } from '../../src/stats/srm.ts';
import { ANSWERED, armsOf, dataOf, ERRORS, guardrailOf, look, metricOf, rateCell, specOf } from './law-data.ts';

const spec = specOf();
const even = dataOf(armsOf([2_000, 1_000, 40], [2_000, 1_000, 40]));
const counted = (arms: readonly number[], stage = 1) => arms.map((n, arm) => ({ stage, arm, n }));

test('exposed units by planned weights, and recorded ones of each primary and guardrail', () => {
  const data = { ...even, exposed: counted([5_020, 4_780]) };
  const { srm } = look(spec, data);
  expect(srm.map(({ of, metric, counts }) => [of, metric, counts])).toEqual([
    ['exposed', null, [5_020, 4_780]],
    ['recorded', 0, [2_000, 2_000]],
    ['recorded', 1, [2_000, 2_000]],
  ]);
  expect(srm[0]!.p).toBeCloseTo(0.543549097, 8);
});

test('e-values of stages multiply', () => {
  const exposed = [...counted([500, 430]), ...counted([300, 380], 2)];
  const logE = [
    [500, 430],
    [300, 380],
  ].reduce((sum, counts) => sum + srmSequential(counts, [0.5, 0.5]).logE!, 0);
  expect(logE).toBeGreaterThan(1);
  const [row] = look(spec, { ...even, exposed }).srm;
  expect(row).toMatchObject({ counts: [800, 810] });
  expect(row!.p).toBeCloseTo(Math.exp(-logE), 12);
});

describe('what halts', () => {
  const halts = (records: readonly number[], metrics = spec.metrics, scorers: readonly OnlineScorer[] = []) => {
    const cells = [
      ...even.cells.filter(({ metric }) => metric === 0),
      ...records.map((n, arm) => rateCell(1, arm, n, 20)),
    ];
    return look(specOf({ metrics, scorers }), { ...even, cells }).reason === 'srm';
  };

  test('a variant that loses records of a guardrail', () => {
    expect(halts([2_000, 1_980])).toBe(false);
    expect(halts([2_000, 1_400])).toBe(true);
  });

  test('silence is no record that is lost', () => {
    expect(halts([2_000, 1_400], [ANSWERED, { ...ERRORS, absent: 'zero' }])).toBe(false);
  });

  test('nobody decides by secondary metrics', () => {
    expect(halts([2_000, 1_400], [ANSWERED, metricOf({ name: 'errors', role: 'secondary' })])).toBe(false);
  });

  test('samples leave units out, scores of all runs do not', () => {
    const scored = guardrailOf('errors', { source: { from: 'score', scorer: 'judge', field: 'wrong' } });
    const scorer = (sample: number) => [{ spec: { id: 'judge' }, sample }] as unknown as readonly OnlineScorer[];
    expect(halts([2_000, 1_400], [ANSWERED, scored], scorer(0.5))).toBe(false);
    expect(halts([2_000, 1_400], [ANSWERED, scored], scorer(1))).toBe(true);
  });

  test('of several rows one alone has to be as unlikely as all of them together', () => {
    // p of 1 in 1,000 to 1 in 3,000: enough alone, not as one of three rows.
    const exposed = counted([2_250, 1_967]);
    const [row] = look(spec, { ...even, exposed }).srm;
    expect(row!.p).toBeLessThan(0.001);
    expect(row!.p).toBeGreaterThan(0.001 / 3);
    expect(look(spec, { ...even, exposed }).reason).not.toBe('srm');
    const alone = specOf({ metrics: spec.metrics.map((metric) => ({ ...metric, absent: 'zero' as const })) });
    expect(look(alone, { ...even, exposed }).reason).toBe('srm');
  });
});

test('stopped variants are not expected any more, and the others share what is', () => {
  const three = specOf({ variants: [0.25, 0.25] });
  const data = dataOf(armsOf([2_000, 1_000, 40], [300, 150, 40], [1_000, 500, 20]), { stopped: [1] });
  const { srm, reason } = look(three, data);
  expect(reason).not.toBe('srm');
  expect(srm[0]).toMatchObject({ counts: [2_000, 1_000] });
  expect(srm[0]!.weights).toEqual([0.5 / 0.75, 0.25 / 0.75]);
  expect(look(three, { ...data, stopped: [] }).decision).toBe('halt');
});

test('units of an arm that should have none', () => {
  const none = specOf({ variants: [0, 0.5] });
  const record = look(none, dataOf(armsOf([2_000, 1_000, 40], [1, 0, 0], [2_000, 1_000, 40])));
  expect(record.srm[0]!.p).toBe(0);
  expect(record.decision).toBe('halt');
  expect(() => canonicalJson(record as never)).not.toThrow();
});
