/** Puts a pseudonym in place of a unit, wherever statistics rest on it: counts, sums and arms stay as they are. */
import { randomBytes } from 'node:crypto';
import type { Queries } from './database.ts';

const PSEUDONYM_BYTES = 16;
export const newPseudonym = (): string => `erased-${randomBytes(PSEUDONYM_BYTES).toString('hex')}`;

/** SQL: that the run is of the unit `$1`, as its caller's or as an experiment's, which may read its unit off the input. */
export const IS_OF_UNIT = `(unit = $1 or (json_typeof(assignments) = 'array' and exists (
  select from json_array_elements(assignments) as assigned where assigned->>'unit' = $1)))`;

const IN_EXPERIMENTS = 'where (experiment_id, unit) in (select experiment_id, $1 from experiment)';

/** `$1` is the unit, `$2` its pseudonym. Each gives a row for every one that it changed. */
const REPLACEMENTS: readonly string[] = [
  // The rows of a unit are changed by whoever holds the lock of its exposure.
  `update exposure set unit = $2 ${IN_EXPERIMENTS} returning 1`,
  `update outcome set unit = $2 ${IN_EXPERIMENTS} returning 1`,
  `update unit_metric set unit = $2 ${IN_EXPERIMENTS} returning 1`,
  `update unexposed_unit set unit = $2 ${IN_EXPERIMENTS} returning 1`,
  'update score_task set unit = $2 where unit = $1 returning 1',
  // It may be about a run of somebody else.
  'update feedback set by = $2, note = null, emoji = null, fields = null where by = $1 returning 1',
  `update run set unit = case when unit = $1 then $2 else unit end,
     assignments = case when json_typeof(assignments) = 'array' then (
       select json_agg(case when assigned->>'unit' = $1
         then (assigned::jsonb || jsonb_build_object('unit', $2::text))::json else assigned end order by place)
       from json_array_elements(assignments) with ordinality as each (assigned, place)
     ) else assignments end
   where ${IS_OF_UNIT} returning 1`,
];

/** Gives how many rows have the pseudonym now. */
export async function replaceUnit(queries: Queries, unit: string, pseudonym: string): Promise<number> {
  let rows = 0;
  for (const statement of REPLACEMENTS) rows += (await queries.query(statement, [unit, pseudonym])).length;
  return rows;
}
