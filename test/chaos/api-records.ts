/** What a load on the API has left in the database. */
import { openDatabase } from '../../src/store/database.ts';

interface KeptRun {
  readonly runId: string;
  /** With its owner before it, as the API keeps it. */
  readonly key: string;
  readonly state: string;
}

interface KeptFeedback {
  readonly feedbackId: string;
  readonly runId: string;
  readonly score: number;
}

export interface ApiRecords {
  readonly runs: readonly KeptRun[];
  readonly feedback: readonly KeptFeedback[];
}

export async function readApiRecords(databaseUrl: string, owner: string): Promise<ApiRecords> {
  const database = openDatabase(databaseUrl, { poolSize: 1 });
  try {
    const runs = await database.query<KeptRun>(
      'select run_id as "runId", idempotency_key as key, state from run where owner = $1',
      [owner],
    );
    const feedback = await database.query<KeptFeedback>(
      `select feedback_id as "feedbackId", run_id as "runId", score
       from feedback join run using (run_id) where owner = $1`,
      [owner],
    );
    return { runs, feedback };
  } finally {
    await database.close();
  }
}
