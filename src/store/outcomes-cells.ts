/** Sums over matured units, exact: whole millionths, and their products. */
import type { MetricCell } from '../experiment/look-data.ts';
import type { OnlineMetric } from '../experiment/spec.ts';
import type { Database } from './database.ts';
import { readQuantiles } from './outcomes-quantiles.ts';
import { cellKey, type LookAt, MATURED_VALUES, valueParams } from './unit-values.ts';

export interface Cells {
  readonly cells: readonly MetricCell[];
  /** Deliveries to matured units. */
  readonly deliveries: { readonly outcomes: number; readonly late: number; readonly outside: number };
}

type SumsRow = Omit<MetricCell, 'quantile'> & Cells['deliveries'];

/** `d` is a ratio's, whose value is its whole sum. Of other metrics it is 0, and not multiplied. */
export async function readCells(database: Database, at: LookAt, metrics: readonly OnlineMetric[]): Promise<Cells> {
  const rows = await database.query<SumsRow>(
    `select metric, stage, arm, count(x) as n, coalesce(sum(x), 0)::text as v,
       coalesce(sum(x::numeric * x), 0)::text as vv, coalesce(sum(d), 0)::text as d,
       coalesce(sum(d::numeric * d) filter (where d <> 0), 0)::text as dd,
       coalesce(sum(x::numeric * d) filter (where d <> 0), 0)::text as vd,
       count(*) filter (where x < v and ($5::bigint[])[metric + 1] is not null) as capped,
       sum(deliveries) as outcomes, sum(late) as late, sum(outside) as outside
     from (${MATURED_VALUES}) as unit group by metric, stage, arm order by metric, stage, arm`,
    valueParams(at, metrics),
  );
  const quantiles = await readQuantiles(database, at, metrics, rows);
  const total = (name: 'outcomes' | 'late' | 'outside') => rows.reduce((sum, row) => sum + row[name], 0);
  return {
    cells: rows
      .filter(({ n }) => n > 0)
      .map(({ outcomes: _, late: __, outside: ___, ...sums }) => ({
        ...sums,
        quantile: quantiles.get(cellKey(sums)) ?? null,
      })),
    deliveries: { outcomes: total('outcomes'), late: total('late'), outside: total('outside') },
  };
}
