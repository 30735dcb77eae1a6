/** Keeping feedback once per delivery id, with what the experiments had given its run. */
import { SluiceError } from '../errors.ts';
import type { RunAssignment } from '../experiment/assignment.ts';
import { canonicalJson } from '../plan/id.ts';
import type { Json } from '../plan/plan.ts';
import { nowSql } from './clock.ts';
import type { Database } from './database.ts';
import type { FeedbackRow, NewFeedback } from './feedback.ts';
import { unknownRun } from './run-lookup.ts';
import { storable } from './storable.ts';

/** The columns under the names that `FeedbackRow` gives them. */
export const FEEDBACK_COLUMNS = `feedback_id as "feedbackId", feedback.run_id as "runId", thumb, score, note, emoji,
  fields, by, is_simulated as "isSimulated", at, received_at as "receivedAt"`;

interface Added {
  readonly created: boolean;
  readonly row: FeedbackRow;
  readonly assignments: readonly RunAssignment[];
}

export async function addFeedback(database: Database, given: NewFeedback, now: Date | null): Promise<Added> {
  const feedback = storable({ ...given }) as unknown as NewFeedback;
  const { feedbackId, runId, thumb, score, note, emoji, fields, by, isSimulated, at } = feedback;
  const [run] = await database.query<{ assignments: readonly RunAssignment[] | null }>(
    'select assignments from run where run_id = $1',
    [runId],
  );
  if (run === undefined) throw await unknownRun(database, runId);
  const assignments = run.assignments ?? [];
  const json = fields === null ? null : JSON.stringify(fields);
  const [added] = await database.query<FeedbackRow>(
    `insert into feedback (feedback_id, run_id, thumb, score, note, emoji, fields, by, is_simulated, at, received_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, ${nowSql('$11')})
     on conflict do nothing returning ${FEEDBACK_COLUMNS}`,
    [feedbackId, runId, thumb, score, note, emoji, json, by, isSimulated, new Date(at), now],
  );
  if (added !== undefined) return { created: true, row: added, assignments };
  const [row] = await database.query<FeedbackRow>(`select ${FEEDBACK_COLUMNS} from feedback where feedback_id = $1`, [
    feedbackId,
  ]);
  if (contentOf(row!) !== contentOf(feedback)) throw conflict(row!, runId);
  return { created: false, row: row!, assignments };
}

/** What was said of which run. Not when: a delivery that is repeated may have been given another time on its way. */
function contentOf({ runId, thumb, score, note, emoji, fields, by, isSimulated }: NewFeedback): string {
  return canonicalJson({ runId, thumb, score, note, emoji, fields, by, isSimulated } satisfies Json);
}

function conflict({ feedbackId, runId }: FeedbackRow, given: string): SluiceError {
  const what = runId === given ? `says something else of run '${runId}'` : `is of run '${runId}', not '${given}'`;
  return new SluiceError('feedback_conflict', {
    message: `the feedback '${feedbackId}' is there already, and ${what}`,
    remedy: 'give each feedback an id of its own, and only a repeated delivery the same one',
    data: { feedbackId, runId },
  });
}
