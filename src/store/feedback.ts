/** Feedback: what people said of a run's answer. One row per delivery id; a repeated one changes nothing. */
import type { RunAssignment } from '../experiment/assignment.ts';
import type { Json } from '../plan/plan.ts';
import type { Clock } from './clock.ts';
import type { Database } from './database.ts';

export interface NewFeedback {
  readonly feedbackId: string;
  readonly runId: string;
  readonly thumb: 1 | -1 | null;
  readonly score: number | null;
  readonly note: string | null;
  readonly emoji: string | null;
  readonly fields: { readonly [name: string]: Json } | null;
  readonly by: string | null;
  readonly isSimulated: boolean;
  /** When it was said. */
  readonly at: number;
}

export interface FeedbackRow extends NewFeedback {
  readonly receivedAt: number;
}

export interface FeedbackTable {
  /** @throws SluiceError `run_unknown` (with what to do), `feedback_conflict` where the id was used for something else */
  add(
    feedback: NewFeedback,
  ): Promise<{ readonly created: boolean; readonly row: FeedbackRow; readonly assignments: readonly RunAssignment[] }>;
  ofRun(runId: string): Promise<readonly FeedbackRow[]>;
  /** Newest first. */
  list(filter: {
    readonly pipeline?: string;
    readonly thumb?: 1 | -1;
    readonly since?: number;
    readonly limit: number;
  }): Promise<readonly FeedbackRow[]>;
}

export function createFeedback(_database: Database, _clock?: Clock): FeedbackTable {
  const pending = () => Promise.reject(new Error('not yet'));
  return Object.freeze({ add: pending, ofRun: pending, list: pending } satisfies FeedbackTable);
}
