/**
 * Recomputes a unit's sums of one metric from its deliveries. The writer holds the lock of the unit's exposure, so the
 * later of two writers sees the earlier's deliveries. It also blocks the watermark, so that the sums mature either
 * before an interim analysis or after it.
 */
import { type OnlineMetric, VALUE_SCALE } from '../model/experiment-spec.ts';
import type { Database, Queries } from './database.ts';

/** What is to be summed up. */
export interface Touched {
  readonly experiment: string;
  readonly unit: string;
  readonly metric: number;
}

/** In millionths: far above any sum of what `put` takes, and exact as a number, too. */
const LARGEST_SUM = '9000000000000000';

export async function sumUp(
  database: Database,
  touched: readonly Touched[],
  rules: readonly MetricRule[],
): Promise<void> {
  if (touched.length === 0) return;
  await database.transaction(async (queries) => {
    // A look waits for this transaction before it moves the watermark, and then nothing that it reads changes.
    await queries.query('select from experiment where experiment_id = any($1) order by experiment_id for share', [
      [...new Set(touched.map(({ experiment }) => experiment))],
    ]);
    const units = await lockExposures(queries, touched);
    await removeSums(
      queries,
      units.filter(({ excluded }) => excluded !== null),
    );
    const analysed = new Set(units.flatMap((unit) => (unit.excluded === null ? [keyOf(unit)] : [])));
    const summed = touched.filter((each) => analysed.has(keyOf(each)));
    if (summed.length > 0) await sumLocked(queries, summed, rules);
  });
}

interface Exposed {
  readonly experiment: string;
  readonly unit: string;
  readonly excluded: string | null;
}

const keyOf = ({ experiment, unit }: Pick<Exposed, 'experiment' | 'unit'>): string =>
  JSON.stringify([experiment, unit]);

/** In the order of their keys, as everyone locks them. */
function lockExposures(queries: Queries, touched: readonly Touched[]): Promise<readonly Exposed[]> {
  return queries.query<Exposed>(
    `select experiment_id as experiment, unit, excluded from exposure
     where (experiment_id, unit) in (select * from unnest($1::text[], $2::text[]))
     order by experiment_id, unit for no key update`,
    unitArrays(touched),
  );
}

/** Of units that are excluded. */
async function removeSums(queries: Queries, units: readonly Exposed[]): Promise<void> {
  if (units.length === 0) return;
  await queries.query(
    `delete from unit_metric where (experiment_id, unit) in (select * from unnest($1::text[], $2::text[]))`,
    unitArrays(units),
  );
}

const unitArrays = (units: readonly Pick<Touched, 'experiment' | 'unit'>[]): readonly unknown[] => [
  units.map(({ experiment }) => experiment),
  units.map(({ unit }) => unit),
];

/**
 * Outcomes received after their unit matured are never applied, analysed or not. They count as late when they concern a
 * run of the unit's window: returning people have runs and opinions that no window waits for. Units matured by the
 * watermark keep their sums, and late outcomes are noted. Rows are found one by one by key ("offset 0" forces that),
 * since fresh tables mislead the planner into a cross comparison.
 */
