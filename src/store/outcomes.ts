/**
 * Exposures and outcomes of experiments. Every delivery is stored. A unit's sums are recomputed from its deliveries, so
 * order and repetition do not change them. They are final when the unit has matured.
 */

import { SluiceError } from '../base/errors.ts';
import type { AnalysisData, BreakerCount, MaturedCount, UnitCount } from '../model/analysis-data.ts';
import type { OnlineMetric } from '../model/experiment-spec.ts';
import { bound, nowSql, type TimedDatabase } from './bound.ts';
import { batches, type Database } from './database.ts';
import { countAssigned, expose, noteUnexposed } from './exposures.ts';
import { type LookAt, readCells } from './outcome-cells.ts';
import { rulesOf, sumUp } from './outcome-sums.ts';
import { unknownExperiment } from './serving.ts';

export interface NewExposure {
  readonly experiment: string;
  readonly unit: string;
  /** Index in the spec. */
  readonly arm: number;
  readonly stage: number;
  readonly probability: number;
  readonly runId: string;
  readonly excluded?: 'override';
  /** Default: the database's time. */
  readonly at?: number;
}

/** A unit that is assigned to an arm, of which a run ended without exposing it. */
export interface NewUnexposed extends Pick<NewExposure, 'experiment' | 'unit' | 'arm' | 'stage'> {
  /** Default: the database's time. */
  readonly at?: number;
}

export interface NewOutcome {
  readonly experiment: string;
  readonly unit: string;
  /** The arm of the run, for the breaker: index in the spec. */
  readonly arm: number;
  /** Index in the spec. */
  readonly metric: number;
  readonly runId: string;
  /** The same delivery has the same id. */
  readonly deliveryId: string;
  /** Whole millionths, at most 10^15; `d` is a ratio's denominator. Of a share, 0 or a million: whether it is above. */
  readonly v: number;
  readonly d?: number;
  readonly at: number;
  /** Default: the database's time. */
  readonly receivedAt?: number;
}

export interface OutcomeSettings {
  readonly metrics: readonly OnlineMetric[];
  /** Index of the metric whose outcomes the breaker counts. */
  readonly failed: number;
  readonly breakerWindowMs: number;
  readonly startedAt: number;
}

export interface LookRequest extends OutcomeSettings {
  readonly watermark: number;
  /** The watermark is moved no nearer to the database's time than this; absent: to wherever the caller says. */
  readonly graceMs?: number;
  readonly fromStage: number;
  /** Indexes of variants that were stopped before. */
  readonly stopped: readonly number[];
  readonly arms: number;
}

export const createOutcomes = (database: TimedDatabase) =>
  bound(database, {
    expose,
    noteUnexposed,
    put: putOutcomes,
    look: lookAt,
    exposedUnits,
  });
export type Outcomes = ReturnType<typeof createOutcomes>;

// Deliveries of outcomes. Two transactions: the first keeps them, and counts the runs that are new for the breaker; the
// second sums up their units. A unit may be exposed at the same moment: whichever of the two keeps its row later finds
// the other's when it sums up, which it could not do if keeping and summing were one.

/** Rows per statement: the embedded database serves nobody else meanwhile. */
const BATCH_ROWS = 2_000;
/** In millionths: one thousand million units. */
const LARGEST_VALUE = 1e15;

type Settings = ReadonlyMap<string, OutcomeSettings>;
export type BreakerWindow = BreakerCount & { readonly experiment: string };

/**
 * Stores deliveries and sums them. Outcomes of units without an exposure are stored too. `breaker` has the current
 * window of the arms with a failed run among these.
 *
 * @param experiments of the outcomes, by id
 * @throws SluiceError `outcome_invalid` for an invalid value or unknown metric; nothing is stored then
 */
async function putOutcomes(
  database: TimedDatabase,
  outcomes: readonly NewOutcome[],
  experiments: Settings,
): Promise<readonly BreakerWindow[]> {
  for (const outcome of outcomes) checkOutcome(outcome, experiments);
  const rules = [...experiments].flatMap(([experiment, { metrics }]) => rulesOf(experiment, metrics));
  const windows: BreakerWindow[] = [];
  for (const batch of batches(distinct(outcomes), { rows: BATCH_ROWS, bytes: Infinity }, () => 0)) {
    await keep(database, batch, experiments, database.now());
    await sumUp(database, batch, rules);
    windows.push(...(await failingWindows(database, batch, experiments)));
  }
  return distinctWindows(windows);
}

function checkOutcome({ experiment, metric, v, d = 0, deliveryId }: NewOutcome, experiments: Settings): void {
  const metrics = experiments.get(experiment)?.metrics.length ?? 0;
  const isKnown = Number.isInteger(metric) && metric >= 0 && metric < metrics;
  const isWhole = [v, d].every((value) => Number.isInteger(value) && Math.abs(value) <= LARGEST_VALUE);
  if (isKnown && isWhole) return;
  const what = isKnown
    ? `its value is ${d === 0 ? v : `${v} over ${d}`}`
    : `'${experiment}' has ${metrics} metrics, and it is of number ${metric}`;
  throw new SluiceError('outcome_invalid', {
    message: `the outcome '${deliveryId}' cannot be kept: ${what}`,
    remedy: `give whole millionths between -${LARGEST_VALUE} and ${LARGEST_VALUE}, of one of the experiment's metrics, with its settings`,
    data: { experiment, metric, deliveryId },
  });
}

/** The same delivery once: the first of those that say they are the same. */
function distinct(outcomes: readonly NewOutcome[]): readonly NewOutcome[] {
  const known = new Map<string, NewOutcome>();
  for (const outcome of outcomes) {
    const { experiment, unit, metric, runId, deliveryId } = outcome;
    const key = JSON.stringify([experiment, unit, metric, runId, deliveryId]);
    if (!known.has(key)) known.set(key, outcome);
  }
  return [...known.values()];
}

