/** A unit's value of a metric, as it is made of its sums: here, and nowhere else. */
import type { MetricCell } from '../experiment/look-data.ts';
import { type OnlineMetric, VALUE_SCALE } from '../experiment/spec.ts';

/** Which units are looked at. */
export interface LookAt {
  readonly experimentId: string;
  readonly watermark: number;
  readonly fromStage: number;
}

/**
 * SQL: the value of a unit; $4 and $5 are from `valueParams`. The mean of its outcomes, rounded to the nearest whole
 * millionth, and of two as near to the one away from zero; of a rate whether any was true; of sums the sum, up to the cap.
 * Null without outcomes.
 */
const VALUE = `case when n = 0 then null else case ($4::int[])[metric + 1]
  when 0 then v / n + case when 2 * abs(v % n) < n then 0 when v < 0 then -1 else 1 end
  when 1 then case when v > 0 then ${VALUE_SCALE} else 0 end
  else least(v, ($5::bigint[])[metric + 1]) end end`;
const VALUE_KINDS = { mean: 0, share: 0, quantile: 0, rate: 1, sum: 2, ratio: 2 } as const;

/** SQL: the values of units that have matured. Excluded units have no rows. */
export const MATURED_VALUES = `select *, ${VALUE} as x from unit_metric
  where experiment_id = $1 and matures_at <= $2 and stage >= $3`;

export const valueParams = (at: LookAt, metrics: readonly OnlineMetric[]): readonly unknown[] => [
  at.experimentId,
  new Date(at.watermark),
  at.fromStage,
  metrics.map(({ kind }) => VALUE_KINDS[kind]),
  metrics.map(({ kind, cap }) => (kind === 'sum' && cap !== null ? Math.round(cap * VALUE_SCALE) : null)),
];

export const cellKey = ({ metric, stage, arm }: Pick<MetricCell, 'metric' | 'stage' | 'arm'>): string =>
  `${metric}/${stage}/${arm}`;
