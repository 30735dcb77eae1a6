/**
 * Deliveries of outcomes. Two transactions: the first keeps them, and counts the runs that are new for the breaker; the
 * second sums up their units. A unit may be exposed at the same moment: whichever of the two keeps its row later finds
 * the other's when it sums up, which it could not do if keeping and summing were one.
 */
import { SluiceError } from '../base/errors.ts';
import type { BreakerCount } from '../model/look-data.ts';
import { batches } from './batches.ts';
import { nowSql } from './clock.ts';
import type { Database } from './database.ts';
import type { NewOutcome, OutcomeSettings } from './outcomes.ts';
import { sumUp } from './outcomes-sum.ts';
import { lawsOf } from './unit-values.ts';

/** Rows of one statement: the embedded database lets nobody else in meanwhile. */
const BATCH_ROWS = 2_000;
/** In millionths: a thousand million of whatever it counts. */
const LARGEST_VALUE = 1e15;

type Settings = ReadonlyMap<string, OutcomeSettings>;
export type BreakerWindow = BreakerCount & { readonly experiment: string };

export async function putOutcomes(
  database: Database,
  outcomes: readonly NewOutcome[],
  experiments: Settings,
  now: Date | null,
): Promise<readonly BreakerWindow[]> {
  for (const outcome of outcomes) checkOutcome(outcome, experiments);
  const laws = [...experiments].flatMap(([experiment, { metrics }]) => lawsOf(experiment, metrics));
  const windows: BreakerWindow[] = [];
  for (const batch of batches(distinct(outcomes), { rows: BATCH_ROWS, bytes: Infinity }, () => 0)) {
    await keep(database, batch, experiments, now);
    await sumUp(database, batch, laws);
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
