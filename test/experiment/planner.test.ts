/** The plan before a start: units, days, what cannot be seen or proven; the settings it tunes; and the days that a look says are left. */
import { describe, expect, test } from 'vitest';
import { freezeSettings, isHashOf } from '../../src/experiment/method.ts';
import { type ExperimentPlan, planExperiment, type Traffic } from '../../src/experiment/planner.ts';
import type { ExperimentSpec } from '../../src/model/experiment-spec.ts';
import {
  armsOf,
  DAY_MS,
  dataOf,
  ERRORS,
  guardrailOf,
  look,
  metricOf,
  STARTED_AT,
  settingsOf,
  specOf,
} from './analysis-fixtures.ts';

const RATE = { mean: 0.5, variance: 0.25 };
const RARE = { mean: 0.05, variance: 0.0475 };
const asked = specOf({ metrics: [metricOf({ minimumEffect: 0.05 }), ERRORS] });
const traffic: Traffic = { unitsPerDay: 1_000, metrics: [RATE, RARE] };
const planOf = (spec: ExperimentSpec, change: Partial<Traffic> = {}): ExperimentPlan =>
  planExperiment({ spec, traffic: { ...traffic, ...change } });

describe('a plan', () => {
  test('takes the units of the published case: 6,012 for v = 1 and an effect of 0.05', () => {
    const plan = planOf(asked);
    expect(plan).toMatchObject({
      primary: 'answered',
      units: 6_012,
      unitsPerDay: 1_000,
      isHopeless: false,
      assumed: [],
    });
    expect(plan.tuning).toEqual({ nStar: 6_012, vRefs: [1, 0.19] });
    // The window and what may be on its way, after the last unit: 11 minutes.
    expect(plan.days).toBeCloseTo(6.012 + 11 / (24 * 60), 9);
    expect(plan.sentences[0]).toMatch(
      /^To see a change of 5 percentage points you need about 6012 users \(6 days at current traffic\)/,
    );
  });

  test('half the effect takes four times the units, and a part of the traffic as much longer', () => {
    expect(planOf(specOf({ metrics: [metricOf({ minimumEffect: 0.025 }), ERRORS] })).units! / 6_012).toBeCloseTo(4, 3);
    expect(planOf({ ...asked, share: 0.25 }).days! / planOf(asked).days!).toBeCloseTo(4, 2);
  });

  test('what it says can be seen in the maximum duration is what takes that long', () => {
    const { mdeAtMax, maxUnits } = planOf(asked);
    const again = planOf(specOf({ metrics: [metricOf({ minimumEffect: mdeAtMax! }), ERRORS] }));
    expect(again.units! / maxUnits!).toBeCloseTo(1, 3);
    expect(maxUnits).toBeLessThan(28_000);
  });

  test('with several variants the levels are split, and only two arms of them are a pair', () => {
    const two = specOf({ variants: [0.25, 0.25], metrics: asked.metrics });
    const plan = planOf(two);
    // A pair of 0.5 and 0.25: v = 0.25/(2/9).
    expect(plan.tuning.vRefs[0]).toBeCloseTo(1.125, 12);
    expect(plan.units! / plan.tuning.nStar).toBeCloseTo(1 / 0.75, 3);
    // M at 0.025 instead of 0.05: 3.287 for 3.035, beside 0.842 for the power.
    expect(plan.units! / (6_012 * 1.125 * (1 / 0.75))).toBeCloseTo(((3.287 + 0.842) / (3.035 + 0.842)) ** 2, 2);
    const uneven = specOf({ variants: [0.25, 0], metrics: asked.metrics });
    // The variant that nobody gets keeps its part of the levels, and is waited for by nobody.
    expect(planOf(uneven).units! / plan.units!).toBeCloseTo(0.25 / (0.75 * 0.25) / (1.125 / 0.75), 2);
  });

  test('a goal that the maximum duration cannot reach is hopeless', () => {
    const plan = planOf(asked, { unitsPerDay: 100 });
    expect(plan).toMatchObject({ isHopeless: true, maxDays: 28 });
    expect(plan.tuning.nStar).toBe(Math.round(plan.maxUnits!));
    expect(plan.sentences).toContain(
      'That is longer than the 28 days it may take: it would most likely end inconclusive.',
    );
    expect(planOf(asked, { unitsPerDay: 300 }).isHopeless).toBe(false);
  });

  test('what is not known is null, and said', () => {
    const plan = planOf(asked, { unitsPerDay: null });
    expect(plan).toMatchObject({ units: 6_012, days: null, maxUnits: null, mdeAtMax: null, isHopeless: false });
    const open = planOf(specOf());
    expect(open).toMatchObject({ units: null, days: null, isHopeless: false });
    expect(open.mdeAtMax).toBeGreaterThan(0);
    expect(open.tuning.nStar).toBe(open.maxUnits);
    expect(planOf(specOf(), { unitsPerDay: null }).tuning.nStar).toBe(5_000);
    expect(planOf(specOf(), { unitsPerDay: 0 })).toMatchObject({ days: null, mdeAtMax: null });
  });

  test('spreads that are not known are assumed, and named', () => {
    const metrics = [
      metricOf({ minimumEffect: 0.05 }),
      guardrailOf('latency', { kind: 'mean', format: 'ms', margin: 100 }),
      metricOf({ name: 'length', role: 'secondary', kind: 'mean', format: 'number' }),
    ];
    const plan = planOf(specOf({ metrics }), { metrics: [null, null, { mean: 3, variance: 0 }] });
    expect(plan.assumed).toEqual(['answered', 'latency', 'length']);
    expect(plan.tuning.vRefs).toEqual([0.05 * 0.95 * 4, 500 ** 2 * 4, 0.1 ** 2 * 4]);
    expect(plan.sentences.at(-1)).toBe(
      'Nothing was measured of answered, latency, length: how much they vary is assumed.',
    );
  });
});

