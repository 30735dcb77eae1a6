/** The queue of sampled runs to score in the background. A claim may be abandoned. */

import type { FailureData } from '../model/run-messages.ts';
import { bound, nowSql, type TimedDatabase } from './bound.ts';
import type { Database } from './database.ts';
import { storable } from './storable.ts';

export interface NewScoreTask {
  readonly experimentId: string;
  readonly runId: string;
  readonly scorer: string;
  readonly unit: string;
  /** When the run ended: what it gave happened then. */
  readonly finishedAt: number;
}

export interface ScoreTask extends NewScoreTask {
  /** How often it was claimed, this time included. */
  readonly tries: number;
}

export interface ScoreTaskEnd {
  readonly experimentId: string;
  readonly runId: string;
  readonly scorer: string;
  /** `queued`: it may be claimed again at once. */
  readonly state: 'done' | 'failed' | 'queued';
  /** Values by field, of one that is done. */
  readonly scores?: { readonly [field: string]: number | boolean };
  readonly error?: FailureData;
}

export interface ScoreTaskCounts {
  readonly queued: number;
  readonly done: number;
  readonly failed: number;
}

export const createScoreTasks = (database: TimedDatabase) =>
  bound(database, {
    enqueue: enqueueTasks,
    claim: claimTasks,
    finish: finishTasks,
    counts: countTasks,
  });
export type ScoreTasks = ReturnType<typeof createScoreTasks>;

/** Those that are there already stay as they are. */
async function enqueueTasks(database: Database, tasks: readonly NewScoreTask[]): Promise<void> {
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

/** Claims the oldest tasks for a time. */
async function claimTasks(
  database: TimedDatabase,
  experimentId: string,
  limit: number,
  leaseMs: number,
): Promise<readonly ScoreTask[]> {
  const tasks = await database.query<ScoreTask>(
    `update score_task set tries = tries + 1, claimed_until = ${nowSql('$4')} + $3 * interval '1 millisecond'
     where (experiment_id, run_id, scorer) in (
       select experiment_id, run_id, scorer from score_task
       where experiment_id = $1 and state = 'queued' and (claimed_until is null or claimed_until <= ${nowSql('$4')})
       order by finished_at, run_id, scorer limit $2 for update skip locked
     )
     returning experiment_id as "experimentId", run_id as "runId", scorer, unit, finished_at as "finishedAt", tries`,
    [experimentId, limit, leaseMs, database.now()],
  );
  return tasks.sort((a, b) => a.finishedAt - b.finishedAt || compare(a.runId, b.runId) || compare(a.scorer, b.scorer));
}

/** What came of them; one that has ended stays as it ended. */
async function finishTasks(database: TimedDatabase, ends: readonly ScoreTaskEnd[]): Promise<void> {
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
      database.now(),
    ],
  );
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

async function countTasks(database: Database, experimentId: string): Promise<ScoreTaskCounts> {
  const [counts] = await database.query<ScoreTaskCounts>(
    `select count(*) filter (where state = 'queued') as queued, count(*) filter (where state = 'done') as done,
       count(*) filter (where state = 'failed') as failed
     from score_task where experiment_id = $1`,
    [experimentId],
  );
  return counts!;
}
