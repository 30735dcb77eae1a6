/** Pages of runs, newest first. The cursor is the last run's place in that order, so new runs do not shift the pages. */
import { SluiceError } from '../base/errors.ts';
import type { Database } from './database.ts';
import { RUN_LISTED } from './run-columns.ts';
import type { RunListed, RunState } from './runs.ts';
import { unstorablePath } from './storable.ts';

export interface RunFilter {
  readonly pipeline?: string;
  readonly state?: RunState;
  /** Only runs that this one asked for through the API. */
  readonly owner?: string;
  /** At most this many, 1 to 1,000; default 20. */
  readonly limit?: number;
  /** The `next` of the page before. */
  readonly before?: string;
}

export interface RunPage {
  readonly runs: readonly RunListed[];
  /** Give it as `before` for the following page; null on the last. */
  readonly next: string | null;
}

const DEFAULT_PAGE = 20;
const LARGEST_PAGE = 1_000;

export async function listRuns(database: Database, filter: RunFilter): Promise<RunPage> {
  const limit = filter.limit ?? DEFAULT_PAGE;
  if (!Number.isInteger(limit) || limit < 1 || limit > LARGEST_PAGE)
    throw new SluiceError('limit_invalid', {
      message: `a page of ${limit} runs was asked for`,
      remedy: `ask for 1 to ${LARGEST_PAGE}, and for the next page with its cursor`,
    });
  const [startedAt, runId] = filter.before === undefined ? [null, null] : readCursor(filter.before);
  // Times are compared as they are stored, in microseconds: as text, since milliseconds would lose rows.
  const rows = await database.query<RunListed & { place: string }>(
    `select ${RUN_LISTED}, started_at::text as place from run
     where ($1::text is null or pipeline = $1) and ($2::text is null or state = $2)
       and ($6::text is null or owner = $6)
       and ($3::text is null or (started_at, run_id) < ($3::timestamptz, $4))
     order by started_at desc, run_id desc limit $5`,
    [filter.pipeline ?? null, filter.state ?? null, startedAt, runId, limit + 1, filter.owner ?? null],
  );
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    runs: page.map(({ place: _, ...run }) => run),
    next: rows.length > limit && last !== undefined ? writeCursor(last.place, last.runId) : null,
  };
}

const writeCursor = (place: string, runId: string): string =>
  Buffer.from(JSON.stringify([place, runId])).toString('base64url');

/** A time as PostgreSQL writes it, of a day that exists. */
function isPlace(text: unknown): text is string {
  const { day, clock, year, hours } = (typeof text === 'string' && PLACE.exec(text)?.groups) || {};
  const at = new Date(`${day}T${clock}Z`);
  const isDay = !Number.isNaN(at.getTime()) && at.toISOString().startsWith(`${day}T${clock}`);
  return isDay && year !== '0000' && Number(hours) <= MOST_OFFSET_HOURS;
}

const PLACE =
  /^(?<day>(?<year>\d{4})-\d\d-\d\d) (?<clock>\d\d:\d\d:\d\d)(\.\d{1,6})?[+-](?<hours>\d\d)(:[0-5]\d){0,2}$/;
const MOST_OFFSET_HOURS = 14;

function readCursor(cursor: string): readonly [startedAt: string, runId: string] {
  try {
    const [startedAt, runId] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[];
    if (isPlace(startedAt) && typeof runId === 'string' && unstorablePath(runId) === undefined)
      return [startedAt, runId];
  } catch {
    // Said below, for both.
  }
  throw new SluiceError('cursor_invalid', {
    message: `'${cursor.slice(0, 40)}' is not a place in the list of runs`,
    remedy: 'give the `next` of the page before, or leave it out for the first page',
  });
}
