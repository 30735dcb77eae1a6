/** A unit's value of a metric: made of its sums here, and nowhere else. */
import { type OnlineMetric, VALUE_SCALE } from '../model/experiment-spec.ts';

/** What the database has to know of a metric to sum up a unit's outcomes. */
export interface MetricLaw {
  readonly experiment: string;
  /** Index in the spec. */
  readonly metric: number;
  readonly windowMs: number;
  readonly kind: OnlineMetric['kind'];
  /** In millionths; null: none. */
  readonly cap: number | null;
}

export const lawsOf = (experiment: string, metrics: readonly OnlineMetric[]): readonly MetricLaw[] =>
  metrics.map(({ windowMs, kind, cap }, metric) => ({
    experiment,
    metric,
    windowMs,
    kind,
    cap: isCapped({ kind, cap }) ? Math.round(cap! * VALUE_SCALE) : null,
  }));

export const isCapped = ({ kind, cap }: Pick<OnlineMetric, 'kind' | 'cap'>): boolean => kind === 'sum' && cap !== null;

/** A FROM item that yields `laws (experiment_id, metric, window_ms, kind, cap)`, whose arrays are the parameters from `$first` on. */
export const lawsFrom = (first: number): string =>
  `unnest($${first}::text[], $${first + 1}::smallint[], $${first + 2}::float8[], $${first + 3}::text[], $${first + 4}::bigint[])
    as law (experiment_id, metric, window_ms, kind, cap)`;

export const lawArrays = (laws: readonly MetricLaw[]): readonly unknown[][] => [
  laws.map(({ experiment }) => experiment),
  laws.map(({ metric }) => metric),
  laws.map(({ windowMs }) => windowMs),
  laws.map(({ kind }) => kind),
  laws.map(({ cap }) => cap),
];

/**
 * SQL over `n`, `v`, `kind` and `cap`: the mean of its outcomes, rounded to the nearest whole millionth, and of two as near
 * to the one away from zero; of a rate whether any was true; of a sum the sum, up to the cap on either side of 0; of a ratio its numerator.
 * Null without outcomes.
 */
export const UNIT_VALUE = `case when n = 0 then null
  when kind in ('mean', 'share', 'quantile')
    then v / n + case when 2 * abs(v % n) < n then 0 when v < 0 then -1 else 1 end
  when kind = 'rate' then case when v > 0 then ${VALUE_SCALE} else 0 end
  else greatest(-cap, least(v, cap)) end`;
