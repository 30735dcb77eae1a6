/** Review queues: what experts are asked, who is at which item, and what was decided between them. */

import { SluiceError } from '../base/errors.ts';
import type { ScorerIdentity } from '../model/evaluation-spec.ts';
import { type Passed, REVIEW_LIMITS, type Review, type ReviewQueue } from '../model/review-queue.ts';
import { canonicalJson } from '../plan/id.ts';
import type { Json } from '../plan/plan.ts';
import { writeAudit } from './audit.ts';
import { bound, nowSql, type TimedDatabase } from './bound.ts';
import type { Queries } from './database.ts';
import { putLabel } from './evaluations.ts';
import { auditSubject, findQueue, itemsOfQueue, itemsOfQueues, listQueues, startQueue } from './review-queues.ts';
import { storable } from './storable.ts';

/** An item as the queue was begun with it. */
export interface QueueItem {
  /** From 1. */
  readonly place: number;
  readonly subject: string;
  readonly exampleId: string;
  readonly variant: number;
  readonly repeat: number;
}

export interface QueueRow extends ReviewQueue, ScorerIdentity {
  /** Of the order in which the answers of a pair are shown. */
  readonly seed: number;
}

export interface NewQueue extends Omit<QueueRow, 'items' | 'startedAt' | 'closedAt'> {
  /** In the order in which they are asked. */
  readonly items: readonly Omit<QueueItem, 'place'>[];
  /** With which they were drawn; for the audit. */
  readonly sampleSeed: number;
}

/** An item with its reviews, passes and decision. */
export interface ReviewedItem extends QueueItem {
  /** Labels of the subject for the scorer, by rater: from this queue or a file. */
  readonly reviews: readonly Review[];
  readonly passes: readonly Passed[];
  readonly decision: Review | null;
}

/** Which item of which queue, and who does something with it. */
export interface AtItem {
  readonly queue: string;
  readonly place: number;
  readonly by: string;
  /** As the audit has them; default: `by`. */
  readonly who?: string;
}

/** `none`: nothing is left that they could review; `taken`: as many people as it needs are at each of what is. */
export type Claimed = { readonly place: number } | { readonly place: null; readonly why: 'none' | 'taken' | 'closed' };

export const createReviews = (database: TimedDatabase) =>
  bound(database, {
    start: startQueue,
    get: findQueue,
    list: listQueues,
    items: itemsOfQueue,
    itemsOfQueues,
    claim: claimItem,
    review: reviewItem,
    pass: passItem,
    decide: decideItem,
    close: closeQueue,
  });
export type Reviews = ReturnType<typeof createReviews>;

// Claims of items. Every statement that may give an item to one more person locks the queue's row first, so concurrent
// requests come one after the other.

