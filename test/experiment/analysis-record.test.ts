/** One look: cases by hand, units without a value, stages, several variants, and that each reason of the gate is reached. */
import { describe, expect, test } from 'vitest';
import type { AnalysisData } from '../../src/model/analysis-data.ts';
import { canonicalJson } from '../../src/plan/id.ts';
import type { Json } from '../../src/plan/plan.ts';
import type { GateReason } from '../../src/stats/gate.ts';
import { stageCs, stageCsOneSided } from '../../src/stats/stage-cs.ts';
import {
  ANSWERED,
  armsOf,
  cellOf,
  dataOf,
  ERRORS,
  guardrailOf,
  look,
  metricOf,
  rateCell,
  settingsOf,
  specOf,
  valuesCell,
  WINDOW_MS,
} from './analysis-fixtures.ts';

const spec = specOf();
/** 50 % and 58 % of 2,000 answered, 2 % and 2 % errors. */
const winning = dataOf(armsOf([2_000, 1_000, 40], [2_000, 1_160, 40]));

describe('by hand', () => {
  const record = look(spec, winning);

  test('a winner', () => {
    expect(record).toMatchObject({ decision: 'promote', reason: 'superior', arm: 1, stops: [], daysLeft: null });
    expect(record.verdicts).toEqual([{ arm: 1, decision: 'promote', reason: 'superior', guardrails: [] }]);
    expect(record.rows.map(({ metric, arm, units }) => [metric, arm, units])).toEqual([
      ['answered', 1, [2_000, 2_000]],
      ['errors', 1, [2_000, 2_000]],
    ]);
  });

  test("its interval: rates with the floor, on the plan's clock", () => {
    // q = (x + 1)/(n + 2): 1001/2002 and 1161/2002, variances 0.25 and 0.2436; the floor is their mean, 0.2468.
    const q = 1_161 / 2_002;
    const [v0, v1] = [0.25, q * (1 - q)];
    const se = Math.sqrt((v0 + (v0 + v1) / 2) / 2_000);
    // c(0.05) = 2 ln 20 + ln(1 + 2 ln 20) = 7.93615; clock x = n^2 SE^2 / v_ref * c / n*, n = 4,000 = n*.
    const x = ((4_000 ** 2 * se * se) / 0.2) * (7.9361546 / 4_000);
    const half = se * Math.sqrt(((1 + x) / x) * (2 * Math.log(20) + Math.log1p(x)));
    const { effect } = record.rows[0]!;
    expect(effect.diff).toBeCloseTo(0.08, 15);
    expect(effect.se).toBeCloseTo(se, 12);
    expect(effect.halfWidth).toBeCloseTo(half, 6);
    // If the arms differ by ciLo, their means are q0 and q0 + ciLo; what q0 (1 - q0) is above the variances is added, by
    // the weight of e = 3.5 ln 40 events in those that are expected.
    const lo = effect.ciLo!;
    const q0 = (1_000 + 1_160 - 2_000 * lo) / 4_000;
    const [floor0, floor1] = [0.25, (v0 + v1) / 2];
    const added = [q0 * (1 - q0) - floor0, (q0 + lo) * (1 - q0 - lo) - floor1].map((excess, arm) => {
      const rarer = arm === 0 ? Math.min(q0, 1 - q0) : Math.min(q0 + lo, 1 - q0 - lo);
      return (Math.max(0, excess) / 2_000) * ((3.5 * Math.log(40)) / (2_000 * rarer));
    });
    expect(effect.diff! - lo).toBeCloseTo((half / se) * Math.sqrt(se * se + added[0]! + added[1]!), 9);
    expect(half).toBeCloseTo(0.0497, 4);
  });

  test('the same data gives the same record, to the byte', () => {
    const again = look(structuredClone(spec), structuredClone(winning));
    expect(canonicalJson(again as unknown as Json)).toBe(canonicalJson(record as unknown as Json));
  });
});

