/**
 * What should go on and does not, as far as the store knows it. Each question is answered by an index, or from a table that
 * stays small, so it may be asked every few seconds.
 */

import type { EvaluationState } from '../model/evaluation-result.ts';
import type { ExperimentState } from '../model/experiment-spec.ts';
import { nowSql, type TimedDatabase } from './bound.ts';
import { IS_LIVE } from './serving.ts';

/** So many are named; the others are counted. */
export const MOST_NAMED = 20;
/** Far more than anybody has live at once. */
const MOST_LIVE = 1_000;

/** Up to 20, those first that stand still for longest, and how many there are in all. */
export interface Stalled<T> {
  readonly count: number;
  readonly first: readonly T[];
}

export interface UnscoredExperiment {
  readonly experimentId: string;
  /** Since the oldest run that waits for its score has ended. */
  readonly waitingMs: number;
}

export interface IdleEvaluation {
  readonly evaluationId: string;
  readonly state: EvaluationState;
  /** Since its last result or resume. */
  readonly idleMs: number;
}

export interface LiveExperiment {
  readonly experimentId: string;
  readonly pipeline: string;
  readonly state: ExperimentState;
  readonly lookEveryMs: number;
  /** Interim analyses so far. */
  readonly looks: number;
  /** What the last look decided; null before the first. */
  readonly decision: string | null;
  /** Since the last ledger entry: an interim analysis or an action. */
  readonly quietMs: number;
}

export interface UnendedRun {
  readonly runId: string;
  readonly ageMs: number;
}

const MS = "interval '1 millisecond'";
const ageOf = (time: string): string => `extract(epoch from now.at - ${time})::float8 * 1000`;
/** With the time as `now.at`. */
const withNow = (param: string): string => `with now as (select ${nowSql(param)} as at)`;

export type Vitals = ReturnType<typeof createVitals>;

export function createVitals(database: TimedDatabase) {
  const { now } = database;
  return Object.freeze({
    /** That the database answers. */
    answers: async (): Promise<void> => void (await database.query('select 1 as one')),
    /** Workers with a live publication of steps. */
    async workers(): Promise<number> {
      const [row] = await database.query<{ count: number }>(
        `select count(distinct worker_id) as count from worker where expires_at > ${nowSql('$1')}`,
        [now()],
      );
      return row!.count;
    },
    /** Live experiments of which a run has waited for its score for so long, and none was scored meanwhile. */
    unscored: async (forMs: number): Promise<Stalled<UnscoredExperiment>> =>
      stalled(
        await database.query<UnscoredExperiment & Counted>(
          `${withNow('$2')}
           select experiment_id as "experimentId", ${ageOf('oldest.finished_at')} as "waitingMs", count(*) over () as "of"
           from experiment cross join now cross join lateral (
             select finished_at from score_task as task
             where task.experiment_id = experiment.experiment_id and task.state = 'queued'
             order by finished_at limit 1
           ) as oldest
           where ${IS_LIVE} and oldest.finished_at < now.at - $1 * ${MS} and not exists (
             select from score_task as task
             where task.experiment_id = experiment.experiment_id and task.ended_at > now.at - $1 * ${MS}
           )
           order by oldest.finished_at, experiment_id limit ${MOST_NAMED}`,
          [forMs, now()],
        ),
      ),
    /** Evaluations that go on, and to which no result has come for so long. */
    idleEvaluations: async (forMs: number): Promise<Stalled<IdleEvaluation>> =>
      stalled(
        await database.query<IdleEvaluation & Counted>(
          `${withNow('$2')}
           select evaluation_id as "evaluationId", state, ${ageOf('since')} as "idleMs", count(*) over () as "of"
           from now cross join evaluation join evaluation_tally using (evaluation_id)
             cross join lateral (select coalesce(progressed_at, created_at) as since) as last
           where state in ('begun', 'running') and since < now.at - $1 * ${MS}
           order by since, evaluation_id limit ${MOST_NAMED}`,
          [forMs, now()],
        ),
      ),
    /** At most 1,000, those first that have been quiet for longest. */
    liveExperiments: (): Promise<readonly LiveExperiment[]> =>
      database.query<LiveExperiment>(
        `${withNow('$1')}
         select experiment_id as "experimentId", pipeline, state,
           (spec->'stop'->>'lookEveryMs')::float8 as "lookEveryMs",
           coalesce(look.look_no, 0) as looks, look.content::json->>'decision' as decision,
           ${ageOf('coalesce(entry.at, started_at)')} as "quietMs"
         from experiment cross join now
         left join lateral (
           select at from ledger where ledger.experiment_id = experiment.experiment_id order by entry_no desc limit 1
         ) as entry on true
         left join lateral (
           select look_no, content from ledger
           where ledger.experiment_id = experiment.experiment_id and look_no is not null order by look_no desc limit 1
         ) as look on true
         where ${IS_LIVE} order by "quietMs" desc, experiment_id limit ${MOST_LIVE}`,
        [now()],
      ),
    /** Runs that began so long ago, and have not ended. */
    unendedRuns: async (olderThanMs: number): Promise<Stalled<UnendedRun>> =>
      stalled(
        await database.query<UnendedRun & Counted>(
          `${withNow('$2')}
           select run_id as "runId", ${ageOf('started_at')} as "ageMs", count(*) over () as "of" from run cross join now
           where state = 'running' and started_at < now.at - $1 * ${MS}
           order by started_at, run_id limit ${MOST_NAMED}`,
          [olderThanMs, now()],
        ),
      ),
  });
}

interface Counted {
  readonly of: number;
}

function stalled<T extends object>(rows: readonly (T & Counted)[]): Stalled<T> {
  return { count: rows[0]?.of ?? 0, first: rows.map(({ of: _, ...row }) => row as unknown as T) };
}
