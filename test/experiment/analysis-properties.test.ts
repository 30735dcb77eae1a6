/** What holds for any data: units of measurement, names of arms, and the order of rows change nothing that matters. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { differences } from '../../src/experiment/audit.ts';
import type { AnalysisData, MetricCell } from '../../src/model/analysis-data.ts';
import type { ExperimentSpec, OnlineKind } from '../../src/model/experiment-spec.ts';
import { canonicalJson } from '../../src/plan/id.ts';
import {
  cellOf,
  DAY_MS,
  dataOf,
  guardrailOf,
  look,
  metricOf,
  settingsOf,
  specOf,
  WINDOW_MS,
} from './analysis-fixtures.ts';

const SCALE = 1_000_000n;

/** Sums that some units could have: n units whose values differ by some step around a centre. */
const sums = fc
  .record({
    n: fc.integer({ min: 0, max: 3_000 }),
    centre: fc.integer({ min: -3_000_000, max: 3_000_000 }),
    step: fc.integer({ min: 0, max: 900_000 }),
  })
  .map(({ n, centre, step }) => {
    const [count, mean, spread] = [BigInt(n), BigInt(centre), BigInt(step)];
    return {
      n,
      v: count * mean,
      vv: count * (mean * mean + spread * spread),
      d: count * SCALE,
      dd: count * (SCALE * SCALE + spread),
      vd: count * mean * SCALE,
    };
  });
const rates = fc
  .tuple(fc.integer({ min: 0, max: 3_000 }), fc.double({ min: 0, max: 1, noNaN: true }))
  .map(([n, share]) => {
    const successes = BigInt(Math.floor(n * share));
    return { n, v: successes * SCALE, vv: successes * SCALE * SCALE, d: 0n, dd: 0n, vd: 0n };
  });

const ARMS = 3;
const KINDS: readonly OnlineKind[] = ['rate', 'mean', 'sum', 'ratio'];

/** A spec of a primary and two guardrails, with data of three arms in up to three stages. */
const seen = fc
  .record({
    kinds: fc.tuple(...Array.from({ length: 3 }, () => fc.constantFrom(...KINDS))),
    stages: fc.integer({ min: 1, max: 3 }),
    days: fc.integer({ min: 0, max: 40 }),
    absent: fc.constantFrom('zero' as const, 'missing' as const),
    breaker: fc.array(fc.tuple(fc.nat(30), fc.nat(30)), { maxLength: 4 }),
  })
  .chain(({ kinds, stages, days, absent, breaker }) => {
    const metrics = kinds.map((kind, index) =>
      index === 0
        ? metricOf({ kind, absent, minimumEffect: 0.1 })
        : guardrailOf(`guardrail-${index}`, { kind, absent, margin: 0.3 }),
    );
    const places = kinds.flatMap((kind, metric) =>
      Array.from({ length: stages * ARMS }, (_, index) => ({
        kind,
        metric,
        stage: 1 + Math.floor(index / ARMS),
        arm: index % ARMS,
      })),
    );
    return fc.tuple(...places.map(({ kind }) => (kind === 'rate' ? rates : sums))).map((cells) => ({
      spec: specOf({ variants: [1 / 3, 1 / 3], metrics }),
      days,
      data: dataOf(
        cells.map(({ n, ...exact }, index): MetricCell => {
          const { metric, stage, arm } = places[index]!;
          const text = Object.fromEntries(Object.entries(exact).map(([name, sum]) => [name, String(sum)]));
          return cellOf({ metric, stage, arm, n, ...text });
        }),
        {
          breaker: breaker.map(([requests, failures], index) => ({
            arm: 1 + (index % 2),
            window: 1 + Math.floor(index / 2),
            requests: requests + failures,
            failures,
          })),
        },
      ),
    }));
  });

const RUNS = { numRuns: 60 };

