/**
 * Exposures of units to arms. The earliest counts, in any order of arrival, until the unit is analysed. A unit exposed
 * to two arms is excluded permanently. A rollout exposes all units anew.
 */

import type { AssignedCount, UnitCount } from '../model/analysis-data.ts';
import { nowSql, type TimedDatabase } from './bound.ts';
import { batches, type Database } from './database.ts';
import type { ExperimentRow } from './experiments.ts';
import type { LookAt } from './outcome-cells.ts';
import { rulesOf, sumUp, type Touched } from './outcome-sums.ts';
import type { NewExposure, NewUnexposed } from './outcomes.ts';

const BATCH_ROWS = 2_000;

/**
 * First exposures win; a unit seen in another arm is excluded. What came before its exposure is counted with it now.
 */
export async function expose(database: TimedDatabase, exposures: readonly NewExposure[]): Promise<void> {
  for (const round of oncePerUnit(exposures))
    for (const batch of batches(round, { rows: BATCH_ROWS, bytes: Infinity }, () => 0)) {
      const changed = await keep(database, batch, database.now());
      await sumEarlier(database, changed);
    }
}

/** A statement may change a row only once: a repeated unit goes into a further statement. */
function oncePerUnit(exposures: readonly NewExposure[]): readonly (readonly NewExposure[])[] {
  const rounds: Map<string, NewExposure>[] = [];
  for (const exposure of exposures) {
    const key = JSON.stringify([exposure.experiment, exposure.unit]);
    const free = rounds.find((round) => !round.has(key));
    if (free === undefined) rounds.push(new Map([[key, exposure]]));
    else free.set(key, exposure);
  }
  return rounds.map((round) => [...round.values()]);
}

type Changed = Pick<Touched, 'experiment' | 'unit'>;

/**
 * Stores exposures and returns the units whose sums may change. This includes rows changed before, since that process
 * may have stopped before summing. Most exposures are repetitions. Times are whole milliseconds, as everywhere.
 */
function keep(database: Database, exposures: readonly NewExposure[], now: Date | null): Promise<readonly Changed[]> {
  return database.query<Changed>(
    `insert into exposure as known (experiment_id, unit, arm, stage, probability, excluded, run_id, exposed_at)
     select experiment_id, unit, arm, stage, probability, why, run_id,
       date_trunc('milliseconds', coalesce(at, ${nowSql('$9')}))
     from unnest($1::text[], $2::text[], $3::smallint[], $4::smallint[], $5::float8[], $6::text[], $7::text[],
       $8::timestamptz[]) as g (experiment_id, unit, arm, stage, probability, why, run_id, at)
     order by experiment_id collate "C", unit collate "C"
     on conflict (experiment_id, unit) do update
     set (arm, stage, probability, run_id, exposed_at, excluded) = (
       select case when is_its then excluded.arm else known.arm end,
         case when is_its then excluded.stage else known.stage end,
         case when is_its then excluded.probability else known.probability end,
         case when is_its then excluded.run_id else known.run_id end,
         case when is_its then excluded.exposed_at else known.exposed_at end,
         case when known.arm <> excluded.arm then 'two_arms' else coalesce(known.excluded, excluded.excluded) end
       from (select ${IS_EARLIER} or ${IS_ANEW} as is_its) as e
     )
     where known.run_id = excluded.run_id or ${IS_EARLIER} or ${IS_ANEW}
       or known.arm <> excluded.arm or excluded.excluded is not null
     returning experiment_id as experiment, unit`,
    [
      exposures.map(({ experiment }) => experiment),
      exposures.map(({ unit }) => unit),
      exposures.map(({ arm }) => arm),
      exposures.map(({ stage }) => stage),
      exposures.map(({ probability }) => probability),
      exposures.map(({ excluded }) => excluded ?? null),
      exposures.map(({ runId }) => runId),
      exposures.map(({ at }) => (at === undefined ? null : new Date(at))),
      now,
    ],
  );
}

/** SQL: before what is known, of a unit that no look can have seen. */
const IS_EARLIER = `((excluded.exposed_at, excluded.run_id) < (known.exposed_at, known.run_id)
  and known.exposed_at > coalesce(
    (select watermark from experiment x where x.experiment_id = known.experiment_id), '-infinity'
  ))`;

/**
 * SQL: the exposure belongs to the rollout, which analyses nothing else. Its earlier exposures were for a decision that
 * has been made.
 */
const IS_ANEW = `exists (
  select from experiment x where x.experiment_id = known.experiment_id
    and known.stage < x.rollout_stage and excluded.stage >= x.rollout_stage
)`;

