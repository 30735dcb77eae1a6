/** What reviewers do: ask for the next item, say what they think of it, or pass it; and what whoever adjudicates does. */

import type { ReviewItem, ReviewProgress } from '../model/review-queue.ts';
import type { Redaction } from '../redaction/redaction.ts';
import type { Claimed } from '../store/reviews.ts';
import type { Store } from '../store/store.ts';
import { itemAt, showItem } from './item.ts';
import { progressOf } from './progress.ts';
import { checkNote } from './request.ts';
import { type GivenSaid, readDecision, readReview } from './said.ts';

export interface Desk {
  readonly store: Pick<Store, 'reviews' | 'evaluations' | 'datasets'>;
  /** Of what people write. */
  readonly redaction: Redaction;
}

/** Where an item is, and who is at it. */
export interface DeskItem {
  readonly queue: string;
  readonly place: number;
  readonly reviewer: string;
  /** As the audit has them. */
  readonly who: string;
}

/** Why nothing is left: for whoever asks, for the moment, or for all. */
const NONE_BECAUSE = Object.freeze({ none: 'all_reviewed', taken: 'claimed_by_others', closed: 'closed' } as const);

export type NextItem =
  | { readonly item: ReviewItem }
  | {
      readonly item: null;
      readonly why: (typeof NONE_BECAUSE)[Extract<Claimed, { place: null }>['why']];
      readonly progress: ReviewProgress;
    };

/** @param after goes on behind this place @throws SluiceError `review_unknown` */
export async function nextItem(
  { store }: Desk,
  { queue: name, reviewer, after }: { readonly queue: string; readonly reviewer: string; readonly after?: number },
): Promise<NextItem> {
  const claimed = await store.reviews.claim(name, reviewer, after);
  if (claimed.place !== null) return { item: await showItem(store, name, claimed.place, { reviewer }) };
  const queue = await store.reviews.get(name);
  const progress = progressOf(queue, await store.reviews.said(name));
  return { item: null, why: NONE_BECAUSE[claimed.why], progress };
}

/** @throws SluiceError `value_unfit`, `note_invalid`, and those of `Reviews.review` */
export async function giveReview(
  { store, redaction }: Desk,
  { queue: name, place, reviewer, who }: DeskItem,
  { note, ...given }: GivenSaid & { readonly note?: string | undefined },
): Promise<ReviewItem> {
  const { queue } = await itemAt(store, name, place);
  const value = readReview(queue, { place }, given, reviewer);
  const kept = note === undefined ? null : redaction.text(checkNote(note));
  await store.reviews.review({ queue: name, place, by: reviewer, who }, { value, note: kept });
  return showItem(store, name, place, { reviewer });
}

/** @throws SluiceError `note_invalid`, and those of `Reviews.pass` */
export async function passItem(
  { store, redaction }: Desk,
  { queue, place, reviewer, who }: DeskItem,
  why: string,
): Promise<void> {
  await store.reviews.pass({ queue, place, by: reviewer, who }, redaction.text(checkNote(why)));
}

/** @throws SluiceError `value_unfit`, `note_invalid`, and those of `Reviews.decide` */
export async function decideItem(
  { store, redaction }: Desk,
  { queue: name, place, reviewer, who }: DeskItem,
  { note, ...given }: GivenSaid & { readonly note: string },
): Promise<ReviewItem> {
  const { queue, item } = await itemAt(store, name, place);
  const value = readDecision(queue, item, given, reviewer);
  await store.reviews.decide(
    { queue: name, place, by: reviewer, who },
    { value, note: redaction.text(checkNote(note)) },
  );
  return showItem(store, name, place, { reviewer, told: true });
}
