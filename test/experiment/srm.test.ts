/** Sample ratios: what is counted, what is expected, and what is not. */
import { describe, expect, test } from 'vitest';
import { analysisReport } from '../../src/experiment/analysis-report.ts';
import { ratioText } from '../../src/experiment/brief-words.ts';
import { sampleRatioVerdict } from '../../src/experiment/srm.ts';
import type { OnlineScorer } from '../../src/model/experiment-spec.ts';
import { canonicalJson } from '../../src/plan/id.ts';
import { srmOverStages, srmSequential } from '../../src/stats/srm.ts';
import {
  ANSWERED,
  armsOf,
  DAY_MS,
  dataOf,
  ERRORS,
  guardrailOf,
  look,
  metricOf,
  rateCell,
  STARTED_AT,
  settingsOf,
  specOf,
} from './analysis-fixtures.ts';

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
    // p of 1 in 2,000 to 1 in 6,000: enough alone, not as one of three rows.
    const exposed = counted([2_258, 1_959]);
    const [row] = look(spec, { ...even, exposed }).srm;
    expect(row!.p).toBeLessThan(0.0005);
    expect(row!.p).toBeGreaterThan(0.0005 / 3);
    expect(look(spec, { ...even, exposed }).reason).not.toBe('srm');
    const alone = specOf({ metrics: spec.metrics.map((metric) => ({ ...metric, absent: 'zero' as const })) });
    expect(look(alone, { ...even, exposed }).reason).toBe('srm');
  });
});

describe('a split that was broken for a while, too little for the sequential test', () => {
  const broken = counted([2_170, 1_920]);
  const futile = dataOf(armsOf([2_000, 1_000, 40], [2_000, 1_000, 40]), { exposed: broken });
  const days = (count: number) => ({ at: STARTED_AT + count * DAY_MS });

  test('a look that goes on does not read the chi-square', () => {
    const record = look(spec, futile, days(1));
    expect(record).toMatchObject({ decision: 'continue', methodVersion: 2 });
    expect(sampleRatioVerdict(record)).toMatchObject({ isOff: false, haltsBelow: 0.0005 });
    expect(record.srm[0]!.p).toBeGreaterThan(0.0005);
    expect(record.srm[0]!.chiSquareP).toBeLessThan(0.0005 / 3);
  });

  test('the look that would end it inconclusive halts, and says by which p', () => {
    const record = look(spec, futile, days(40));
    expect(record).toMatchObject({ decision: 'halt', reason: 'srm' });
    expect(look(spec, { ...futile, exposed: counted([2_045, 2_045]) }, days(40)).decision).toBe('inconclusive');
    const chiSquareP = srmOverStages([[2_170, 1_920]], [0.5, 0.5]).p!;
    expect(sampleRatioVerdict(record)).toMatchObject({ isOff: true, worst: { p: chiSquareP } });
    expect(ratioText(analysisReport({ experimentId: 'x', spec }, record))).toContain(
      `p = ${chiSquareP.toPrecision(2)}`,
    );
  });

  test('the look that would promote halts', () => {
    const winning = dataOf(armsOf([2_000, 1_000, 40], [2_000, 1_160, 40]));
    expect(look(spec, winning).decision).toBe('promote');
    expect(look(spec, { ...winning, exposed: broken })).toMatchObject({ decision: 'halt', reason: 'srm', stops: [] });
  });

  test('harm is rolled back all the same', () => {
    const harmful = dataOf(armsOf([2_000, 1_000, 40], [2_000, 1_000, 400]), { exposed: broken });
    expect(look(spec, harmful, days(40))).toMatchObject({ decision: 'rollback', reason: 'guardrail' });
  });

  test('one of two variants that is futile leaves the experiment going, and the chi-square unread', () => {
    const two = specOf({ variants: [1 / 3, 1 / 3], metrics: [metricOf({ minimumEffect: 0.08 }), ERRORS] });
    const units = counted([2_500, 2_500, 2_200]);
    const data = dataOf(armsOf([2_000, 1_000, 40], [2_000, 1_000, 40], [2_000, 1_070, 40]), { exposed: units });
    const record = look(two, data, days(10));
    expect(record.verdicts.map(({ decision }) => decision)).toEqual(['inconclusive', 'continue']);
    expect(record.srm[0]!.chiSquareP).toBeLessThan(0.0005 / 3);
    expect(record.decision).toBe('continue');
  });

  test('a rollout has no look that ends it, and reads the sequential test alone', () => {
    expect(look(spec, futile, { phase: 'rollout', ...days(40) }).decision).toBe('continue');
    const off = { ...futile, exposed: counted([2_400, 1_700]) };
    expect(look(spec, off, { phase: 'rollout' })).toMatchObject({ decision: 'rollback', reason: 'srm' });
  });

  test('method version 1 has one level and no chi-square', () => {
    const { methodVersion: _, ...settings } = settingsOf(spec);
    const record = look(spec, futile, { settings, ...days(40) });
    expect(record.decision).toBe('inconclusive');
    expect(record.srm[0]).not.toHaveProperty('chiSquareP');
    expect(sampleRatioVerdict(record)).toMatchObject({ haltsBelow: 0.001, chiSquareP: null });
  });
});

test('chi-squares of stages add, and stages of few units are left out', () => {
  const stages = [
    [500, 430],
    [300, 380],
    [3, 0],
  ];
  const exposed = stages.flatMap((counts, index) => counted(counts, index + 1));
  const [row] = look(spec, { ...even, exposed }).srm;
  // (500 - 465)^2/465 * 2 + (300 - 340)^2/340 * 2 with two degrees of freedom, for which P(X >= x) = e^(-x/2).
  const chi2 = (2 * 35 ** 2) / 465 + (2 * 40 ** 2) / 340;
  expect(row!.chiSquareP).toBeCloseTo(Math.exp(-chi2 / 2), 12);
  expect(look(spec, { ...even, exposed: counted([40, 59]) }).srm[0]!.chiSquareP).toBeNull();
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
