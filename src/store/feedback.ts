/**
 * Feedback: what people said of a run's answer. One row per delivery id; a repeated one changes nothing. What monitors have
 * made of a run is in a table of its own, so that nothing that counts people can count them.
 */
import type { RunAssignment } from '../model/assign.ts';
import type { Json } from '../plan/plan.ts';
import { type Clock, nowParam } from './clock.ts';
import type { Database } from './database.ts';
import { addFeedback, FEEDBACK_COLUMNS } from './feedback-add.ts';
import { feedbackOfRun } from './feedback-of-run.ts';
import { type RatedFilter, type RatedRun, ratedRuns } from './feedback-runs.ts';

const LARGEST_PAGE = 1_000;

export interface NewFeedback {
  readonly feedbackId: string;
  readonly runId: string;
  readonly thumb: 1 | -1 | null;
  readonly score: number | null;
  readonly note: string | null;
  readonly emoji: string | null;
  readonly fields: { readonly [name: string]: Json } | null;
  readonly by: string | null;
  /** The API key that sent it. Null, or absent: it came another way. */
  readonly keyId?: string | null;
  readonly isSimulated: boolean;
  /** When it was said. */
  readonly at: number;
}

export interface FeedbackRow extends NewFeedback {
  readonly keyId: string | null;
  readonly receivedAt: number;
}

export interface FeedbackTable {
  /**
   * @throws SluiceError `run_unknown` (with what to do), `feedback_conflict` where the id was used for something else,
   *   `feedback_names_full` where the key has given feedback to the run under 20 names
   */
  add(
    feedback: NewFeedback,
  ): Promise<{ readonly created: boolean; readonly row: FeedbackRow; readonly assignments: readonly RunAssignment[] }>;
  /** In the order in which it came; what monitors have made of the run is among it, signed `monitor:grounded@1`, and nowhere else. */
  ofRun(runId: string): Promise<readonly FeedbackRow[]>;
  /** Newest first. */
  list(filter: {
    readonly pipeline?: string;
    readonly thumb?: 1 | -1;
    readonly since?: number;
    readonly limit: number;
  }): Promise<readonly FeedbackRow[]>;
  /** Runs with thumbs, those rated last first. */
  ratedRuns(filter: RatedFilter): Promise<readonly RatedRun[]>;
}

export function createFeedback(database: Database, clock?: Clock): FeedbackTable {
  return Object.freeze({
    add: (feedback) => addFeedback(database, feedback, nowParam(clock)),
    ofRun: (runId) => feedbackOfRun(database, runId),
    list: ({ pipeline, thumb, since, limit }) =>
      database.query<FeedbackRow>(
        `select ${FEEDBACK_COLUMNS} from feedback join run on run.run_id = feedback.run_id
         where ($1::text is null or run.pipeline = $1) and ($2::int is null or thumb = $2)
           and ($3::timestamptz is null or received_at >= $3)
         order by received_at desc, feedback_id desc limit $4`,
        [pipeline ?? null, thumb ?? null, since === undefined ? null : new Date(since), Math.min(limit, LARGEST_PAGE)],
      ),
    ratedRuns: (filter) => ratedRuns(database, filter),
  } satisfies FeedbackTable);
}
