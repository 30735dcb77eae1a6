/** What a reviewer says of an item: a label, or why they cannot judge it. */
import { SluiceError } from '../base/errors.ts';
import type { Review } from '../model/review-queue.ts';
import { canonicalJson } from '../plan/id.ts';
import type { Json } from '../plan/plan.ts';
import { writeAudit } from './audit.ts';
import { nowSql } from './clock.ts';
import type { Database, Queries } from './database.ts';
import { putLabel } from './evaluations-labels.ts';
import type { AtItem, QueueRow } from './reviews.ts';
import { auditSubject, findQueue } from './reviews-read.ts';
import { type Standing, standingAt } from './reviews-turn.ts';
import { storable } from './storable.ts';

type Said = Pick<Review, 'value' | 'note'>;

export function reviewItem(database: Database, at: AtItem, said: Said, now: Date | null): Promise<void> {
  return database.transaction(async (queries) => {
    const queue = await openQueue(queries, at.queue);
    const item = await itemAt(queries, queue, at, now);
    if (!item.isMine) refuseWhereFull(queue, item);
    await keepLabel(queries, { queue, item, at, said, now });
    await putTurn(queries, at, null, now);
  });
}

export function passItem(database: Database, at: AtItem, why: string, now: Date | null): Promise<void> {
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
export async function openQueue(queries: Queries, name: string): Promise<QueueRow> {
  const queue = await findQueue(queries, name, { lock: true });
  if (queue.closedAt === null) return queue;
  throw new SluiceError('review_closed', {
    message: `the review queue '${name}' is closed`,
    remedy: 'what was said stays; begin another queue to ask more',
    data: { name },
  });
}

/** @throws SluiceError `review_item_unknown`, `review_settled` */
async function itemAt(queries: Queries, queue: QueueRow, at: AtItem, now: Date | null): Promise<Standing> {
  const item = await standingAt(queries, at, now);
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

/** Whoever was given it may say what they think, though it took them longer than it was kept for them. */
function refuseWhereFull({ name, reviewers }: QueueRow, { place, reviews, passes, claims, wasGiven }: Standing): void {
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
  readonly item: Standing;
  readonly at: AtItem;
  readonly said: Said;
  readonly now: Date | null;
}

async function keepLabel(queries: Queries, { queue, item, at, said, now }: Keeping): Promise<void> {
  const [was] = await queries.query<Review>(
    `select value, note, labelled_at as at from label
     where (scorer, subject, pipeline, version, rater) = ($1, $2, $3, $4, $5)`,
    [queue.scorer, item.subject, queue.pipeline, queue.version, at.by],
  );
  // As it is kept: what was replaced in it is no change the second time.
  const note = said.note === null ? null : (storable(said.note) as string);
  if (was !== undefined && textOf(was) === textOf({ value: said.value, note })) return;
  const [time] = await queries.query<{ at: number }>(`select ${nowSql('$1')} as at`, [now]);
  // Of labels the latest stays: this one, whatever the time of the one before.
  const labelledAt = Math.max(Math.floor(time!.at), (was?.at ?? 0) + 1);
  const { pipeline, scorer, version, reviewers } = queue;
  const label = { pipeline, scorer, version, subject: item.subject, rater: at.by, value: said.value, note, labelledAt };
  await putLabel(queries, label);
  if (item.reviews < reviewers && item.passes < reviewers) return;
  // They may have seen what others say: that this one was another before, or came after all, is kept.
  await writeAudit(
    queries,
    {
      ...{ who: at.who ?? at.by, action: 'review.change', subject: auditSubject(queue.name), why: note ?? 'changed' },
      was: was === undefined ? null : { place: at.place, value: was.value },
      isNow: { place: at.place, value: said.value },
    },
    now,
  );
}

const textOf = ({ value, note }: Said): string => canonicalJson({ value, note: note || null } as unknown as Json);

/** The item is not kept for them any more. */
async function putTurn(queries: Queries, { queue, place, by }: AtItem, passed: string | null, now: Date | null) {
  await queries.query(
    `insert into review_turn (queue, place, reviewer, passed, at) values ($1, $2, $3, $4, ${nowSql('$5')})
     on conflict (queue, place, reviewer) do update
       set claimed_until = null, passed = excluded.passed, at = excluded.at`,
    [queue, place, by, passed, now],
  );
}