describe('any data', () => {
  test('has a decision, as canonical JSON, within the words there are', () => {
    fc.assert(
      fc.property(seen, fc.constantFrom('experiment' as const, 'rollout' as const), ({ spec, data, days }, phase) => {
        const record = look(spec, data, { days, phase });
        expect(() => canonicalJson(record as never)).not.toThrow();
        if (phase === 'rollout') expect(['continue', 'rollback']).toContain(record.decision);
        if (record.daysLeft !== null) expect(record.daysLeft).toBeLessThanOrEqual(Math.max(0, 28 - days));
        if (record.decision !== 'continue') expect(record.daysLeft).toBe(null);
        if (record.decision === 'rollback') expect(record.stops).toContain(record.arm);
        if (record.decision === 'rollback' && phase === 'experiment') expect(record.stops).toEqual([1, 2]);
        if (record.decision === 'promote') expect(record.stops).toEqual([3 - record.arm!]);
      }),
      RUNS,
    );
  });

  test('in whatever order its rows come', () => {
    fc.assert(
      fc.property(seen, fc.infiniteStream(fc.nat()), ({ spec, data, days }, order) => {
        const shuffled = <T>(list: readonly T[]): readonly T[] =>
          list
            .map((value) => ({ value, key: order.next().value! }))
            .sort((a, b) => a.key - b.key)
            .map(({ value }) => value);
        const other: AnalysisData = {
          ...data,
          ...{ cells: shuffled(data.cells), matured: shuffled(data.matured) },
          ...{ exposed: shuffled(data.exposed), breaker: shuffled(data.breaker) },
        };
        expect({ ...look(spec, other, { days }), data }).toEqual(look(spec, data, { days }));
      }),
      RUNS,
    );
  });
});

/** The same numbers from arms 1 and 2 under each other's name. */
function swapped(data: AnalysisData): AnalysisData {
  const other = <T extends { readonly arm: number }>(list: readonly T[]): readonly T[] =>
    list.map((value) => ({ ...value, arm: value.arm === 0 ? 0 : 3 - value.arm }));
  return {
    ...data,
    ...{ cells: other(data.cells), matured: other(data.matured) },
    ...{ exposed: other(data.exposed), breaker: other(data.breaker) },
  };
}

test('variants under other names have the same verdicts', () => {
  fc.assert(
    fc.property(seen, ({ spec, data, days }) => {
      const [plain, renamed] = [look(spec, data, { days }), look(spec, swapped(data), { days })];
      const ofArm = (record: typeof plain, arm: number) =>
        record.verdicts.filter((verdict) => verdict.arm === arm).map((verdict) => ({ ...verdict, arm: 0 }));
      expect(ofArm(renamed, 1)).toEqual(ofArm(plain, 2));
      expect(ofArm(renamed, 2)).toEqual(ofArm(plain, 1));
      expect(renamed.decision).toBe(plain.decision);
    }),
    RUNS,
  );
});

/** Values of all metrics in units that are a thousand times smaller, with what is declared and tuned in them. */
function inThousandths(spec: ExperimentSpec, data: AnalysisData) {
  const times = (text: string, factor: bigint) => String(BigInt(text) * factor);
  const isScaled = ({ metric }: MetricCell) => spec.metrics[metric]!.kind !== 'rate';
  const cells = data.cells.map((cell) =>
    isScaled(cell)
      ? { ...cell, v: times(cell.v, 1000n), vv: times(cell.vv, 1_000_000n), vd: times(cell.vd, 1000n) }
      : cell,
  );
  const metrics = spec.metrics.map((metric) => {
    if (metric.kind === 'rate') return metric;
    const { margin, minimumEffect } = metric;
    return { ...metric, margin: margin && margin * 1000, minimumEffect: minimumEffect && minimumEffect * 1000 };
  });
  const settings = settingsOf(spec);
  const vRefs = settings.vRefs.map((vRef, index) => (spec.metrics[index]!.kind === 'rate' ? vRef : vRef * 1e6));
  return { spec: { ...spec, metrics }, data: { ...data, cells }, settings: { ...settings, vRefs } };
}

test('milliseconds instead of seconds decide the same', () => {
  fc.assert(
    fc.property(seen, ({ spec, data, days }) => {
      const scaled = inThousandths(spec, data);
      const [plain, small] = [
        look(spec, data, { days }),
        look(scaled.spec, scaled.data, { days, settings: scaled.settings }),
      ];
      expect(small.verdicts).toEqual(plain.verdicts);
      const sizes = (record: typeof plain, unit: number) =>
        record.rows.map(({ effect, metric }) => {
          const isRate = spec.metrics.find(({ name }) => name === metric)!.kind === 'rate';
          return effect.halfWidth === null ? null : effect.halfWidth / (isRate ? 1 : unit);
        });
      expect(differences(sizes(small, 1000), sizes(plain, 1))).toEqual([]);
    }),
    RUNS,
  );
});

test('a unit that is counted in two rows is two', () => {
  const halves = (n: number) => [n, n].map((half) => ({ windowMs: WINDOW_MS, stage: 1, arm: 0, n: half }));
  const silent = specOf({ metrics: [metricOf({ absent: 'zero' })] });
  const record = look(silent, { ...dataOf([]), matured: halves(30), watermark: DAY_MS });
  expect(record.rows[0]!.units).toEqual([60, 0]);
});
