/** Quantiles of units' values, with their intervals: of many values only those at a few ranks are fetched. */

import type { OnlineMetric } from '../model/experiment-spec.ts';
import type { MetricCell } from '../model/look-data.ts';
import { quantileBounds } from '../stats/quantiles.ts';
import type { Database } from './database.ts';
import { CELL, cellKey, cellNumber, type LookAt, maturedAt, maturedParams } from './outcomes-matured.ts';

/** Of the interval, which is shown and not tested. */
const ALPHA = 0.05;

type Cell = Pick<MetricCell, 'metric' | 'stage' | 'arm' | 'n'>;
type Quantile = NonNullable<MetricCell['quantile']>;

/** By `cellKey`, of the metrics that are quantiles; ranks are counted from 0, as in `quantileBounds`. */
export async function readQuantiles(
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
