/**
 * Units of which a run ended before they were exposed. The first such run decides, and nothing changes it: a unit that is
 * exposed by a later run stays among them. So a look can compare, of the units that were assigned to each arm, how many
 * were exposed by then.
 */
import type { AssignedCount, UnitCount } from '../model/look-data.ts';
import { nowSql } from './clock.ts';
import type { Database } from './database.ts';
import type { NewUnexposed } from './outcomes.ts';
import type { LookAt } from './outcomes-matured.ts';

/** Units that are exposed by now are left out. In a rollout all begin anew, as with exposures. */
export async function noteUnexposed(
  database: Database,
  units: readonly NewUnexposed[],
  now: Date | null,
): Promise<void> {
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
      now,
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
