/** What a metric was of one unit, and how much units differ: of outcomes from before an experiment. */

import { type OnlineMetric, VALUE_SCALE } from '../model/experiment-spec.ts';
import type { NewOutcome } from '../store/outcomes.ts';
import type { MetricBaseline } from './planner-variances.ts';

/** As if it had met the baseline with its first run. */
export interface UnitOutcomes {
  readonly metAt: number;
  readonly metIn: string;
  readonly outcomes: readonly NewOutcome[];
}

export interface KnownBaseline {
  /** Matured units with a value. */
  readonly units: number;
  /** Null: fewer than two, or what is not tested. */
  readonly baseline: MetricBaseline | null;
}

/** Of units whose window is over. Mean and variance are in the metric's unit. */
export function baselineOf(
  metric: OnlineMetric,
  index: number,
  units: readonly UnitOutcomes[],
  now: number,
): KnownBaseline {
  if (metric.kind === 'quantile') return { units: 0, baseline: null };
  const sums = units
    .filter(({ metAt }) => metAt + metric.windowMs <= now)
    .flatMap((unit) => sumsOf(metric, index, unit) ?? []);
  return { units: sums.length, baseline: metric.kind === 'ratio' ? ratioOf(sums) : momentsOf(sums.map(({ v }) => v)) };
}

interface Sums {
  readonly v: number;
  readonly d: number;
}

/** The unit's value; undefined where it has none. Of each run the latest counts, as in looks. */
function sumsOf(metric: OnlineMetric, index: number, { metAt, metIn, outcomes }: UnitOutcomes): Sums | undefined {
  const counted = new Map<string, NewOutcome>();
  for (const outcome of outcomes) {
    if (outcome.metric !== index) continue;
    const isInside = outcome.at <= metAt + metric.windowMs && (outcome.at >= metAt || outcome.runId === metIn);
    const known = counted.get(outcome.runId);
    if (isInside && (known === undefined || outcome.at >= known.at)) counted.set(outcome.runId, outcome);
  }
  if (counted.size === 0) return metric.absent === 'zero' && metric.kind !== 'ratio' ? { v: 0, d: 0 } : undefined;
  const total = (of: (outcome: NewOutcome) => number) =>
    [...counted.values()].reduce((sum, outcome) => sum + of(outcome), 0) / VALUE_SCALE;
  return {
    v: unitValue(
      metric,
      total(({ v }) => v),
      counted.size,
    ),
    d: total(({ d = 0 }) => d),
  };
}

function unitValue({ kind, cap }: OnlineMetric, sum: number, outcomes: number): number {
  switch (kind) {
    case 'mean':
    case 'share':
    case 'quantile':
      return sum / outcomes;
    case 'rate':
      return sum > 0 ? 1 : 0;
    case 'sum':
      return cap === null ? sum : Math.min(sum, cap);
    case 'ratio':
      return sum;
    default:
      return kind satisfies never;
  }
}

function momentsOf(values: readonly number[]): MetricBaseline | null {
  if (values.length < 2) return null;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, variance: squares / (values.length - 1) };
}

/** The variance is that of its linearised values. */
function ratioOf(sums: readonly Sums[]): MetricBaseline | null {
  const [above, below] = [sums.reduce((sum, { v }) => sum + v, 0), sums.reduce((sum, { d }) => sum + d, 0)];
  if (sums.length < 2 || below <= 0) return null;
  const mean = above / below;
  const moments = momentsOf(sums.map(({ v, d }) => (v - mean * d) / (below / sums.length)));
  return moments && { mean, variance: moments.variance };
}