describe('every reason of the gate is reached', () => {
  const breaker = [{ arm: 1, window: 1, requests: 60, failures: 40 }];
  const few = dataOf(armsOf([40, 20, 1], [40, 20, 1]));
  const level = dataOf(armsOf([2_000, 1_000, 40], [2_000, 1_000, 40]));
  const lopsided: AnalysisData = {
    ...winning,
    exposed: [0, 1].map((arm) => ({ stage: 1, arm, n: arm ? 1_600 : 2_000 })),
  };
  const unproven = dataOf(armsOf([2_000, 1_000, 40], [2_000, 1_160, 70]));
  const withEffect = specOf({ metrics: [metricOf({ minimumEffect: 0.1 }), ERRORS] });

  test.each<[GateReason, string, number | null, AnalysisData, number, typeof spec]>([
    ['breaker', 'rollback', 1, { ...winning, breaker }, 10, spec],
    ['guardrail', 'rollback', 1, dataOf(armsOf([2_000, 1_000, 40], [2_000, 1_160, 240])), 10, spec],
    ['srm', 'halt', null, lopsided, 10, spec],
    ['warming_up', 'continue', 1, few, 10, spec],
    ['insufficient_data', 'inconclusive', 1, few, 28, spec],
    ['worse', 'rollback', 1, dataOf(armsOf([2_000, 1_160, 40], [2_000, 1_000, 40])), 1, spec],
    ['superior', 'promote', 1, winning, 7, spec],
    ['min_duration', 'continue', 1, winning, 6.99, spec],
    ['guardrails_unproven', 'inconclusive', 1, unproven, 28, spec],
    ['no_effect_proven', 'inconclusive', 1, level, 28, spec],
    ['futile', 'inconclusive', 1, level, 8, withEffect],
    ['collecting', 'continue', 1, level, 8, spec],
  ])('%s', (reason, decision, arm, data, days, asked) => {
    expect(look(asked, data, { days })).toMatchObject({ reason, decision, arm });
  });

  test('a breaker that tripped in an old window stays tripped, one that did not is none', () => {
    const window = (requests: number, failures: number) => ({ ...breaker[0]!, requests, failures });
    const trips = (counts: AnalysisData['breaker']) => look(spec, { ...winning, breaker: counts }).reason === 'breaker';
    expect(trips([window(60, 40), { arm: 1, window: 9, requests: 500, failures: 5 }])).toBe(true);
    expect(trips([window(60, 14)])).toBe(false);
    // The baseline's failures are not the variant's.
    expect(trips([{ ...window(60, 40), arm: 0 }])).toBe(false);
  });
});

describe('units without a value', () => {
  const silent = specOf({ metrics: [metricOf({ absent: 'zero' }), guardrailOf('errors')] });
  const cells = [rateCell(0, 0, 300, 200), rateCell(0, 1, 320, 220), rateCell(1, 0, 990, 20), rateCell(1, 1, 980, 20)];
  const units = [0, 1].map((arm) => ({ stage: 1, arm, n: 1_000 }));
  const data = dataOf(cells, { exposed: units, matured: units.map((count) => ({ windowMs: WINDOW_MS, ...count })) });

  test('are zeros where silence is an answer, and missing where it is none', () => {
    const [answered, errors] = look(silent, data).rows;
    expect(answered!.units).toEqual([1_000, 1_000]);
    expect(answered!.effect.diff).toBeCloseTo(0.02, 15);
    expect(errors!.units).toEqual([990, 980]);
    expect(errors!.effect.diff).toBeCloseTo(20 / 980 - 20 / 990, 15);
  });

  test('of a mean they count as so many zeros', () => {
    const mean = metricOf({ kind: 'mean', absent: 'zero' });
    const values = Array.from({ length: 60 }, (_, index) => 1 + (index % 3));
    const cell = (arm: number) => valuesCell(0, arm, values);
    const filled = (arm: number) => valuesCell(0, arm, [...values, ...Array.from({ length: 40 }, () => 0)]);
    const matured = [0, 1].map((arm) => ({ windowMs: WINDOW_MS, stage: 1, arm, n: 100 }));
    const [absent] = look(specOf({ metrics: [mean] }), dataOf([cell(0), cell(1)], { matured })).rows;
    const [written] = look(specOf({ metrics: [mean] }), dataOf([filled(0), filled(1)], { matured })).rows;
    expect(absent).toEqual(written);
  });

  test('an arm in which nobody said anything is an arm of zeros', () => {
    const only = dataOf([rateCell(0, 0, 300, 200), rateCell(1, 0, 990, 20), rateCell(1, 1, 980, 20)], {
      ...{ exposed: units, matured: data.matured },
    });
    expect(look(silent, only).rows[0]!.effect.diff).toBeCloseTo(-0.2, 15);
  });

  test('units of another window do not count', () => {
    const other = { ...data, matured: data.matured.map((count) => ({ ...count, windowMs: WINDOW_MS + 1 })) };
    expect(look(silent, other).rows[0]!.units).toEqual([300, 320]);
  });
});

