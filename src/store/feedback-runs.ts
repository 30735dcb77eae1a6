/** Runs by what people said of them: thumbs up and down of each, to make examples and preferences of. */
import type { Json } from '../plan/plan.ts';
import type { Database } from './database.ts';
import type { RunState } from './runs.ts';

const LARGEST_PAGE = 1_000;

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
  /** What most people said; default: any. A run of which as many say the one as the other is then in neither. */
  readonly thumb?: 1 | -1;
  /** Thumbs that came at this time or later; milliseconds since the epoch. */
  readonly since?: number;
  /** 1 to 1,000. */
  readonly limit: number;
}

/** Those rated last come first; of those whose content is gone there is nothing to make. */
export function ratedRuns(
  database: Database,
  { pipeline, thumb, since, limit }: RatedFilter,
): Promise<readonly RatedRun[]> {
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