describe('guardrails', () => {
  const guarded = (...margins: readonly number[]) =>
    specOf({ metrics: [asked.metrics[0]!, ...margins.map((margin, index) => guardrailOf(`g${index}`, { margin }))] });
  const plan = (...margins: readonly number[]) =>
    planOf(guarded(...margins), { metrics: [RATE, ...margins.map(() => RARE)] }).guardrails;

  test('those that the planned units cannot prove are named, with the units that would', () => {
    const [wide, narrow] = plan(0.05, 0.01);
    expect(wide!.isProvable).toBe(true);
    expect(wide!.unitsNeeded).toBeLessThan(6_012);
    expect(narrow!.isProvable).toBe(false);
    expect(narrow!.unitsNeeded).toBeGreaterThan(6_012);
    expect(narrow!.provableMargin).toBeGreaterThan(0.01);
    const { sentences } = planOf(guarded(0.01), { metrics: [RATE, RARE] });
    expect(sentences).toContainEqual(
      expect.stringMatching(/^g0 cannot be proven harmless with so few users: about \d+ would do\.$/),
    );
  });

  test('the margin that can be proven is one that can', () => {
    const [{ provableMargin } = { provableMargin: 0 }] = plan(0.01);
    expect(plan(provableMargin)[0]!.isProvable).toBe(true);
    expect(plan(provableMargin * 0.999)[0]!.isProvable).toBe(false);
    expect(plan(provableMargin)[0]!.unitsNeeded).toBeLessThanOrEqual(6_012);
  });

  test('the more have to be proven together, the more units each takes', () => {
    expect(plan(0.01, 0.01, 0.01)[0]!.unitsNeeded).toBeGreaterThan(plan(0.01)[0]!.unitsNeeded * 1.1);
  });
});