/** Status of each item for the reviewer `$2` at the time `$3`: its reviews, passes and claims. */
const ITEM_STATUS = `
  select item.place, item.subject, labels.*, turns.*,
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
  ) as labels
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

export interface ItemStatus {
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

/** The status of one item for a reviewer. */
async function statusAt(
  queries: Queries,
  { queue, place, by }: AtItem,
  now: Date | null,
): Promise<ItemStatus | undefined> {
  const [row] = await queries.query<ItemStatus>(`${ITEM_STATUS} and item.place = $4`, [queue, by, now, place]);
  return row;
}

interface Claiming {
  readonly queue: string;
  readonly by: string;
  readonly now: Date | null;
}

/**
 * Claims an item for a reviewer for 15 minutes: their current one, or one that they have neither reviewed nor passed
 * and that needs more reviewers. Items already begun come first. A previous claim is released.
 *
 * @param after continues after this place, and wraps around
 */
function claimItem(database: TimedDatabase, queue: string, by: string, after: number | null = null): Promise<Claimed> {
  const now = database.now();
  return database.transaction(async (queries) => {
    const { closedAt, reviewers } = await findQueue(queries, queue, { lock: true });
    if (closedAt !== null) return { place: null, why: 'closed' };
    const mine = await heldBy(queries, { queue, by, now });
    const wanting = await queries.query<Pick<ItemStatus, 'place' | 'claims' | 'reviews'>>(
      `select place, claims, reviews from (${ITEM_STATUS}) as item
       where not "isMine" and not "isPassed" and not "isSettled" and reviews < $5 and passes < $5
       order by place <= $4, place is distinct from $6, reviews + claims = 0, place`,
      [queue, by, now, after ?? 0, reviewers, after === null ? mine : null],
    );
    const free = wanting.find(({ reviews, claims }) => reviews + claims < reviewers);
    await giveBack(queries, { queue, by, keep: free?.place ?? null });
    if (free === undefined) return { place: null, why: wanting.length > 0 ? 'taken' : 'none' };
    await queries.query(
      `insert into review_turn (queue, place, reviewer, claimed_until, at)
       values ($1, $2, $3, ${nowSql('$4')} + $5 * interval '1 millisecond', ${nowSql('$4')})
       on conflict (queue, place, reviewer) do update set claimed_until = excluded.claimed_until, at = excluded.at`,
      [queue, free.place, by, now, REVIEW_LIMITS.claimMs],
    );
    return { place: free.place };
  });
}

/** The reviewer's claimed item, if any. */
async function heldBy(queries: Queries, { queue, by, now }: Claiming): Promise<number | null> {
  const [held] = await queries.query<{ place: number }>(
    `select place from review_turn
     where queue = $1 and reviewer = $2 and claimed_until > ${nowSql('$3')} order by claimed_until desc limit 1`,
    [queue, by, now],
  );
  return held?.place ?? null;
}

/** Releases the reviewer's other claims. */
const giveBack = (
  queries: Queries,
  { queue, by, keep }: { readonly queue: string; readonly by: string; readonly keep: number | null },
): Promise<unknown> =>
  queries.query(
    `update review_turn set claimed_until = null
     where queue = $1 and reviewer = $2 and claimed_until is not null and place is distinct from $3`,
    [queue, by, keep],
  );

type ReviewContent = Pick<Review, 'value' | 'note'>;

/**
 * Stores the review as a label of the queue's scorer, replacing the reviewer's earlier one. Audited when it changes a
 * label, or comes after the item was closed.
 *
 * @throws SluiceError `review_closed`, `review_item_unknown`, `review_settled`, `review_full`, `review_claimed`
 */
function reviewItem(database: TimedDatabase, at: AtItem, content: ReviewContent): Promise<void> {
  const now = database.now();
  return database.transaction(async (queries) => {
    const queue = await openQueue(queries, at.queue);
    const item = await itemAt(queries, queue, at, now);
    if (!item.isMine) refuseWhereFull(queue, item);
    await keepLabel(queries, { queue, item, at, content, now });
    await putTurn(queries, at, null, now);
  });
}

/** @throws SluiceError as `review`, and `review_given` of what they have reviewed */
function passItem(database: TimedDatabase, at: AtItem, why: string): Promise<void> {
  const now = database.now();
  return database.transaction(async (queries) => {
    const queue = await openQueue(queries, at.queue);
    const item = await itemAt(queries, queue, at, now);
    if (item.isMine)
      throw new SluiceError('review_given', {
        message: `'${at.by}' has reviewed item ${at.place} of '${queue.name}'`,
        remedy: 'change the review, or leave it as it is',
        data: { queue: queue.name, place: at.place },
      });
    if (!item.isPassed) refuseWhereFull(queue, item);
    await putTurn(queries, at, storable(why) as string, now);
  });
}

/** Locked, so that no two count the same reviews. @throws SluiceError `review_unknown`, `review_closed` */
async function openQueue(queries: Queries, name: string): Promise<QueueRow> {
  const queue = await findQueue(queries, name, { lock: true });
  if (queue.closedAt === null) return queue;
  throw new SluiceError('review_closed', {
    message: `the review queue '${name}' is closed`,
    remedy: 'its reviews stay; to ask more, start another queue',
    data: { name },
  });
}

/** @throws SluiceError `review_item_unknown`, `review_settled` */
async function itemAt(queries: Queries, queue: QueueRow, at: AtItem, now: Date | null): Promise<ItemStatus> {
  const item = await statusAt(queries, at, now);
  if (item === undefined) throw unknownItem(queue, at.place);
  if (!item.isSettled) return item;
  throw new SluiceError('review_settled', {
    message: `somebody has decided what holds of item ${at.place} of '${queue.name}'`,
    remedy: 'ask for the next item',
    data: { queue: queue.name, place: at.place },
  });
}

export const unknownItem = ({ name, items }: Pick<QueueRow, 'name' | 'items'>, place: number): SluiceError =>
  new SluiceError('review_item_unknown', {
    message: `'${name}' has no item ${place}`,
    remedy: `its items are 1 to ${items}`,
    data: { queue: name, place },
  });

/** A reviewer who was given the item may review it, even after the claim expired. */
function refuseWhereFull(
  { name, reviewers }: QueueRow,
  { place, reviews, passes, claims, wasGiven }: ItemStatus,
): void {
  if (wasGiven) return;
  if (reviews >= reviewers || passes >= reviewers)
    throw new SluiceError('review_full', {
      message: `item ${place} of '${name}' has all that it needs: ${reviews} reviewed it, ${passes} passed`,
      remedy: 'ask for the next item',
      data: { queue: name, place },
    });
  if (reviews + claims >= reviewers)
    throw new SluiceError('review_claimed', {
      message: `as many people as item ${place} of '${name}' needs are at it`,
      remedy: 'ask for the next item',
      data: { queue: name, place },
    });
}

interface Keeping {
  readonly queue: QueueRow;
  readonly item: ItemStatus;
  readonly at: AtItem;
  readonly content: ReviewContent;
  readonly now: Date | null;
}

async function keepLabel(queries: Queries, { queue, item, at, content, now }: Keeping): Promise<void> {
  const [was] = await queries.query<Review>(
    `select value, note, labelled_at as at from label
     where (scorer, subject, pipeline, version, rater) = ($1, $2, $3, $4, $5)`,
    [queue.scorer, item.subject, queue.pipeline, queue.version, at.by],
  );
  // Compared as stored: replaced characters are no change the second time.
  const note = content.note === null ? null : (storable(content.note) as string);
  if (was !== undefined && textOf(was) === textOf({ value: content.value, note })) return;
  const [time] = await queries.query<{ at: number }>(`select ${nowSql('$1')} as at`, [now]);
  // The latest label wins: this one must be later than the one before.
  const labelledAt = Math.max(Math.floor(time!.at), (was?.at ?? 0) + 1);
  const { pipeline, scorer, version, reviewers } = queue;
  const label = {
    pipeline,
    scorer,
    version,
    subject: item.subject,
    rater: at.by,
    value: content.value,
    note,
    labelledAt,
  };
  await putLabel(queries, label);
  if (item.reviews < reviewers && item.passes < reviewers) return;
  // The reviewer may have seen other reviews: the audit records the change or late review.
  await writeAudit(
    queries,
    {
      ...{ who: at.who ?? at.by, action: 'review.change', subject: auditSubject(queue.name), why: note ?? 'changed' },
      was: was === undefined ? null : { place: at.place, value: was.value },
      isNow: { place: at.place, value: content.value },
    },
    now,
  );
}

const textOf = ({ value, note }: ReviewContent): string =>
  canonicalJson({ value, note: note || null } as unknown as Json);

/** Ends the reviewer's claim. */
async function putTurn(queries: Queries, { queue, place, by }: AtItem, passed: string | null, now: Date | null) {
  await queries.query(
    `insert into review_turn (queue, place, reviewer, passed, at) values ($1, $2, $3, $4, ${nowSql('$5')})
     on conflict (queue, place, reviewer) do update
       set claimed_until = null, passed = excluded.passed, at = excluded.at`,
    [queue, place, by, passed, now],
  );
}

interface Decision {
  readonly value: Review['value'];
  readonly note: string;
}

/** In place of what was decided before. Audited. @throws SluiceError `review_closed`, `review_item_unknown` */
function decideItem(database: TimedDatabase, at: AtItem, content: Decision): Promise<void> {
  const now = database.now();
  return database.transaction(async (queries) => {
    const queue = await openQueue(queries, at.queue);
    const [item] = await queries.query<{ subject: string }>(
      'select subject from review_item where queue = $1 and place = $2',
      [at.queue, at.place],
    );
    if (item === undefined) throw unknownItem(queue, at.place);
    const [was] = await queries.query<Review>(
      `select value, note, by as reviewer, at from adjudication
       where (scorer, subject, pipeline, version) = ($1, $2, $3, $4)`,
      [queue.scorer, item.subject, queue.pipeline, queue.version],
    );
    const note = storable(content.note) as string;
    const isSame = was !== undefined && was.note === note && was.reviewer === at.by;
    if (isSame && canonicalJson(was.value) === canonicalJson(content.value)) return;
    await queries.query(
      `insert into adjudication (scorer, subject, pipeline, version, value, note, by, at)
       values ($1, $2, $3, $4, $5, $6, $7, ${nowSql('$8')})
       on conflict (scorer, subject, pipeline, version) do update
         set value = excluded.value, note = excluded.note, by = excluded.by, at = excluded.at`,
      [
        ...[queue.scorer, item.subject, queue.pipeline, queue.version],
        ...[canonicalJson(content.value), note, at.by, now],
      ],
    );
    await queries.query('update review_turn set claimed_until = null where queue = $1 and place = $2', [
      at.queue,
      at.place,
    ]);
    const change = { who: at.who ?? at.by, action: 'review.decide', subject: auditSubject(queue.name), why: note };
    const isNow: Json = { place: at.place, value: content.value };
    await writeAudit(queries, { ...change, was: was === undefined ? null : { value: was.value }, isNow }, now);
  });
}

/** Closes the queue; its reviews stay. Audited; idempotent. */
function closeQueue(database: TimedDatabase, name: string, who: string, why: string): Promise<QueueRow> {
  const now = database.now();
  return database.transaction(async (queries) => {
    const { closedAt } = await findQueue(queries, name, { lock: true });
    if (closedAt === null) {
      await queries.query(`update review_queue set closed_at = ${nowSql('$2')} where name = $1`, [name, now]);
      const change = { who, action: 'review.close', subject: auditSubject(name), why };
      await writeAudit(queries, { ...change, was: { state: 'open' }, isNow: { state: 'closed' } }, now);
    }
    return findQueue(queries, name);
  });
}
