/** Review queues in words. */

import { shortJson, showWhole } from '../../../src/base/format.ts';
import type {
  ItemState,
  ItemTold,
  Review,
  ReviewItem,
  ReviewProgress,
  ReviewQueue,
} from '../../../src/model/review-queue.ts';
import type { Json } from '../../../src/plan/plan.ts';

/** In the order in which items go through them. */
export const STATES: readonly ItemState[] = ['open', 'begun', 'agreed', 'disputed', 'settled'];

export const MEANS: { readonly [S in ItemState]: string } = {
  open: 'nobody has reviewed it yet',
  begun: 'fewer reviews than it needs',
  agreed: 'all who reviewed it say the same, or nearly so on a scale',
  disputed: 'reviewers do not say the same, or cannot judge it: somebody has to decide',
  settled: 'somebody has decided',
};

/** Why there is nothing to review. */
export type NothingLeft = 'all_reviewed' | 'claimed_by_others' | 'closed';

export const NOTHING_LEFT: { readonly [W in NothingLeft]: { readonly title: string; readonly what: string } } = {
  all_reviewed: {
    title: 'All done: you have reviewed all there was for you',
    what: 'What you said is kept as labels. See on the queue’s page how far reviewers agree.',
  },
  claimed_by_others: {
    title: 'Others are at the rest',
    what: 'What is left was given to other reviewers a moment ago. What they leave comes back after 15 minutes: look again then.',
  },
  closed: {
    title: 'This queue is closed',
    what: 'No more reviews are taken. What was said is kept; of items that had all their reviews it can be read on the queue’s page.',
  },
};

/** `2 people each`. */
export const askedWords = ({ reviewers }: Pick<ReviewQueue, 'reviewers'>): string =>
  reviewers === 1 ? 'one person each' : `${showWhole(reviewers)} people each`;

export const kindWords = ({ kind, fields }: Pick<ReviewQueue, 'kind' | 'fields'>): string =>
  kind === 'pair' ? 'pairs, blind' : fields.map(({ name }) => name).join(', ');

/** `open`, `closed`, or what it waits for. */
export function queueState(queue: ReviewQueue, { items, states }: ReviewProgress): string {
  if (queue.closedAt !== null) return 'closed';
  if (states.agreed + states.settled === items) return 'completed';
  const isReviewed = states.open + states.begun === 0;
  return isReviewed ? 'to be decided' : 'open';
}

/** Of somebody: how many they have done, of how many there are for them. */
export function mineOf(report: MineOf, reviewer: string): { readonly done: number; readonly of: number } {
  const { queue, progress, items } = report;
  const own = progress.byReviewer.find((each) => each.reviewer === reviewer);
  const done = own === undefined ? 0 : own.reviews + own.passes;
  const left = items.filter(
    ({ isMine, state, reviews, passes }) =>
      !isMine && (state === 'open' || state === 'begun') && reviews < queue.reviewers && passes < queue.reviewers,
  ).length;
  // What they have passed themselves may be among what is left.
  const total = Math.min(queue.items, done + left);
  return { done, of: Math.max(done, total) };
}

interface MineOf {
  readonly queue: Pick<ReviewQueue, 'reviewers' | 'items'>;
  readonly progress: Pick<ReviewProgress, 'byReviewer'>;
  readonly items: readonly Pick<ReviewItem, 'isMine' | 'state' | 'reviews' | 'passes'>[];
}

function shown(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return shortJson(value);
}

const EVEN = 0.5;

/** A pair's `win` is of the variant: here of the answers as they are shown. */
export function winnerWords(win: Json, { baseline }: Pick<ItemTold, 'baseline'>): string {
  if (typeof win !== 'number') return shown(win);
  if (win === EVEN) return 'Neither';
  const isFirst = (baseline === 'first') === win < EVEN;
  return isFirst ? 'First' : 'Second';
}

/** What a review, or a verdict, says, field by field: those of the queue first, in its order. */
export function linesOf(
  value: { readonly [field: string]: Json },
  { kind, fields }: Pick<ReviewQueue, 'kind' | 'fields'>,
  told: Pick<ItemTold, 'baseline'>,
): readonly Line[] {
  const asked = fields.map(({ name }) => name).filter((name) => name in value);
  const others = Object.keys(value).filter((name) => !asked.includes(name));
  return [...asked, ...others].map((field) => {
    const each = value[field] ?? null;
    return { field, value: kind === 'pair' && field === 'win' ? winnerWords(each, told) : shown(each) };
  });
}

interface Line {
  readonly field: string;
  readonly value: string;
}

/** Fields in which not all say the same. */
export function differing(reviews: readonly Pick<Review, 'value'>[]): ReadonlySet<string> {
  const fields = new Set(reviews.flatMap(({ value }) => Object.keys(value)));
  const said = (field: string) => new Set(reviews.map(({ value }) => comparable(value[field])));
  return new Set([...fields].filter((field) => said(field).size > 1));
}

/** Files say yes as 1, too. */
const comparable = (value: unknown): unknown => (typeof value === 'boolean' ? Number(value) : value);
