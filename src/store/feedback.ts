/**
 * Feedback of people on runs. One row per delivery id; a repeated delivery changes nothing. Monitor scores have a table
 * of their own, so that they never count as people's.
 */
import { SluiceError } from '../base/errors.ts';
import type { RunAssignment } from '../model/assign.ts';
import { MONITOR_BY } from '../model/monitor-spec.ts';
import { canonicalJson } from '../plan/id.ts';
import type { Json } from '../plan/plan.ts';
import { bound, nowSql, type TimedDatabase } from './bound.ts';
import type { Database, Queries } from './database.ts';
import { type MonitorScoreRow, scoresOfRun } from './monitor-results.ts';
import { type RunState, unknownRun } from './runs.ts';
import { storable } from './storable.ts';

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
  /** Time of the feedback. */
  readonly at: number;
}

export interface FeedbackRow extends NewFeedback {
  readonly keyId: string | null;
  readonly receivedAt: number;
}

export const createFeedback = (database: TimedDatabase) =>
  bound(database, {
    add: addFeedback,
    ofRun: feedbackOfRun,
    list: listFeedback,
    ratedRuns,
  });
export type FeedbackTable = ReturnType<typeof createFeedback>;

/** The columns under the names that `FeedbackRow` gives them. */
const FEEDBACK_COLUMNS = `feedback_id as "feedbackId", feedback.run_id as "runId", thumb, score, note, emoji,
  fields, by, key_id as "keyId", is_simulated as "isSimulated", at, received_at as "receivedAt"`;

interface Added {
  readonly created: boolean;
  readonly row: FeedbackRow;
  readonly assignments: readonly RunAssignment[];
}

/** Names that one key may give feedback under, of one run. */
const MOST_NAMES = 20;

/**
 * @throws SluiceError `run_unknown` (with what to do), `feedback_conflict` where the id was used for something else,
 *   `feedback_names_full` where the key has given feedback to the run under 20 names
 */
function addFeedback(database: TimedDatabase, given: NewFeedback): Promise<Added> {
  const now = database.now();
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

/** The content of a delivery without its time, which may differ when it is repeated. */
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

/**
 * In the order in which it came; what monitors have made of the run is among it, signed `monitor:grounded@1`, and
 * nowhere else.
 */
async function feedbackOfRun(database: Database, runId: string): Promise<readonly FeedbackRow[]> {
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

export interface RatedRun {
  readonly runId: string;
  readonly pipeline: string;
  readonly state: RunState;
  readonly input: Json;
  readonly output: Json;
  readonly up: number;
  readonly down: number;
  /** When the last thumb came. */
  readonly ratedAt: number;
}

export interface RatedFilter {
  readonly pipeline?: string;
  /** The majority thumb; default: any. A tie belongs to neither. */
  readonly thumb?: 1 | -1;
  /** Thumbs that came at this time or later; milliseconds since the epoch. */
  readonly since?: number;
  /** 1 to 1,000. */
  readonly limit: number;
}

/** Runs with thumbs, most recently rated first. Runs without content are left out. */
function ratedRuns(database: Database, { pipeline, thumb, since, limit }: RatedFilter): Promise<readonly RatedRun[]> {
  return database.query<RatedRun>(
    `with rated as materialized (
       select run_id, count(*) filter (where thumb = 1) as up, count(*) filter (where thumb = -1) as down,
         max(received_at) as rated_at
       from feedback where thumb is not null and ($1::timestamptz is null or received_at >= $1) group by run_id
     )
     select run_id as "runId", pipeline, state, input, output, up, down, rated_at as "ratedAt"
     from rated join run using (run_id)
     where content_removed_at is null and ($2::text is null or pipeline = $2) and ($3::int is null or sign(up - down) = $3)
     order by rated_at desc, run_id desc limit $4`,
    [since === undefined ? null : new Date(since), pipeline ?? null, thumb ?? null, Math.min(limit, LARGEST_PAGE)],
  );
}

export interface FeedbackFilter {
  readonly pipeline?: string;
  readonly thumb?: 1 | -1;
  readonly since?: number;
  readonly limit: number;
}

/** Newest first. */
const listFeedback = (
  database: Database,
  { pipeline, thumb, since, limit }: FeedbackFilter,
): Promise<readonly FeedbackRow[]> =>
  database.query<FeedbackRow>(
    `select ${FEEDBACK_COLUMNS} from feedback join run on run.run_id = feedback.run_id
     where ($1::text is null or run.pipeline = $1) and ($2::int is null or thumb = $2)
       and ($3::timestamptz is null or received_at >= $3)
     order by received_at desc, feedback_id desc limit $4`,
    [pipeline ?? null, thumb ?? null, since === undefined ? null : new Date(since), Math.min(limit, LARGEST_PAGE)],
  );
