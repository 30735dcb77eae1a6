/** Runs of sampled units that are to be scored in the background: a queue whose tasks whoever claims one may leave. */
import type { FailureData } from '../model/run-messages.ts';
import { type Clock, nowParam } from './clock.ts';
import type { Database } from './database.ts';
import { claimTasks, enqueueTasks, finishTasks } from './score-tasks-write.ts';

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
