/** The queue of runs to score: a claim is a lease, so what a worker that is gone had claimed comes back by itself. */
import { nowSql } from './clock.ts';
import type { Database } from './database.ts';
import type { NewScoreTask, ScoreTask, ScoreTaskEnd } from './score-tasks.ts';
import { storable } from './storable.ts';

export async function enqueueTasks(database: Database, tasks: readonly NewScoreTask[]): Promise<void> {
  if (tasks.length === 0) return;
  await database.query(
    `insert into score_task (experiment_id, run_id, scorer, unit, finished_at, state)
     select t.*, 'queued' from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[])
       as t (experiment_id, run_id, scorer, unit, finished_at)
     order by experiment_id collate "C", run_id collate "C", scorer collate "C" on conflict do nothing`,
    [
      tasks.map(({ experimentId }) => experimentId),
      tasks.map(({ runId }) => runId),
      tasks.map(({ scorer }) => scorer),
      tasks.map(({ unit }) => unit),
      tasks.map(({ finishedAt }) => new Date(finishedAt)),
    ],
  );
}

export async function claimTasks(
  database: Database,
  { experimentId, limit, leaseMs }: { experimentId: string; limit: number; leaseMs: number },
  now: Date | null,
): Promise<readonly ScoreTask[]> {
  const tasks = await database.query<ScoreTask>(
    `update score_task set tries = tries + 1, claimed_until = ${nowSql('$4')} + $3 * interval '1 millisecond'
     where (experiment_id, run_id, scorer) in (
       select experiment_id, run_id, scorer from score_task
       where experiment_id = $1 and state = 'queued' and (claimed_until is null or claimed_until <= ${nowSql('$4')})
       order by finished_at, run_id, scorer limit $2 for update skip locked
     )
     returning experiment_id as "experimentId", run_id as "runId", scorer, unit, finished_at as "finishedAt", tries`,
    [experimentId, limit, leaseMs, now],
  );
  return tasks.sort((a, b) => a.finishedAt - b.finishedAt || compare(a.runId, b.runId) || compare(a.scorer, b.scorer));
}

export async function finishTasks(database: Database, ends: readonly ScoreTaskEnd[], now: Date | null): Promise<void> {
  if (ends.length === 0) return;
  await database.query(
    `with given as materialized (
       select g.* from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::json[], $6::json[])
         as g (experiment_id, run_id, scorer, state, scores, error)
       join score_task t using (experiment_id, run_id, scorer) where t.state = 'queued'
       order by t.experiment_id, t.run_id, t.scorer for update of t
     )
     update score_task t set state = g.state, scores = g.scores, error = g.error, claimed_until = null,
       ended_at = case when g.state <> 'queued' then ${nowSql('$7')} end
     from given g where t.experiment_id = g.experiment_id and t.run_id = g.run_id and t.scorer = g.scorer
       and t.state = 'queued'`,
    [
      ends.map(({ experimentId }) => experimentId),
      ends.map(({ runId }) => runId),
      ends.map(({ scorer }) => scorer),
      ends.map(({ state }) => state),
      ends.map(({ scores }) => (scores === undefined ? null : JSON.stringify(scores))),
      ends.map(({ error }) => (error === undefined ? null : JSON.stringify(storable({ ...error })))),
      now,
    ],
  );
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
