/** Keeping feedback once per delivery id, with what the experiments had given its run. */
import { SluiceError } from '../base/errors.ts';
import type { RunAssignment } from '../model/assign.ts';
import { canonicalJson } from '../plan/id.ts';
import type { Json } from '../plan/plan.ts';
import { nowSql } from './clock.ts';
import type { Database, Queries } from './database.ts';
import type { FeedbackRow, NewFeedback } from './feedback.ts';
import { unknownRun } from './run-lookup.ts';
import { storable } from './storable.ts';

/** The columns under the names that `FeedbackRow` gives them. */
export const FEEDBACK_COLUMNS = `feedback_id as "feedbackId", feedback.run_id as "runId", thumb, score, note, emoji,
  fields, by, key_id as "keyId", is_simulated as "isSimulated", at, received_at as "receivedAt"`;

interface Added {
  readonly created: boolean;
  readonly row: FeedbackRow;
  readonly assignments: readonly RunAssignment[];
}

/** Names that one key may give feedback under, of one run. */
const MOST_NAMES = 20;

export function addFeedback(database: Database, given: NewFeedback, now: Date | null): Promise<Added> {
  return database.transaction((queries) => add(queries, given, now));
}

async function add(database: Queries, given: NewFeedback, now: Date | null): Promise<Added> {
  const feedback = storable({ ...given }) as unknown as NewFeedback;
  const { feedbackId, runId, thumb, score, note, emoji, fields, by, keyId = null, isSimulated, at } = feedback;
  const [run] = await database.query<{ assignments: readonly RunAssignment[] | null }>(
    // Held until the end, so that names are counted one after the other.
    'select assignments from run where run_id = $1 for no key update',
    [runId],
  );
  if (run === undefined) throw await unknownRun(database, runId);
  if (keyId !== null) await checkNames(database, { runId, keyId, by });
  const assignments = run.assignments ?? [];
  const json = fields === null ? null : JSON.stringify(fields);
  const [added] = await database.query<FeedbackRow>(
    `insert into feedback (feedback_id, run_id, thumb, score, note, emoji, fields, by, key_id, is_simulated, at, received_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $12, $9, $10, ${nowSql('$11')})
     on conflict do nothing returning ${FEEDBACK_COLUMNS}`,
    [feedbackId, runId, thumb, score, note, emoji, json, by, isSimulated, new Date(at), now, keyId],
  );
  if (added !== undefined) return { created: true, row: added, assignments };
  const [row] = await database.query<FeedbackRow>(`select ${FEEDBACK_COLUMNS} from feedback where feedback_id = $1`, [
    feedbackId,
  ]);
  if (contentOf(row!) !== contentOf(feedback)) throw conflict(row!, runId);
  return { created: false, row: row!, assignments };
}

interface Named {
  readonly runId: string;
  readonly keyId: string;
  readonly by: string | null;
}

async function checkNames(database: Queries, { runId, keyId, by }: Named): Promise<void> {
  const [names] = await database.query<{ n: number; isKnown: boolean }>(
    `select count(distinct by)::int as n, coalesce(bool_or(by = $3), false) as "isKnown"
     from feedback where run_id = $1 and key_id = $2`,
    [runId, keyId, by],
  );
  if (names!.isKnown || names!.n < MOST_NAMES) return;
  throw new SluiceError('feedback_names_full', {
    message: `this key has given feedback to run '${runId}' under ${MOST_NAMES} names, which is the most`,
    remedy: 'send feedback under one of these names, or with a key of each application',
    data: { runId, most: MOST_NAMES },
  });
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
