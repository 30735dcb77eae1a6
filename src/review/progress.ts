/** How far a queue has come. */

import type { ItemState, ReviewProgress, ReviewQueue } from '../model/review-queue.ts';
import type { ItemSaid } from '../store/reviews.ts';
import { stateOf } from './state.ts';

const STATES: readonly ItemState[] = ['open', 'begun', 'agreed', 'disputed', 'settled'];

type Said = Pick<ItemSaid, 'reviews' | 'passes' | 'decision'>;

export function progressOf(
  queue: Pick<ReviewQueue, 'kind' | 'fields' | 'reviewers'>,
  items: readonly Said[],
): ReviewProgress {
  const states = items.map((item) => stateOf(queue, item));
  const names = new Set(
    items.flatMap(({ reviews, passes }) => [...reviews, ...passes].map(({ reviewer }) => reviewer)),
  );
  const countOf = (reviewer: string, of: 'reviews' | 'passes'): number =>
    items.filter((item) => item[of].some((said) => said.reviewer === reviewer)).length;
  return Object.freeze({
    items: items.length,
    states: Object.fromEntries(STATES.map((state) => [state, states.filter((each) => each === state).length])) as {
      readonly [state in ItemState]: number;
    },
    // A label more than was asked for makes up for none that is missing.
    reviews: items.reduce((sum, { reviews }) => sum + Math.min(reviews.length, queue.reviewers), 0),
    asked: items.length * queue.reviewers,
    byReviewer: [...names].sort().map((reviewer) => ({
      reviewer,
      reviews: countOf(reviewer, 'reviews'),
      passes: countOf(reviewer, 'passes'),
    })),
  });
}