describe('stages', () => {
  const stages = [
    [rateCell(0, 0, 900, 450), rateCell(0, 1, 100, 53)],
    [rateCell(0, 0, 500, 300, 2), rateCell(0, 1, 500, 320, 2)],
  ].flat();

  test('are compared within themselves, and averaged by units', () => {
    const [row] = look(specOf({ metrics: [ANSWERED] }), dataOf(stages)).rows;
    expect(row!.effect.diff).toBeCloseTo((0.53 - 0.5) / 2 + (0.64 - 0.6) / 2, 12);
    expect(row!.units).toEqual([1_400, 600]);
  });

  test('a ratio, too: the differences within stages, weighed by units', () => {
    const ratio = metricOf({ kind: 'ratio', denominator: { from: 'run', field: 'costUsd' } });
    const many = (pattern: readonly number[]) => Array.from({ length: 120 }, (_, index) => pattern[index % 3]!);
    const cells = [
      valuesCell(0, 0, many([1, 2, 3]), { below: many([2, 3, 4]) }),
      valuesCell(0, 1, many([1, 2, 4]), { below: many([2, 3, 4]) }),
      valuesCell(0, 0, many([3, 2, 2]).slice(0, 60), { below: many([4, 3, 2]), stage: 2 }),
      valuesCell(0, 1, many([3, 2, 3]).slice(0, 60), { below: many([4, 3, 2]), stage: 2 }),
    ];
    const [row] = look(specOf({ metrics: [ratio] }), dataOf(cells)).rows;
    expect(row!.effect.diff).toBeCloseTo((2 / 3) * (7 / 9 - 6 / 9) + (1 / 3) * (8 / 9 - 7 / 9), 12);
    expect(row!.units).toEqual([180, 180]);
  });

  test('one method takes no second stage, and then claims nothing', () => {
    const asymptotic = specOf({ metrics: [ANSWERED], stop: { method: 'asymp_cs' } });
    expect(look(asymptotic, dataOf(stages)).rows[0]).toMatchObject({
      effect: { status: 'invalid_input' },
      oriented: { lo: null, hi: null },
    });
    expect(look(asymptotic, dataOf(stages.slice(0, 2))).rows[0]!.effect.status).toBe('ok');
  });
});

describe('levels', () => {
  const summary = (successes: number, n = 2_000) => {
    const q = (successes + 1) / (n + 2);
    return { n, mean: successes / n, variance: q * (1 - q) };
  };

  test('stay split over all variants after one was stopped', () => {
    const two = specOf({ variants: [1 / 3, 1 / 3] });
    const data = dataOf(armsOf([2_000, 1_000, 40], [2_000, 1_000, 400], [2_000, 1_160, 44]), { stopped: [1] });
    const record = look(two, data);
    expect(record.rows.map(({ metric, arm }) => [metric, arm])).toEqual([
      ['answered', 2],
      ['errors', 2],
    ]);
    const settings = { nStar: 4_000, vRef: 0.2, nullVariance: true };
    const primary = stageCs([{ arm0: summary(1_000), arm1: summary(1_160) }], { alpha: 0.025, ...settings });
    expect(record.rows[0]!.effect).toEqual(primary);
    const errors = [{ arm0: summary(40), arm1: summary(44) }];
    const rollback = stageCsOneSided(errors, { ...settings, alpha: 0.025, nStar: 1_500 }, 'lower');
    expect(record.rows[1]!.oriented.lo).toBe(rollback.bound);
  });

  test("a rollout has its own, over the winner's guardrails", () => {
    const two = specOf({ variants: [1 / 3, 1 / 3] });
    const data = dataOf(armsOf([2_000, 1_000, 40], [2_000, 1_000, 400], [2_000, 1_160, 44]), { stopped: [1] });
    const record = look(two, data, { phase: 'rollout' });
    const errors = [{ arm0: summary(40), arm1: summary(44) }];
    const rollback = stageCsOneSided(errors, { alpha: 0.05, nStar: 1_500, vRef: 0.2, nullVariance: true }, 'lower');
    expect(record.rows[1]).toMatchObject({ arm: 2, oriented: { lo: rollback.bound } });
  });
});

