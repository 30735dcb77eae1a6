/** All that was said of one run: by people, and by the monitors that have scored it. */
import { MONITOR_BY } from '../model/monitor-spec.ts';
import type { Database } from './database.ts';
import type { FeedbackRow } from './feedback.ts';
import { FEEDBACK_COLUMNS } from './feedback-add.ts';
import { type MonitorScoreRow, scoresOfRun } from './monitors-read.ts';

export async function feedbackOfRun(database: Database, runId: string): Promise<readonly FeedbackRow[]> {
  const people = await database.query<FeedbackRow>(
    `select ${FEEDBACK_COLUMNS} from feedback where run_id = $1 order by received_at, feedback_id`,
    [runId],
  );
  const monitors = (await scoresOfRun(database, runId)).flatMap(saidBy);
  return [...people, ...monitors].sort((one, other) => one.receivedAt - other.receivedAt);
}

/** A score that is missing says nothing. */
function saidBy({ monitorId, runId, scores, scoredAt }: MonitorScoreRow): readonly FeedbackRow[] {
  if (scores === null || scoredAt === null) return [];
  const by = MONITOR_BY + monitorId;
  return [
    {
      ...{ feedbackId: `${by}:${runId}`, runId, thumb: null, score: null, note: null, emoji: null },
      ...{ fields: scores, by, keyId: null, isSimulated: false, at: scoredAt, receivedAt: scoredAt },
    },
  ];
}