/** Feedback may overtake the run that it is of. There is hardly ever any: it costs a look into the index. */
async function sumEarlier(database: Database, changed: readonly Changed[]): Promise<void> {
  if (changed.length === 0) return;
  const touched = await database.query<Touched>(
    `select distinct experiment_id as experiment, unit, metric from outcome
     where (experiment_id, unit) in (select * from unnest($1::text[], $2::text[]))`,
    [changed.map(({ experiment }) => experiment), changed.map(({ unit }) => unit)],
  );
  if (touched.length === 0) return;
  const experiments = await database.query<Pick<ExperimentRow, 'experimentId' | 'spec'>>(
    'select experiment_id as "experimentId", spec from experiment where experiment_id = any($1)',
    [[...new Set(touched.map(({ experiment }) => experiment))]],
  );
  const rules = experiments.flatMap(({ experimentId, spec }) => rulesOf(experimentId, spec.metrics));
  await sumUp(database, touched, rules);
}

// Units of which a run ended before they were exposed. The first such run decides, and nothing changes it: a unit that is
// exposed by a later run stays among them. So a look can compare, of the units that were assigned to each arm, how many
// were exposed by then.

/**
 * Keeps those that are not exposed by now: what looks compare exposed units with. Units that are exposed by now are
 * left out. In a rollout all begin anew, as with exposures.
 */
export async function noteUnexposed(database: TimedDatabase, units: readonly NewUnexposed[]): Promise<void> {
  const first = new Map<string, NewUnexposed>();
  for (const each of units) {
    const key = JSON.stringify([each.experiment, each.unit]);
    if (!first.has(key)) first.set(key, each);
  }
  const once = [...first.values()];
  if (once.length === 0) return;
  await database.query(
    `insert into unexposed_unit as known (experiment_id, unit, arm, stage, at)
     select g.experiment_id, g.unit, g.arm, g.stage, date_trunc('milliseconds', coalesce(g.at, ${nowSql('$6')}))
     from unnest($1::text[], $2::text[], $3::smallint[], $4::smallint[], $5::timestamptz[])
       as g (experiment_id, unit, arm, stage, at)
     join experiment x on x.experiment_id = g.experiment_id
     where not exists (
       select from exposure e where (e.experiment_id, e.unit) = (g.experiment_id, g.unit)
         and (g.stage < coalesce(x.rollout_stage, 1) or e.stage >= coalesce(x.rollout_stage, 1))
     )
     order by g.experiment_id collate "C", g.unit collate "C"
     on conflict (experiment_id, unit) do update set (arm, stage, at) = (excluded.arm, excluded.stage, excluded.at)
     where exists (
       select from experiment x where x.experiment_id = known.experiment_id
         and known.stage < x.rollout_stage and excluded.stage >= x.rollout_stage
     )`,
    [
      once.map(({ experiment }) => experiment),
      once.map(({ unit }) => unit),
      once.map(({ arm }) => arm),
      once.map(({ stage }) => stage),
      once.map(({ at }) => (at === undefined ? null : new Date(at))),
      database.now(),
    ],
  );
}

/** @param exposed units that are exposed by the watermark, also those that a later run exposed */
export async function countAssigned(
  database: Database,
  { experimentId, watermark, fromStage }: LookAt,
  exposed: readonly UnitCount[],
): Promise<readonly AssignedCount[]> {
  const params = [experimentId, new Date(watermark), fromStage];
  const isSeen = 'u.experiment_id = $1 and u.at <= $2 and u.stage >= $3';
  const unexposed = await database.query<UnitCount>(
    `select stage, arm, count(*)::int as n from unexposed_unit u where ${isSeen} group by stage, arm`,
    params,
  );
  const later =
    unexposed.length === 0
      ? []
      : await database.query<UnitCount>(
          `select e.stage, e.arm, count(*)::int as n
           from unexposed_unit u join exposure e on (e.experiment_id, e.unit) = (u.experiment_id, u.unit)
           where ${isSeen} and e.exposed_at <= $2 and e.stage >= $3 and e.excluded is distinct from 'override'
           group by e.stage, e.arm`,
          params,
        );
  const counts = new Map<string, AssignedCount>();
  const add = ({ stage, arm }: UnitCount, n: number, more: number): void => {
    const key = `${stage}/${arm}`;
    const known = counts.get(key) ?? { stage, arm, n: 0, exposed: 0 };
    counts.set(key, { ...known, n: known.n + n, exposed: known.exposed + more });
  };
  for (const count of exposed) add(count, count.n, count.n);
  for (const count of later) add(count, -count.n, -count.n);
  for (const count of unexposed) add(count, count.n, 0);
  return [...counts.values()].filter(({ n }) => n > 0).sort((a, b) => a.stage - b.stage || a.arm - b.arm);
}