describe('settings', () => {
  test('are hashed with the spec, and one change is another hash', () => {
    const settings = settingsOf(asked);
    expect(isHashOf(asked, settings)).toBe(true);
    expect(isHashOf(structuredClone(asked), structuredClone(settings))).toBe(true);
    expect(isHashOf({ ...asked, share: 0.5 }, settings)).toBe(false);
    expect(isHashOf(asked, { ...settings, nStar: settings.nStar + 1 })).toBe(false);
    expect(settings).toMatchObject({ method: 'stage_cs', nStar: 4_000, nStarRollback: 1_500, vRefs: [0.2, 0.2] });
  });

  test.each([
    [{ nStar: 0, vRefs: [1, 1] }],
    [{ nStar: 100, vRefs: [1] }],
    [{ nStar: 100, vRefs: [1, 0] }],
    [{ nStar: Number.NaN, vRefs: [1, 1] }],
  ])('without tuning they are refused: %j', (tuning) => {
    expect(() => freezeSettings(asked, tuning)).toThrow(/cannot be fixed/);
  });
});

describe('the days that are left', () => {
  const spec = specOf({ metrics: [metricOf({ minimumEffect: 0.1 }), ERRORS] });
  /** After 10 days with so many units in each arm, matured within 10 minutes. */
  const left = (baseline: readonly number[], variant: readonly number[], days = 10, asking = spec) =>
    look(asking, dataOf(armsOf(baseline, variant), { watermark: STARTED_AT + days * DAY_MS }), { days }).daysLeft;

  test('an effect that is half as large as its interval is wide takes three times as long again', () => {
    const record = look(spec, dataOf(armsOf([2_000, 1_000, 40], [2_000, 1_040, 40])));
    const { halfWidth } = record.rows[0]!.effect;
    const expected = ((halfWidth! / 0.02) ** 2 - 1) * (10 - 10 / (24 * 60));
    const futile = ((halfWidth! / (0.1 - 0.02)) ** 2 - 1) * 10;
    expect(expected).toBeGreaterThan(18);
    expect(futile).toBeLessThan(0);
    const only = specOf({ metrics: [metricOf(), ERRORS] });
    // No longer than it may last.
    expect(left([2_000, 1_000, 40], [2_000, 1_040, 40], 10, only)).toBe(18);
    const longer = specOf({ metrics: [metricOf(), ERRORS], stop: { maxDurationMs: 500 * DAY_MS } });
    expect(left([2_000, 1_000, 40], [2_000, 1_040, 40], 10, longer)).toBeCloseTo(expected, 6);
  });

  test('a minimum duration is waited for', () => {
    expect(left([2_000, 1_000, 40], [2_000, 1_160, 40], 3)).toBeCloseTo(4, 12);
  });

  test('a guardrail that is not proven yet is waited for', () => {
    const strict = specOf({
      metrics: [metricOf(), guardrailOf('errors', { margin: 0.006 })],
      stop: { maxDurationMs: 500 * DAY_MS },
    });
    const proven = specOf({
      metrics: [metricOf(), guardrailOf('errors', { margin: 0.5 })],
      stop: { maxDurationMs: 500 * DAY_MS },
    });
    const data = [
      [2_000, 1_000, 40],
      [2_000, 1_090, 40],
    ] as const;
    expect(left(...data, 10, proven)).toBeGreaterThan(0);
    expect(left(...data, 10, strict)).toBeGreaterThan(2 * left(...data, 10, proven)!);
  });

  test('before there is an interval the plan says, and before there is a unit nothing does', () => {
    // 80 of 4,000 units in 10 days.
    const longer = specOf({ stop: { maxDurationMs: 900 * DAY_MS } });
    expect(left([40, 20, 1], [40, 20, 1], 10, longer)).toBeCloseTo((3_920 / 80) * (10 - 10 / (24 * 60)), 6);
    expect(left([0, 0, 0], [0, 0, 0])).toBe(null);
  });

  test('a verdict leaves none', () => {
    expect(left([2_000, 1_000, 40], [2_000, 1_160, 40], 10)).toBe(null);
  });
});
