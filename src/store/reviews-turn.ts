/**
 * Whose turn it is at which item. All that may give an item to one more person locks the queue's row first: two who ask at
 * the same moment come one after the other, and the second sees that the first has it.
 */
import { REVIEW_LIMITS } from '../model/review-queue.ts';
import { nowSql } from './clock.ts';
import type { Database, Queries } from './database.ts';
import type { AtItem, Claimed } from './reviews.ts';
import { findQueue } from './reviews-read.ts';

/** Of each item, beside whoever asks (`$2`): what was said, and who is at it at the time `$3`. */
const STANDING = `
  select item.place, item.subject, said.*, turns.*,
    exists (
      select from adjudication as decision
      where (decision.scorer, decision.subject, decision.pipeline, decision.version)
        = (queue.scorer, item.subject, queue.pipeline, queue.version)
    ) as "isSettled"
  from review_queue as queue join review_item as item on item.queue = queue.name
  cross join lateral (
    select count(*)::integer as reviews, coalesce(bool_or(label.rater = $2), false) as "isMine"
    from label where (label.scorer, label.subject, label.pipeline, label.version)
      = (queue.scorer, item.subject, queue.pipeline, queue.version)
  ) as said
  cross join lateral (
    select count(turn.passed)::integer as passes,
      coalesce(bool_or(
        turn.reviewer = $2 and (turn.claimed_until is not null or turn.passed is not null)
      ), false) as "wasGiven",
      coalesce(bool_or(turn.reviewer = $2 and turn.passed is not null), false) as "isPassed",
      count(*) filter (
        where turn.reviewer <> $2 and turn.claimed_until > ${nowSql('$3')}
          and not exists (
            select from label
            where (label.scorer, label.subject, label.pipeline, label.version, label.rater)
              = (queue.scorer, item.subject, queue.pipeline, queue.version, turn.reviewer)
          )
      )::integer as claims
    from review_turn as turn where (turn.queue, turn.place) = (item.queue, item.place)
  ) as turns
  where queue.name = $1`;

export interface Standing {
  readonly place: number;
  readonly subject: string;
  readonly reviews: number;
  readonly passes: number;
  /** By others, and not over. */
  readonly claims: number;
  readonly isMine: boolean;
  readonly isPassed: boolean;
  /** They have it, perhaps for too long already, or have passed it; what was given back they were not given. */
  readonly wasGiven: boolean;
  readonly isSettled: boolean;
}

/** How one item stands for somebody. */
export async function standingAt(
  queries: Queries,
  { queue, place, by }: AtItem,
  now: Date | null,
): Promise<Standing | undefined> {
  const [row] = await queries.query<Standing>(`${STANDING} and item.place = $4`, [queue, by, now, place]);
  return row;
}

interface Claiming {
  readonly queue: string;
  readonly by: string;
  readonly after: number | null;
  readonly now: Date | null;
}

export function claimItem(database: Database, { queue: name, by, after, now }: Claiming): Promise<Claimed> {
  return database.transaction(async (queries) => {
    const { closedAt, reviewers } = await findQueue(queries, name, { lock: true });
    if (closedAt !== null) return { place: null, why: 'closed' };
    const mine = await heldBy(queries, { queue: name, by, now });
    const wanting = await queries.query<Pick<Standing, 'place' | 'claims' | 'reviews'>>(
      `select place, claims, reviews from (${STANDING}) as item
       where not "isMine" and not "isPassed" and not "isSettled" and reviews < $5 and passes < $5
       order by place <= $4, place is distinct from $6, reviews + claims = 0, place`,
      [name, by, now, after ?? 0, reviewers, after === null ? mine : null],
    );
    const free = wanting.find(({ reviews, claims }) => reviews + claims < reviewers);
    await giveBack(queries, { queue: name, by, keep: free?.place ?? null });
    if (free === undefined) return { place: null, why: wanting.length > 0 ? 'taken' : 'none' };
    await queries.query(
      `insert into review_turn (queue, place, reviewer, claimed_until, at)
       values ($1, $2, $3, ${nowSql('$4')} + $5 * interval '1 millisecond', ${nowSql('$4')})
       on conflict (queue, place, reviewer) do update set claimed_until = excluded.claimed_until, at = excluded.at`,
      [name, free.place, by, now, REVIEW_LIMITS.claimMs],
    );
    return { place: free.place };
  });
}

/** The item that is kept for somebody, if any is. */
async function heldBy(queries: Queries, { queue, by, now }: Omit<Claiming, 'after'>): Promise<number | null> {
  const [held] = await queries.query<{ place: number }>(
    `select place from review_turn
     where queue = $1 and reviewer = $2 and claimed_until > ${nowSql('$3')} order by claimed_until desc limit 1`,
    [queue, by, now],
  );
  return held?.place ?? null;
}

/** Nobody keeps two items from others. */
const giveBack = (
  queries: Queries,
  { queue, by, keep }: { readonly queue: string; readonly by: string; readonly keep: number | null },
): Promise<unknown> =>
  queries.query(
    `update review_turn set claimed_until = null
     where queue = $1 and reviewer = $2 and claimed_until is not null and place is distinct from $3`,
    [queue, by, keep],
  );
