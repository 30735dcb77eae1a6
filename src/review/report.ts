/** A queue with how far it has come, how far reviewers agree, and its items. */

import type { ItemSummary, ReviewProgress, ReviewQueue, ReviewReport } from '../model/review-queue.ts';
import type { ItemSaid, QueueRow } from '../store/reviews.ts';
import type { Store } from '../store/store.ts';
import { agreementOf } from './agreement.ts';
import { progressOf } from './progress.ts';
import { stateOf } from './state.ts';

type WithReviews = Pick<Store, 'reviews'>;

/** @param reviewer whoever asks @throws SluiceError `review_unknown` */
export async function reportOnQueue({ reviews }: WithReviews, name: string, reviewer: string): Promise<ReviewReport> {
  const queue = await reviews.get(name);
  const items = await reviews.said(name);
  return Object.freeze({
    queue: shownQueue(queue),
    progress: progressOf(queue, items),
    agreement: agreementOf(queue, items),
    items: items.map((item) => summaryOf(queue, item, reviewer)),
  });
}

export interface ListedQueue {
  readonly queue: ReviewQueue;
  readonly progress: ReviewProgress;
}

/** The newest first. */
export async function listQueues({ reviews }: WithReviews): Promise<readonly ListedQueue[]> {
  const queues = await reviews.list();
  const said = await reviews.saidOfAll(queues.map(({ name }) => name));
  return queues.map((queue) => ({ queue: shownQueue(queue), progress: progressOf(queue, said.get(queue.name) ?? []) }));
}

/** Without the seed: it tells which answer of a pair is whose. */
const shownQueue = ({ seed: _hidden, pipeline: _of, version: _defined, ...queue }: QueueRow): ReviewQueue => queue;

export function summaryOf(queue: QueueRow, item: ItemSaid, reviewer: string): ItemSummary {
  return Object.freeze({
    place: item.place,
    subject: item.subject,
    exampleId: item.exampleId,
    state: stateOf(queue, item),
    reviews: item.reviews.length,
    passes: item.passes.length,
    isMine: item.reviews.some((review) => review.reviewer === reviewer),
  });
}
