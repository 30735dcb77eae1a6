/** Sums over matured units, exact: whole millionths, and their products. */
import type { MetricCell } from '../experiment/look-data.ts';
import type { OnlineMetric } from '../experiment/spec.ts';
import type { Database } from './database.ts';
import { cellKey, type LookAt, MATURED, maturedParams } from './outcomes-matured.ts';
import { readQuantiles } from './outcomes-quantiles.ts';
import { isCapped } from './unit-values.ts';
import { countLookedAt } from './vacuum.ts';

export interface Cells {
  readonly cells: readonly MetricCell[];
  /** Deliveries to matured units. */
  readonly deliveries: { readonly outcomes: number; readonly late: number; readonly outside: number };
}

type Key = Pick<MetricCell, 'metric' | 'stage' | 'arm'>;
type Sums = Key & Pick<MetricCell, 'n' | 'v' | 'vv'> & Cells['deliveries'];
type Special = Pick<MetricCell, 'd' | 'dd' | 'vd' | 'capped'>;

/** Up to here, a square is a bigint, which is faster than a numeric. */
const SMALL = 3_037_000_499;

export async function readCells(database: Database, at: LookAt, metrics: readonly OnlineMetric[]): Promise<Cells> {
  const rows = await database.query<Sums>(
    `select metric, stage, arm, count(x) as n, coalesce(sum(x), 0)::text as v,
       (coalesce(sum(x * x) filter (where x between -${SMALL} and ${SMALL}), 0)
         + coalesce(sum(x::numeric * x) filter (where x not between -${SMALL} and ${SMALL}), 0))::text as vv,
       sum(deliveries) as outcomes, sum(late) as late, sum(outside) as outside
     from ${MATURED} group by metric, stage, arm order by metric, stage, arm`,
    maturedParams(at),
  );
  const specials = await readSpecials(database, at, metrics);
  const quantiles = await readQuantiles(database, at, metrics, rows);
  await countLookedAt(
    database,
    rows.reduce((sum, { n }) => sum + n, 0),
  );
  const total = (name: 'outcomes' | 'late' | 'outside') => rows.reduce((sum, row) => sum + row[name], 0);
  return {
    cells: rows
      .filter(({ n }) => n > 0)
      .map(({ metric, stage, arm, n, v, vv }) => {
        const key = cellKey({ metric, stage, arm });
        const special = specials.get(key) ?? NOT_SPECIAL;
        return { metric, stage, arm, n, v, vv, ...special, quantile: quantiles.get(key) ?? null };
      }),
    deliveries: { outcomes: total('outcomes'), late: total('late'), outside: total('outside') },
  };
}

const NOT_SPECIAL: Special = { d: '0', dd: '0', vd: '0', capped: 0 };

/** What only ratios and capped sums have: most metrics are neither, and are not gone through for it. */
async function readSpecials(
  database: Database,
  at: LookAt,
  metrics: readonly OnlineMetric[],
): Promise<ReadonlyMap<string, Special>> {
  const special = metrics.flatMap((metric, index) => (metric.kind === 'ratio' || isCapped(metric) ? [index] : []));
  if (special.length === 0) return new Map();
  const rows = await database.query<Key & Special>(
    `select metric, stage, arm, coalesce(sum(d), 0)::text as d, coalesce(sum(d::numeric * d), 0)::text as dd,
       coalesce(sum(x::numeric * d), 0)::text as vd, count(*) filter (where x <> v) as capped
     from ${MATURED} and metric = any($4) and n > 0 group by metric, stage, arm`,
    [...maturedParams(at), special],
  );
  return new Map(
    rows.map((row) => {
      const { d, dd, vd, capped } = row;
      return [cellKey(row), metrics[row.metric]!.kind === 'ratio' ? { d, dd, vd, capped } : { ...NOT_SPECIAL, capped }];
    }),
  );
}
