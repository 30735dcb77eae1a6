/** Specs and looks' data for tests of the law: rates with round numbers, and cells made of units' values. */

import { type AnalysisInput, analysisRecord } from '../../src/experiment/analysis-record.ts';
import { freezeSettings } from '../../src/experiment/method.ts';
import type { AnalysisData, AnalysisRecord, MetricCell } from '../../src/model/analysis-data.ts';
import {
  EXPERIMENT_FORMAT,
  type ExperimentSpec,
  type FrozenSettings,
  type OnlineMetric,
  type StopSettings,
  VALUE_SCALE,
} from '../../src/model/experiment-spec.ts';

const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
export const WINDOW_MS = 10 * 60_000;
export const STARTED_AT = Date.UTC(2026, 2, 1);

const RATE: OnlineMetric = {
  name: 'answered',
  role: 'primary',
  kind: 'rate',
  source: { from: 'run', field: 'failed' },
  denominator: null,
  above: null,
  cap: null,
  quantile: null,
  better: 'higher',
  format: 'share',
  minimumEffect: null,
  margin: null,
  windowMs: WINDOW_MS,
  absent: 'missing',
};

export const metricOf = (change: Partial<OnlineMetric> = {}): OnlineMetric => ({ ...RATE, ...change });
export const guardrailOf = (name: string, change: Partial<OnlineMetric> = {}): OnlineMetric =>
  metricOf({ name, role: 'guardrail', better: 'lower', margin: 0.02, ...change });

export const ANSWERED = metricOf();
export const ERRORS = guardrailOf('errors');

const STOP: StopSettings = {
  method: 'stage_cs',
  alpha: 0.05,
  alphaRollback: 0.05,
  alphaPromotion: 0.05,
  power: 0.8,
  minUnits: 50,
  minDurationMs: 7 * DAY_MS,
  maxDurationMs: 28 * DAY_MS,
  lookEveryMs: 15 * 60_000,
  graceMs: 60_000,
};

export interface SpecParts extends Partial<Omit<ExperimentSpec, 'stop' | 'arms'>> {
  /** Of the variants; the baseline has the rest. Default: one of a half. */
  readonly variants?: readonly number[];
  readonly stop?: Partial<StopSettings>;
}

export function specOf({ variants = [0.5], stop, ...parts }: SpecParts = {}): ExperimentSpec {
  const rest = 1 - variants.reduce((sum, weight) => sum + weight, 0);
  return {
    format: EXPERIMENT_FORMAT,
    name: 'rerank',
    pipeline: 'docs-search',
    assignVersion: 1,
    unit: null,
    unitName: 'user',
    target: null,
    layer: null,
    share: 1,
    arms: [
      { name: 'baseline', weight: rest, edits: [] },
      ...variants.map((weight, index) => ({ name: `variant-${index + 1}`, weight, edits: [] })),
    ],
    overrides: {},
    scorers: [],
    metrics: [ANSWERED, ERRORS],
    breaker: { ceiling: 0.2, windowMs: 15 * 60_000 },
    stop: { ...STOP, ...stop },
    rollout: { steps: [0.5, 1], soakMs: HOUR_MS, unitsPerStep: 50, approval: 'auto' },
    ...parts,
  };
}

export const settingsOf = (spec: ExperimentSpec, nStar = 4_000): FrozenSettings =>
  freezeSettings(spec, { nStar, vRefs: spec.metrics.map(() => 0.2) });

export const cellOf = (change: Partial<MetricCell> = {}): MetricCell => ({
  ...{ metric: 0, stage: 1, arm: 0, n: 0, v: '0', vv: '0', d: '0', dd: '0', vd: '0', capped: 0, quantile: null },
  ...change,
});

/** So many successes of so many units. */
export const rateCell = (metric: number, arm: number, n: number, successes: number, stage = 1): MetricCell =>
  cellOf({ metric, stage, arm, n, v: `${successes}000000`, vv: `${successes}000000000000` });

/** Units' values, and a ratio's denominators. */
export function valuesCell(
  metric: number,
  arm: number,
  values: readonly number[],
  { below = [], stage = 1 }: { readonly below?: readonly number[]; readonly stage?: number } = {},
): MetricCell {
  const [v, d] = [values, values.map((_, index) => below[index] ?? 0)].map((list) =>
    list.map((value) => BigInt(Math.round(value * VALUE_SCALE))),
  ) as [bigint[], bigint[]];
  const sum = (list: readonly bigint[]) => String(list.reduce((total, value) => total + value, 0n));
  const product = (a: readonly bigint[], b: readonly bigint[]) => a.map((value, index) => value * b[index]!);
  return cellOf({
    ...{ metric, stage, arm, n: values.length, v: sum(v), vv: sum(product(v, v)) },
    ...{ d: sum(d), dd: sum(product(d, d)), vd: sum(product(v, d)) },
  });
}

/** Data in which units are exposed, and mature, as the cells of the first metric have them, unless it is said otherwise. */
export function dataOf(cells: readonly MetricCell[], change: Partial<AnalysisData> = {}): AnalysisData {
  const exposed = cells.filter(({ metric }) => metric === 0).map(({ stage, arm, n }) => ({ stage, arm, n }));
  return {
    watermark: STARTED_AT + 10 * DAY_MS,
    startedAt: STARTED_AT,
    fromStage: 1,
    exposed,
    matured: exposed.map((count) => ({ windowMs: WINDOW_MS, ...count })),
    cells,
    breaker: [],
    counts: { twoArms: 0, overridden: 0, outcomes: 4_000, late: 0, outside: 0 },
    stopped: [],
    ...change,
  };
}

/** Rates of arms: `[[units, successes of the first metric, of the second, ...], ...]`, the baseline first. */
export const armsOf = (...arms: readonly (readonly number[])[]): readonly MetricCell[] =>
  (arms[0] ?? [])
    .slice(1)
    .flatMap((_, metric) => arms.map(([n, ...successes], arm) => rateCell(metric, arm, n!, successes[metric]!)));

export function look(
  spec: ExperimentSpec,
  data: AnalysisData,
  { days = 10, settings = settingsOf(spec), ...change }: Partial<AnalysisInput> & { readonly days?: number } = {},
): AnalysisRecord {
  const at = data.startedAt + days * DAY_MS;
  return analysisRecord({ spec, settings, data, lookNo: 1, phase: 'experiment', at, version: '1.0.0', ...change });
}
