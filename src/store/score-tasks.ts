/** Runs of sampled units that are to be scored in the background: a queue whose tasks whoever claims one may leave. */
import type { FailureData } from '../model/run-messages.ts';
import { type Clock, nowParam, nowSql } from './clock.ts';
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

export interface ScoreTasks {
  /** Those that are there already stay as they are. */
  enqueue(tasks: readonly NewScoreTask[]): Promise<void>;
  /** The oldest ones, which nobody else gets for so long. */
  claim(experimentId: string, limit: number, leaseMs: number): Promise<readonly ScoreTask[]>;
  /** What came of them; one that has ended stays as it ended. */
  finish(ends: readonly ScoreTaskEnd[]): Promise<void>;
  counts(experimentId: string): Promise<ScoreTaskCounts>;
}

export function createScoreTasks(database: Database, clock?: Clock): ScoreTasks {
  return Object.freeze({
    enqueue: (tasks) => enqueueTasks(database, tasks),
    claim: (experimentId, limit, leaseMs) => claimTasks(database, { experimentId, limit, leaseMs }, nowParam(clock)),
    finish: (ends) => finishTasks(database, ends, nowParam(clock)),
    async counts(experimentId) {
      const [counts] = await database.query<ScoreTaskCounts>(
        `select count(*) filter (where state = 'queued') as queued, count(*) filter (where state = 'done') as done,
           count(*) filter (where state = 'failed') as failed
         from score_task where experiment_id = $1`,
        [experimentId],
      );
      return counts!;
    },
  } satisfies ScoreTasks);
}

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

async function claimTasks(
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

async function finishTasks(database: Database, ends: readonly ScoreTaskEnd[], now: Date | null): Promise<void> {
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