async function keep(
  database: Database,
  outcomes: readonly NewOutcome[],
  experiments: Settings,
  now: Date | null,
): Promise<void> {
  const settings = [...experiments];
  await database.query(
    `with added as (
       insert into outcome (experiment_id, unit, metric, run_id, delivery_id, arm, v, d, at, received_at)
       select experiment_id, unit, metric, run_id, delivery_id, arm, v, d, at, coalesce(received_at, ${nowSql('$15')})
       from unnest($1::text[], $2::text[], $3::smallint[], $4::text[], $5::text[], $6::smallint[], $7::bigint[],
           $8::bigint[], $9::timestamptz[], $10::timestamptz[])
         as g (experiment_id, unit, metric, run_id, delivery_id, arm, v, d, at, received_at)
       order by experiment_id collate "C", unit collate "C", metric, run_id collate "C", delivery_id collate "C"
       on conflict do nothing returning experiment_id, arm, metric, v, at
     )
     insert into breaker_count as known (experiment_id, arm, window_no, requests, failures)
     select a.experiment_id, a.arm, ${windowSql('a.at', 's')} as window_no, count(*), count(*) filter (where a.v > 0)
     from added a join unnest($11::text[], $12::smallint[], $13::timestamptz[], $14::float8[])
       as s (experiment_id, failed, began_at, window_ms) on s.experiment_id = a.experiment_id and s.failed = a.metric
     group by a.experiment_id, a.arm, window_no order by a.experiment_id, a.arm, window_no
     on conflict (experiment_id, arm, window_no) do update
     set requests = known.requests + excluded.requests, failures = known.failures + excluded.failures`,
    [
      ...outcomeArrays(outcomes),
      settings.map(([experiment]) => experiment),
      settings.map(([, { failed }]) => failed),
      settings.map(([, { startedAt }]) => new Date(startedAt)),
      settings.map(([, { breakerWindowMs }]) => breakerWindowMs),
      now,
    ],
  );
}

const outcomeArrays = (outcomes: readonly NewOutcome[]): unknown[][] => [
  outcomes.map(({ experiment }) => experiment),
  outcomes.map(({ unit }) => unit),
  outcomes.map(({ metric }) => metric),
  outcomes.map(({ runId }) => runId),
  outcomes.map(({ deliveryId }) => deliveryId),
  outcomes.map(({ arm }) => arm),
  outcomes.map(({ v }) => v),
  outcomes.map(({ d = 0 }) => d),
  outcomes.map(({ at }) => new Date(at)),
  outcomes.map(({ receivedAt }) => (receivedAt === undefined ? null : new Date(receivedAt))),
];

/** The number of the window that a run ended in, from 1. What ended before the experiment began is of the first. */
const windowSql = (at: string, s: string): string =>
  `greatest(1, 1 + floor(extract(epoch from ${at} - ${s}.began_at) * 1000 / ${s}.window_ms))::int`;

const windowNo = (at: number, { startedAt, breakerWindowMs }: OutcomeSettings): number =>
  Math.max(1, 1 + Math.floor((at - startedAt) / breakerWindowMs));

/** Those in which runs among these outcomes failed, whether they were known before or not: the caller may ask again. */
async function failingWindows(
  database: Database,
  outcomes: readonly NewOutcome[],
  experiments: Settings,
): Promise<readonly BreakerWindow[]> {
  const failed = outcomes.filter(
    ({ experiment, metric, v }) => v > 0 && metric === experiments.get(experiment)!.failed,
  );
  if (failed.length === 0) return [];
  return database.query<BreakerWindow>(
    `select experiment_id as experiment, arm, window_no as "window", requests, failures from breaker_count
     where (experiment_id, arm, window_no) in (select * from unnest($1::text[], $2::smallint[], $3::int[]))
     order by experiment_id, arm, window_no`,
    [
      failed.map(({ experiment }) => experiment),
      failed.map(({ arm }) => arm),
      failed.map(({ experiment, at }) => windowNo(at, experiments.get(experiment)!)),
    ],
  );
}

/** The last count of each, where several batches had some. */
const distinctWindows = (windows: readonly BreakerWindow[]): readonly BreakerWindow[] => [
  ...new Map(windows.map((each) => [JSON.stringify([each.experiment, each.arm, each.window]), each])).values(),
];

// Data of an interim analysis. It moves the watermark first, which waits for running summations. Matured data do not
// change afterwards, so the rest may be read at different moments.

/** Windows of the breaker in which runs failed, by arm, the newest: a day and more of the usual ones. */
const BREAKER_WINDOWS = 100;

/**
 * Moves the experiment's watermark to `watermark` (never back), and sums up what has matured by then. Units exposed
 * after it are not counted yet; deliveries are those to matured units; of the breaker's windows those in which a run
 * failed, the newest 100 of each arm, and its newest.
 *
 * @param fromStage units exposed in earlier stages are left out
 */
async function lookAt(database: TimedDatabase, experimentId: string, request: LookRequest): Promise<AnalysisData> {
  const { startedAt, fromStage, stopped } = request;
  const watermark = await moveWatermark(database, experimentId, request, database.now());
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
 * Final values stay, so a fast clock must not finalise units that the database's clock, which dates exposures, has not
 * matured. Whole milliseconds, as units are read; `least` ignores null.
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

/** Those that are analysed, by when they were exposed: not needed for decisions. */
const exposedUnits = (database: Database, experimentId: string) =>
  database.query<{ readonly unit: string; readonly arm: number }>(
    `select unit, arm from exposure where experiment_id = $1 and excluded is null order by exposed_at, unit`,
    [experimentId],
  );