async function sumLocked(queries: Queries, touched: readonly Touched[], rules: readonly MetricRule[]): Promise<void> {
  const total = (column: string) =>
    `greatest(-${LARGEST_SUM}, least(${LARGEST_SUM}, coalesce(sum(${column}) filter (where counts), 0)))::bigint`;
  await queries.query(
    `with given (experiment_id, unit, metric) as materialized (
       select distinct * from unnest($1::text[], $2::text[], $3::smallint[])
     ), touched as materialized (
       select g.*, kind, cap, e.stage, e.arm, e.met_in, e.exposed_at,
         e.exposed_at + window_ms * interval '1 millisecond' as matures_at
       from given g join ${rulesFrom(4)} using (experiment_id, metric)
       cross join lateral (
         select stage, arm, run_id as met_in, exposed_at from exposure
         where (experiment_id, unit) = (g.experiment_id, g.unit) and excluded is null offset 0
       ) e
     ), delivered as (
       select t.*, o.*, o.at <= t.matures_at and (o.at >= t.exposed_at or o.run_id = t.met_in) as is_inside,
         case when o.received_at <= t.matures_at then false
           when o.run_id = t.met_in or o.at <= t.matures_at and o.at >= t.exposed_at then true
           else coalesce((
             select coalesce(r.finished_at, r.started_at) between t.exposed_at and t.matures_at from run r where r.run_id = o.run_id offset 0
           ), true) end as is_late
       from touched t cross join lateral (
         select run_id, delivery_id, v, d, at, received_at from outcome
         where (experiment_id, unit, metric) = (t.experiment_id, t.unit, t.metric) offset 0
       ) o
     ), ranked as (
       select *, is_applied and 1 = row_number() over (
         partition by experiment_id, unit, metric, run_id order by is_applied desc, at desc, delivery_id desc
       ) as counts from (select *, is_inside and received_at <= matures_at as is_applied from delivered) as d
     ), summed as (
       select experiment_id, unit, metric, kind, cap, stage, arm, matures_at,
         count(*) filter (where counts) as n, ${total('v')} as v, ${total('d')} as d,
         count(*) as deliveries, count(*) filter (where is_late) as late,
         count(*) filter (where not is_inside) as outside
       from ranked group by experiment_id, unit, metric, kind, cap, stage, arm, matures_at
     ), fixed as (
       select s.*, ${UNIT_VALUE} as x, coalesce(s.matures_at <= (
         select x.watermark from experiment x where x.experiment_id = s.experiment_id
       ), false) as is_fixed from summed s
     )
     insert into unit_metric (experiment_id, unit, metric, stage, arm, matures_at, n, v, d, x, deliveries, late, outside)
     select f.experiment_id, f.unit, f.metric, f.stage, f.arm, f.matures_at,
       case when f.is_fixed then coalesce(known.n, 0) else f.n end,
       case when f.is_fixed then coalesce(known.v, 0) else f.v end,
       case when f.is_fixed then coalesce(known.d, 0) else f.d end,
       case when f.is_fixed then known.x else f.x end, f.deliveries, f.late, f.outside
     from fixed f left join lateral (
       select k.n, k.v, k.d, k.x from unit_metric k
       where f.is_fixed and (k.experiment_id, k.unit, k.metric) = (f.experiment_id, f.unit, f.metric) offset 0
     ) known on true
     order by f.experiment_id, f.unit, f.metric
     on conflict (experiment_id, unit, metric) do update
     set (stage, arm, matures_at, n, v, d, x, deliveries, late, outside) = (
       excluded.stage, excluded.arm, excluded.matures_at, excluded.n, excluded.v, excluded.d,
       excluded.x, excluded.deliveries, excluded.late, excluded.outside
     )`,
    [
      touched.map(({ experiment }) => experiment),
      touched.map(({ unit }) => unit),
      touched.map(({ metric }) => metric),
      ...ruleArrays(rules),
    ],
  );
}

/** What the database has to know of a metric to sum up a unit's outcomes. */
export interface MetricRule {
  readonly experiment: string;
  /** Index in the spec. */
  readonly metric: number;
  readonly windowMs: number;
  readonly kind: OnlineMetric['kind'];
  /** In millionths; null: none. */
  readonly cap: number | null;
}

export const rulesOf = (experiment: string, metrics: readonly OnlineMetric[]): readonly MetricRule[] =>
  metrics.map(({ windowMs, kind, cap }, metric) => ({
    experiment,
    metric,
    windowMs,
    kind,
    cap: isCapped({ kind, cap }) ? Math.round(cap! * VALUE_SCALE) : null,
  }));

export const isCapped = ({ kind, cap }: Pick<OnlineMetric, 'kind' | 'cap'>): boolean => kind === 'sum' && cap !== null;

/**
 * A FROM item that yields `rule (experiment_id, metric, window_ms, kind, cap)`; its arrays are the parameters from
 * `$first` on.
 */
const rulesFrom = (first: number): string =>
  `unnest($${first}::text[], $${first + 1}::smallint[], $${first + 2}::float8[], $${first + 3}::text[], $${first + 4}::bigint[])
    as rule (experiment_id, metric, window_ms, kind, cap)`;

const ruleArrays = (rules: readonly MetricRule[]): readonly unknown[][] => [
  rules.map(({ experiment }) => experiment),
  rules.map(({ metric }) => metric),
  rules.map(({ windowMs }) => windowMs),
  rules.map(({ kind }) => kind),
  rules.map(({ cap }) => cap),
];

/**
 * SQL over `n`, `v`, `kind` and `cap`: the mean of its outcomes, rounded to the nearest whole millionth, and of two as near
 * to the one away from zero; of a rate whether any was true; of a sum the sum, up to the cap on either side of 0; of a ratio its numerator.
 * Null without outcomes.
 */
const UNIT_VALUE = `case when n = 0 then null
  when kind in ('mean', 'share', 'quantile')
    then v / n + case when 2 * abs(v % n) < n then 0 when v < 0 then -1 else 1 end
  when kind = 'rate' then case when v > 0 then ${VALUE_SCALE} else 0 end
  else greatest(-cap, least(v, cap)) end`;
