/** Review queues: what experts are asked, who is at which item, and what was decided between them. */

import type { ScorerIdentity } from '../model/evaluation-spec.ts';
import type { Passed, Review, ReviewQueue } from '../model/review-queue.ts';
import { type Clock, nowParam } from './clock.ts';
import type { Database } from './database.ts';
import { closeQueue, decideItem } from './reviews-decide.ts';
import { findQueue, listQueues, saidOf } from './reviews-read.ts';
import { passItem, reviewItem } from './reviews-review.ts';
import { startQueue } from './reviews-start.ts';
import { claimItem } from './reviews-turn.ts';

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

/** An item with all that was said of it. */
export interface ItemSaid extends QueueItem {
  /** Of whoever has labelled the subject for the scorer, by name: here, or in a file. */
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

export interface Reviews {
  /** Audited. @throws SluiceError `review_exists`, `reviews_full` */
  start(queue: NewQueue): Promise<QueueRow>;
  /** @throws SluiceError `review_unknown` with the nearest, as all that follow */
  get(name: string): Promise<QueueRow>;
  /** The newest first, at most 20. */
  list(): Promise<readonly QueueRow[]>;
  /** By place; one item alone, where its place is given. */
  said(queue: string, place?: number): Promise<readonly ItemSaid[]>;
  /** Of several queues, by name; without notes, and without why items were passed. */
  saidOfAll(queues: readonly string[]): Promise<ReadonlyMap<string, readonly ItemSaid[]>>;
  /**
   * Keeps an item for somebody for 15 minutes: the one that they have already, or one that they have neither reviewed nor
   * passed and that needs more people than are at it; those first that others have begun. Whoever had another gives it back.
   *
   * @param after goes on behind this place, and begins anew at the end
   */
  claim(queue: string, by: string, after?: number): Promise<Claimed>;
  /**
   * Keeps it as a label of the queue's scorer; again, it takes the place of one's own. Audited where it is changed, or
   * said at all, after the item was over.
   *
   * @throws SluiceError `review_closed`, `review_item_unknown`, `review_settled`, `review_full`, `review_claimed`
   */
  review(at: AtItem, said: Pick<Review, 'value' | 'note'>): Promise<void>;
  /** @throws SluiceError as `review`, and `review_given` of what they have reviewed */
  pass(at: AtItem, why: string): Promise<void>;
  /** In place of what was decided before. Audited. @throws SluiceError `review_closed`, `review_item_unknown` */
  decide(at: AtItem, said: { readonly value: Review['value']; readonly note: string }): Promise<void>;
  /** Nothing is asked any more; what was said stays. Audited; the second time changes nothing. */
  close(queue: string, who: string, why: string): Promise<QueueRow>;
}

export function createReviews(database: Database, clock?: Clock): Reviews {
  const now = () => nowParam(clock);
  return Object.freeze({
    start: (queue) => startQueue(database, queue, now()),
    get: (name) => findQueue(database, name),
    list: () => listQueues(database),
    async said(queue, place) {
      return (await saidOf(database, [queue], { place: place ?? null })).get(queue) ?? [];
    },
    saidOfAll: (queues) => saidOf(database, queues, { place: null, isBrief: true }),
    claim: (queue, by, after) => claimItem(database, { queue, by, after: after ?? null, now: now() }),
    review: (at, said) => reviewItem(database, at, said, now()),
    pass: (at, why) => passItem(database, at, why, now()),
    decide: (at, said) => decideItem(database, at, said, now()),
    close: (queue, who, why) => closeQueue(database, { queue, who, why }, now()),
  } satisfies Reviews);
}
