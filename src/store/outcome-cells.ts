/** Sums and quantiles over the units that have matured: exact, in whole millionths, and their products. */

import type { ArrivalCount, MetricCell } from '../model/analysis-data.ts';
import { isOfEvents, type OnlineMetric } from '../model/experiment-spec.ts';
import { quantileBounds } from '../stats/quantiles.ts';
import type { Database } from './database.ts';
import { isCapped } from './outcome-sums.ts';
import { countLookedAt } from './vacuum.ts';

export interface LookAt {
  readonly experimentId: string;
  readonly watermark: number;
  readonly fromStage: number;
}

/** SQL: units that have matured; their parameters come first. Excluded units have no rows. */
const maturedAt = ({ fromStage }: LookAt): string =>
  `unit_metric where experiment_id = $1 and matures_at <= $2 and ${fromStage > 1 ? 'stage >= $3' : '$3::int <= 1'}`;

const maturedParams = ({ experimentId, watermark, fromStage }: LookAt): readonly unknown[] => [
  experimentId,
  new Date(watermark),
  fromStage,
];

/**
 * SQL: the columns that `unit_metric.cell` is made of. It is grouped by and sorted in half the time that three columns take,
 * and in the same order.
 */
const CELL = 'cell / 1048576 as metric, cell / 256 % 4096 as stage, cell % 256 as arm';

/** As the database makes it (migration 0012). */
const cellNumber = ({ metric, stage, arm }: Pick<MetricCell, 'metric' | 'stage' | 'arm'>): number =>
  metric * 1_048_576 + stage * 256 + arm;

const cellKey = ({ metric, stage, arm }: Pick<MetricCell, 'metric' | 'stage' | 'arm'>): string =>
  `${metric}/${stage}/${arm}`;

export interface Cells {
  readonly cells: readonly MetricCell[];
  /** For event metrics. */
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

/** Of the interval, which is shown and not tested. */
const ALPHA = 0.05;

type Cell = Pick<MetricCell, 'metric' | 'stage' | 'arm' | 'n'>;
type Quantile = NonNullable<MetricCell['quantile']>;

/** By `cellKey`, of the metrics that are quantiles; ranks are counted from 0, as in `quantileBounds`. */
async function readQuantiles(
  database: Database,
  at: LookAt,
  metrics: readonly OnlineMetric[],
  cells: readonly Cell[],
): Promise<ReadonlyMap<string, Quantile>> {
  const wanted = cells.flatMap((cell) => {
    const { kind, quantile } = metrics[cell.metric]!;
    return kind === 'quantile' && quantile !== null && cell.n > 0 ? [{ cell, ...ranksOf(cell.n, quantile) }] : [];
  });
  if (wanted.length === 0) return new Map();
  const asked = wanted.flatMap(({ cell, ranks }) => ranks.map((rank) => ({ ...cell, rank })));
  const rows = await database.query<Cell & { rank: number; x: number }>(
    `select ${CELL}, rank, x from (
       select cell, x, row_number() over (partition by cell order by x) - 1 as rank
       from ${maturedAt(at)} and metric = any($4) and x is not null
     ) as ranked
     where (cell, rank) in (select * from unnest($5::int[], $6::bigint[]))`,
    [
      ...maturedParams(at),
      [...new Set(wanted.map(({ cell }) => cell.metric))],
      asked.map(cellNumber),
      asked.map(({ rank }) => rank),
    ],
  );
  const values = new Map(rows.map((row) => [`${cellKey(row)}/${row.rank}`, row.x]));
  return new Map(
    wanted.map(({ cell, below, above, part, lower, upper }) => {
      const valueAt = (rank: number): number => values.get(`${cellKey(cell)}/${rank}`)!;
      const estimate = valueAt(below) + (valueAt(above) - valueAt(below)) * part;
      const [lo, hi] = [lower, upper].map((rank) => (rank === null ? null : valueAt(rank)));
      return [cellKey(cell), { estimate, lo: lo!, hi: hi! }];
    }),
  );
}

/** The estimate lies between two ranks, as in `quantileOfSorted`. */
function ranksOf(n: number, q: number) {
  const position = (n - 1) * q;
  const below = Math.floor(position);
  const above = Math.min(below + 1, n - 1);
  const { lower, upper } = quantileBounds(n, q, ALPHA);
  const ranks = [...new Set([below, above, lower, upper].filter((rank) => rank !== null))];
  return { below, above, part: position - below, lower, upper, ranks };
}