test('a quantile is shown, and decides nothing', () => {
  const p95 = metricOf({ name: 'p95', role: 'secondary', kind: 'quantile', quantile: 0.95, format: 'ms' });
  const quantile = { estimate: 900_000_000, lo: null, hi: null };
  const shown = [0, 1].map((arm) => cellOf({ metric: 2, arm, n: 80, quantile }));
  const record = look(specOf({ metrics: [ANSWERED, ERRORS, p95] }), {
    ...winning,
    cells: [...winning.cells, ...shown],
  });
  expect(record.rows[2]).toMatchObject({
    metric: 'p95',
    units: [80, 80],
    effect: { status: 'insufficient_data', why: 'a quantile is shown, and not tested' },
  });
  expect(record.decision).toBe('promote');
});

test('nothing is decided before the units that were asked for, but harm is', () => {
  const patient = specOf({ stop: { minUnits: 2_001 } });
  expect(look(patient, winning)).toMatchObject({ decision: 'continue', reason: 'warming_up' });
  expect(look(patient, dataOf(armsOf([2_000, 1_000, 40], [2_000, 1_160, 240]))).reason).toBe('guardrail');
});

test('a ratio has the burn-in of a sum', () => {
  const ratio = specOf({ metrics: [metricOf({ kind: 'ratio', denominator: { from: 'run', field: 'costUsd' } })] });
  const statusOf = (n: number) => {
    const values = Array.from({ length: n }, (_, index) => 1 + (index % 3));
    const below = values.map((value) => value + (value % 2));
    return look(ratio, dataOf([0, 1].map((arm) => valuesCell(0, arm, values, { below })))).rows[0]!.effect.status;
  };
  expect([99, 100].map(statusOf)).toEqual(['insufficient_data', 'ok']);
});

test('the first look of an experiment that nobody met yet waits', () => {
  const nothing = dataOf([]);
  expect(look(spec, nothing, { days: 0 })).toMatchObject({ decision: 'continue', reason: 'warming_up', srm: [] });
  // By a clock that is behind the database's.
  expect(look(spec, nothing, { days: -0.01 }).decision).toBe('continue');
});

test('a look at nobody is refused', () => {
  expect(() => look(spec, { ...winning, stopped: [1] })).toThrow(/no variant left/);
});

test('a margin that somebody made 0 is refused: nothing could ever prove it', () => {
  const broken = specOf({ metrics: [ANSWERED, guardrailOf('errors', { margin: 0 })] });
  expect(() => look(broken, winning, { settings: settingsOf(spec) })).toThrow(/margin must be above 0/);
});

describe('a share', () => {
  const slow = guardrailOf('slow', { kind: 'share', above: 4_000, margin: 0.05 });
  const withSlow = (n: number, values: readonly number[]) =>
    look(
      specOf({ metrics: [ANSWERED, slow] }),
      dataOf([
        ...armsOf([n, n / 2], [n, (7 * n) / 10]),
        valuesCell(
          1,
          0,
          Array.from({ length: n }, () => 0),
        ),
        valuesCell(1, 1, values),
      ]),
    );
  const none = (n: number) => Array.from({ length: n }, () => 0);

  test('that nobody has is proven harmless once enough units say so, and not before', () => {
    expect(withSlow(100, none(100))).toMatchObject({ decision: 'continue', reason: 'collecting' });
    expect(withSlow(2_000, none(2_000))).toMatchObject({ decision: 'promote', reason: 'superior' });
  });

  test('has the variance of its units, with one more at either end', () => {
    const values = Array.from({ length: 200 }, (_, unit) => (unit % 10 === 0 ? 0.5 : 0));
    const [mean, sum] = [(10 + 1) / 202, 20 * 0.25 + 1];
    const [v0, v1] = [(1 - 1 / 202) / 201, (sum - 202 * mean ** 2) / 201];
    const pooled = (199 * v0 + 199 * v1) / 398;
    const se = Math.sqrt((Math.max(v0, pooled) + Math.max(v1, pooled)) / 200);
    expect(withSlow(200, values).rows[1]!.effect.se).toBeCloseTo(se, 12);
    expect(withSlow(200, values).rows[1]!.effect.diff).toBeCloseTo(0.05, 12);
  });
});
