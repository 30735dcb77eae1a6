/** Sums over matured units, exact: whole millionths, and their products. */

import { isOfEvents, type OnlineMetric } from '../model/experiment-spec.ts';
import type { ArrivalCount, MetricCell } from '../model/look-data.ts';
import type { Database } from './database.ts';
import { CELL, cellKey, type LookAt, maturedAt, maturedParams } from './outcomes-matured.ts';
import { readQuantiles } from './outcomes-quantiles.ts';
import { isCapped } from './unit-values.ts';
import { countLookedAt } from './vacuum.ts';

export interface Cells {
  readonly cells: readonly MetricCell[];
  /** Of metrics whose data are events. */
  readonly arrivals: readonly ArrivalCount[];
  /** Deliveries to matured units. */
  readonly deliveries: { readonly outcomes: number; readonly late: number; readonly outside: number };
}

type Key = Pick<MetricCell, 'metric' | 'stage' | 'arm'>;
type Sums = Key &
  Pick<MetricCell, 'n' | 'v' | 'vv'> &
  Pick<Cells['deliveries'], 'outcomes'> &
  Pick<ArrivalCount, 'events'>;
type Special = Pick<MetricCell, 'd' | 'dd' | 'vd' | 'capped'>;

/** `unit_metric.xx_high` counts so many: 2^62. */
const HIGH = '4611686018427387904';
/** Up to here, a product is a bigint, which is faster than a numeric. */
const SMALL = 3_037_000_499;

/** SQL: the sum of products of two columns. */
const sumOfProducts = (a: string, b: string): string => {
  const areSmall = `${a} between -${SMALL} and ${SMALL} and ${b} between -${SMALL} and ${SMALL}`;
  return `(coalesce(sum(${a} * ${b}) filter (where ${areSmall}), 0)
    + coalesce(sum(${a}::numeric * ${b}) filter (where not (${areSmall})), 0))::text`;
};

export async function readCells(database: Database, at: LookAt, metrics: readonly OnlineMetric[]): Promise<Cells> {
  const rows = await database.query<Sums>(
    `select ${CELL}, count(x) as n, coalesce(sum(x), 0)::text as v,
       (coalesce(sum(xx_high), 0) * ${HIGH} + coalesce(sum(xx_low), 0))::text as vv,
       sum(deliveries) as outcomes, sum(n) as events
     from ${maturedAt(at)} group by cell order by cell`,
    maturedParams(at),
  );
  const specials = await readSpecials(database, at, metrics);
  const quantiles = await readQuantiles(database, at, metrics, rows);
  await countLookedAt(
    database,
    rows.reduce((sum, { n }) => sum + n, 0),
  );
  const notApplied = await readNotApplied(database, at);
  const late = new Map(notApplied.map((row) => [cellKey(row), row.late]));
  return {
    cells: rows
      .filter(({ n }) => n > 0)
      .map(({ metric, stage, arm, n, v, vv }) => {
        const key = cellKey({ metric, stage, arm });
        const special = specials.get(key) ?? NOT_SPECIAL;
        return { metric, stage, arm, n, v, vv, ...special, quantile: quantiles.get(key) ?? null };
      }),
    arrivals: rows
      .filter(({ metric }) => isOfEvents(metrics[metric]!))
      .map(({ metric, stage, arm, events }) => {
        return { metric, stage, arm, events, late: late.get(cellKey({ metric, stage, arm })) ?? 0 };
      })
      .filter((count) => count.events > 0 || count.late > 0),
    deliveries: {
      outcomes: total(rows, ({ outcomes }) => outcomes),
      late: total(notApplied, (row) => row.late),
      outside: total(notApplied, ({ outside }) => outside),
    },
  };
}

const total = <Row>(rows: readonly Row[], of: (row: Row) => number): number =>
  rows.reduce((sum, row) => sum + of(row), 0);

type NotApplied = Key & Omit<Cells['deliveries'], 'outcomes'>;

/** Hardly any unit has some: there is an index of those that do. */
function readNotApplied(database: Database, at: LookAt): Promise<readonly NotApplied[]> {
  return database.query<NotApplied>(
    `select ${CELL}, sum(late)::bigint as late, sum(outside)::bigint as outside
     from ${maturedAt(at)} and (late > 0 or outside > 0) group by cell`,
    maturedParams(at),
  );
}

const NOT_SPECIAL: Special = { d: '0', dd: '0', vd: '0', capped: 0 };

/** What only ratios and capped sums have: most metrics are neither, and are not gone through for it. */
async function readSpecials(
  database: Database,
  at: LookAt,
  metrics: readonly OnlineMetric[],
): Promise<ReadonlyMap<string, Special>> {
  const ratios = await readOf<Special>(
    database,
    at,
    indexesOf(metrics, ({ kind }) => kind === 'ratio'),
    `coalesce(sum(d), 0)::text as d, ${sumOfProducts('d', 'd')} as dd, ${sumOfProducts('x', 'd')} as vd, 0 as capped`,
    'n > 0',
  );
  const capped = await readOf<Pick<Special, 'capped'>>(
    database,
    at,
    indexesOf(metrics, isCapped),
    'count(*) as capped',
    'x <> v',
  );
  return new Map([
    ...ratios.map(({ metric, stage, arm, ...special }) => [cellKey({ metric, stage, arm }), special] as const),
    ...capped.map((row) => [cellKey(row), { ...NOT_SPECIAL, capped: row.capped }] as const),
  ]);
}

const indexesOf = (metrics: readonly OnlineMetric[], is: (metric: OnlineMetric) => boolean): readonly number[] =>
  metrics.flatMap((metric, index) => (is(metric) ? [index] : []));

/** Columns of the cells of some metrics, over the units for which `condition` holds. */
async function readOf<Columns extends object>(
  database: Database,
  at: LookAt,
  metrics: readonly number[],
  columns: string,
  condition: string,
): Promise<readonly (Key & Columns)[]> {
  if (metrics.length === 0) return [];
  return database.query<Key & Columns>(
    `select ${CELL}, ${columns} from ${maturedAt(at)} and metric = any($4) and ${condition} group by cell`,
    [...maturedParams(at), metrics],
  );
}
