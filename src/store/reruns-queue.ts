/** Runs that wait to be made again. */
import type { RerunState } from '../model/rerun-spec.ts';
import type { Database } from './database.ts';
import { unknownRerun } from './reruns-find.ts';

/** A part of the runs: those whose number leaves this remainder. Nobody else takes them. */
export interface Lane {
  /** From 0. */
  readonly lane: number;
  readonly lanes: number;
  readonly limit: number;
}

/** Runs of a shadow that may wait. Beyond that they are left out, and counted: no traffic can make the table grow. */
const MOST_WAITING = 1_000;

export async function enqueue(database: Database, rerunIds: readonly string[], runId: string): Promise<void> {
  await database.query(
    `with shadow as (
       select rerun_id, (
         select count(*) from (
           select from rerun_result as waiting where waiting.rerun_id = rerun.rerun_id and state = 'queued'
           limit ${MOST_WAITING}
         ) as first_ones
       ) < ${MOST_WAITING} as has_room
       from rerun join run using (pipeline)
       where rerun_id = any($1::text[]) and kind = 'shadow' and rerun.state = 'running'
         and run_id = $2 and run.state in ('completed', 'degraded', 'failed')
       order by rerun_id
     ), queued as (
       insert into rerun_result (rerun_id, run_id, run_no, state)
       select rerun_id, $2, 0, 'queued' from shadow where has_room on conflict do nothing
     )
     update rerun set left_out = left_out + 1 from shadow where rerun.rerun_id = shadow.rerun_id and not has_room`,
    [rerunIds, runId],
  );
}

export async function queuedRuns(database: Database, rerunId: string, { lane, lanes, limit }: Lane) {
  const rows = await database.query<{ state: RerunState; runId: string | null }>(
    `select rerun.state, waiting.run_id as "runId" from rerun left join lateral (
       select run_id, run_no from rerun_result as result
       where result.rerun_id = rerun.rerun_id and result.state = 'queued' and run_no % $3 = $2
       order by run_no, run_id limit $4
     ) as waiting on true
     where rerun.rerun_id = $1 order by waiting.run_no, waiting.run_id`,
    [rerunId, lane, lanes, limit],
  );
  const [first] = rows;
  if (first === undefined) throw await unknownRerun(database, rerunId);
  return { state: first.state, runIds: rows.flatMap(({ runId }) => runId ?? []) };
}
