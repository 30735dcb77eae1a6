/**
 * What a look reads. It moves the watermark first, which waits for whoever is summing up: what has matured by then does
 * not change any more, so the rest need not be read at one moment.
 */
import type { BreakerCount, LookData, MaturedCount, UnitCount } from '../model/look-data.ts';
import { nowSql } from './clock.ts';
import type { Database } from './database.ts';
import { unknownExperiment } from './experiments-find.ts';
import type { LookRequest } from './outcomes.ts';
import { readCells } from './outcomes-cells.ts';
import type { LookAt } from './outcomes-matured.ts';
import { countAssigned } from './outcomes-unexposed.ts';

/** Windows of the breaker in which runs failed, by arm, the newest: a day and more of the usual ones. */
const BREAKER_WINDOWS = 100;

export async function lookAt(
  database: Database,
  experimentId: string,
  request: LookRequest,
  now: Date | null,
): Promise<LookData> {
  const { startedAt, fromStage, stopped } = request;
  const watermark = await moveWatermark(database, experimentId, request, now);
  const at = { experimentId, watermark, fromStage };
  const units = await countUnits(database, at, windowsOf(request));
  const { cells, arrivals, deliveries } = await readCells(database, at, request.metrics);
  return {
    watermark,
    startedAt,
    fromStage,
    exposed: units.exposed,
    matured: units.matured,
    assigned: await countAssigned(database, at, units.exposedOnce),
    cells,
    breaker: await readBreaker(database, experimentId),
    ...(arrivals.length > 0 && { arrivals }),
    counts: { twoArms: units.twoArms, overridden: units.overridden, ...deliveries },
    stopped: [...stopped].sort((a, b) => a - b),
  };
}

/**
 * What is fixed stays so, so a clock that is ahead must not fix what has not matured by the database's, which is that of
 * exposures. Whole milliseconds, as units are read; `least` passes over null.
 */
async function moveWatermark(
  database: Database,
  experimentId: string,
  { watermark: to, graceMs }: LookRequest,
  now: Date | null,
): Promise<number> {
  const [row] = await database.query<{ watermark: number }>(
    `update experiment set watermark = greatest(watermark, least($2::timestamptz,
       date_trunc('milliseconds', ${nowSql('$4')}) - $3::float8 * interval '1 millisecond'))
     where experiment_id = $1 returning watermark`,
    [experimentId, new Date(to), graceMs ?? null, now],
  );
  if (row === undefined) throw await unknownExperiment(database, experimentId);
  return row.watermark;
}

const windowsOf = ({ metrics }: LookRequest): readonly number[] =>
  [...new Set(metrics.map(({ windowMs }) => windowMs))].sort((a, b) => a - b);

interface Units {
  readonly exposed: readonly UnitCount[];
  readonly matured: readonly MaturedCount[];
  /** Those that were seen in two arms included. */
  readonly exposedOnce: readonly UnitCount[];
  readonly twoArms: number;
  readonly overridden: number;
}

async function countUnits(database: Database, at: LookAt, windows: readonly number[]): Promise<Units> {
  const cutoffs = windows.map((windowMs) => new Date(at.watermark - windowMs));
  const matured = cutoffs.map((_, index) => `count(*) filter (where exposed_at <= $${index + 4})::int`);
  const rows = await database.query<UnitCount & { excluded: string | null; matured: number[] }>(
    `select stage, arm, excluded, count(*) as n, array[${matured.join(', ')}]::int[] as matured
     from exposure where experiment_id = $1 and exposed_at <= $2 and stage >= $3
     group by stage, arm, excluded order by stage, arm`,
    [at.experimentId, new Date(at.watermark), at.fromStage, ...cutoffs],
  );
  const analysed = rows.filter(({ excluded }) => excluded === null);
  const excludedFor = (why: string) =>
    rows.filter(({ excluded }) => excluded === why).reduce((sum, { n }) => sum + n, 0);
  return {
    exposed: analysed.map(({ stage, arm, n }) => ({ stage, arm, n })),
    matured: windows.flatMap((windowMs, index) =>
      analysed
        .map(({ stage, arm, matured: counts }) => ({ stage, arm, n: counts[index]!, windowMs }))
        .filter(({ n }) => n > 0),
    ),
    exposedOnce: rows.filter(({ excluded }) => excluded !== 'override'),
    twoArms: excludedFor('two_arms'),
    overridden: excludedFor('override'),
  };
}

/** Windows in which nothing failed trip nothing; each arm's newest is there, for what is shown. */
function readBreaker(database: Database, experimentId: string): Promise<readonly BreakerCount[]> {
  return database.query<BreakerCount>(
    `select arm, window_no as "window", requests, failures from (
       select *, row_number() over (partition by arm order by window_no desc) as age,
         row_number() over (partition by arm, failures > 0 order by window_no desc) as rank
       from breaker_count where experiment_id = $1
     ) as w
     where age = 1 or (failures > 0 and rank <= ${BREAKER_WINDOWS}) order by arm, window_no`,
    [experimentId],
  );
}
