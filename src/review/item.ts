/** An item as one reviewer sees it: content, own review, and what others said once it cannot influence anybody. */

import { SluiceError } from '../base/errors.ts';
import { suggest } from '../base/nearest.ts';
import { type Contents, readContents } from '../evaluation/calibration/sample.ts';
import type { Cell } from '../model/evaluation-result.ts';
import type { ItemTold, Review, ReviewItem, ReviewProgress, ShownAnswer } from '../model/review-queue.ts';
import { describeField, readValue, WINNERS, type Winner, winOf } from '../model/review-queue.ts';
import type { Redaction } from '../redaction/redaction.ts';
import type { EvaluationRow } from '../store/evaluations.ts';
import { type Claimed, type QueueRow, type ReviewedItem, unknownItem } from '../store/reviews.ts';
import type { Store } from '../store/store.ts';
import { checkNote } from './start.ts';
import {
  consensusOf,
  isDisputedIn,
  isOver,
  isSwapped,
  labelledFields,
  progressOf,
  summaryOf,
  valuesOf,
  winnerOf,
} from './state.ts';

export interface Looking {
  readonly reviewer: string;
  /** They may decide, and ask for what is hidden from reviewers. */
  readonly told?: boolean;
}

/** @throws SluiceError `review_unknown`, `review_item_unknown` */
export async function showItem(
  store: Pick<Store, 'reviews' | 'evaluations' | 'datasets'>,
  name: string,
  place: number,
  looking: Looking,
): Promise<ReviewItem> {
  const { queue, item } = await itemAt(store, name, place);
  const evaluation = await store.evaluations.get(queue.evaluationId);
  return itemFor({ queue, item, evaluation, contents: await readContents(store, evaluation, [item]) }, looking);
}

/** @throws SluiceError `review_unknown`, `review_item_unknown` */
async function itemAt(
  { reviews }: Pick<Store, 'reviews'>,
  name: string,
  place: number,
): Promise<{ readonly queue: QueueRow; readonly item: ReviewedItem }> {
  const queue = await reviews.get(name);
  const [item] = place > queue.items ? [] : await reviews.items(name, place);
  if (item === undefined) throw unknownItem(queue, place);
  return { queue, item };
}

interface ItemParts {
  readonly queue: QueueRow;
  readonly item: ReviewedItem;
  readonly evaluation: Pick<EvaluationRow, 'spec'>;
  readonly contents: Contents;
}

function itemFor({ queue, item, evaluation, contents }: ItemParts, looking: Looking): ReviewItem {
  const { reviewer, told = false } = looking;
  const summary = summaryOf(queue, item, reviewer);
  const swapped = queue.kind === 'pair' && isSwapped(queue.seed, item.place, reviewer);
  // In display order; of a pair both answers.
  const sides = queue.kind === 'pair' ? inOrder([0, item.variant], swapped) : [item.variant];
  const titles: readonly ShownAnswer['title'][] = queue.kind === 'pair' ? ['first', 'second'] : ['answer'];
  const example = contents.example(item);
  const mine = item.reviews.find((review) => review.reviewer === reviewer);
  const win = mine?.value.win;
  // Of a queue that is closed, too: another one may ask about the same.
  const isShown = told || isOver(summary.state);
  return Object.freeze({
    ...summary,
    input: example?.input ?? null,
    expected: example?.expected ?? null,
    answers: sides.map((variant, index) => ({
      title: titles[index]!,
      output: contents.row({ ...item, variant })?.output ?? null,
    })),
    mine:
      mine === undefined
        ? null
        : { ...mine, winner: queue.kind === 'pair' && typeof win === 'number' ? winnerOf(win, swapped) : null },
    minePassed: item.passes.find((pass) => pass.reviewer === reviewer)?.why ?? null,
    told: isShown
      ? toldOf(item, {
          verdict: verdictOf(contents.row(item)?.cells[queue.scorer], queue.kind, swapped),
          variants: sides.map((variant) => evaluation.spec.variants[variant]?.name ?? `variant ${variant}`),
          baseline: queue.kind === 'pair' ? (swapped ? 'second' : 'first') : null,
        })
      : null,
  });
}

const inOrder = (sides: readonly number[], swapped: boolean): readonly number[] =>
  swapped ? sides.toReversed() : sides;

function toldOf(
  { reviews, passes, decision }: ReviewedItem,
  { verdict, ...shown }: Pick<ItemTold, 'verdict' | 'variants' | 'baseline'>,
): ItemTold {
  return { reviews, passes, verdict, ...shown, decision };
}

/**
 * A judge of pairs answers twice: `forth` with the baseline first, `back` with the variant first. The shown order's
 * verdict is used; otherwise its "first" would be the other answer.
 */
function verdictOf(cell: Cell | undefined, kind: QueueRow['kind'], swapped: boolean): ItemTold['verdict'] {
  if (cell?.state !== 'done') return null;
  const { score, detail = {} } = cell;
  if (kind === 'fields') return { ...score, ...detail };
  const reason = (swapped ? detail.back : detail.forth) ?? detail.reason ?? null;
  return { ...score, ...(reason !== null && { reason }) };
}

/** A review, or a decision between reviews, read by the queue's fields. */
export interface ReviewInput {
  /** By field. */
  readonly value?: { readonly [field: string]: unknown } | undefined;
  /** Of a pair: in the order that the reviewer saw. */
  readonly winner?: Winner | undefined;
}

/** All fields, each as it fits. @throws SluiceError `value_unfit`, naming the field */
function readReview(
  queue: QueueRow,
  { place }: Pick<ReviewedItem, 'place'>,
  { value, winner }: ReviewInput,
  reviewer: string,
): Review['value'] {
  if (queue.kind === 'pair') {
    if (winner === undefined || value !== undefined)
      throw unfit('winner', 'two answers are shown', `say which is better: winner is one of ${WINNERS.join(', ')}`);
    return { win: winOf(winner, isSwapped(queue.seed, place, reviewer)) };
  }
  if (winner !== undefined) throw oneAnswer();
  return readFields(queue, value ?? {});
}

/**
 * Reads a decision; fields that reviewers agree on may be omitted. Of a pair, `value` is `{ win }` of the variant in
 * any order; `winner` follows the order that the adjudicator saw.
 *
 * @throws SluiceError `value_unfit`
 */
function readDecision(queue: QueueRow, item: ReviewedItem, given: ReviewInput, by: string): Review['value'] {
  const { value, winner } = given;
  if (queue.kind === 'pair' && (value === undefined || winner !== undefined)) return readReview(queue, item, given, by);
  const agreed = labelledFields(queue).flatMap((field) => {
    const values = valuesOf(item, field.name);
    const held = consensusOf({ ...item, decision: null }, field.name);
    if (values.length === 0 || held === null || isDisputedIn(queue, field, values)) return [];
    return [[field.name, readValue(field, held)] as const];
  });
  if (winner !== undefined) throw oneAnswer();
  const read = readFields(queue, { ...Object.fromEntries(agreed), ...value });
  if (queue.kind === 'pair' && ![0, 0.5, 1].includes(read.win as number))
    throw unfit('win', `win is ${read.win}`, 'it is 1 for the variant, 0 for the baseline, 0.5 for neither');
  return read;
}

function readFields(queue: QueueRow, given: { readonly [field: string]: unknown }): Review['value'] {
  const fields = labelledFields(queue);
  const names = fields.map(({ name }) => name);
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw unfit(unknown, `there is no field '${unknown.slice(0, 100)}'`, suggest(unknown, names, 'leave it out'));
  return Object.fromEntries(
    fields.map((field) => {
      const { name } = field;
      const input = given[name];
      const isBlank = input === undefined || input === null || input === '';
      const read = isBlank ? undefined : readValue(field, input);
      if (read !== undefined) return [name, read];
      const what = isBlank ? 'is not filled in' : `is ${JSON.stringify(input).slice(0, 60)}, which does not fit`;
      throw unfit(name, `${name} ${what}`, `fill in ${describeField(field)}`);
    }),
  );
}

const oneAnswer = (): SluiceError =>
  unfit('winner', 'one answer is shown, so that there is no winner', 'fill in the fields, in `value`');

function unfit(field: string, message: string, remedy: string): SluiceError {
  return new SluiceError('value_unfit', { message, remedy, data: { field: field.slice(0, 100) } });
}

/** Actions of reviewers (next item, review, pass) and of adjudicators (decide). */
export interface ReviewContext {
  readonly store: Pick<Store, 'reviews' | 'evaluations' | 'datasets'>;
  /** Of what people write. */
  readonly redaction: Redaction;
}

/** Where an item is, and who is at it. */
export interface ItemPlace {
  readonly queue: string;
  readonly place: number;
  readonly reviewer: string;
  /** As the audit has them. */
  readonly who: string;
}

/** Why no item is left: for this reviewer, for the moment, or for all. */
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
  { store }: ReviewContext,
  { queue: name, reviewer, after }: { readonly queue: string; readonly reviewer: string; readonly after?: number },
): Promise<NextItem> {
  const claimed = await store.reviews.claim(name, reviewer, after);
  if (claimed.place !== null) return { item: await showItem(store, name, claimed.place, { reviewer }) };
  const queue = await store.reviews.get(name);
  const progress = progressOf(queue, await store.reviews.items(name));
  return { item: null, why: NONE_BECAUSE[claimed.why], progress };
}

/** @throws SluiceError `value_unfit`, `note_invalid`, and those of `Reviews.review` */
export async function giveReview(
  { store, redaction }: ReviewContext,
  { queue: name, place, reviewer, who }: ItemPlace,
  { note, ...given }: ReviewInput & { readonly note?: string | undefined },
): Promise<ReviewItem> {
  const { queue } = await itemAt(store, name, place);
  const value = readReview(queue, { place }, given, reviewer);
  const kept = note === undefined ? null : redaction.text(checkNote(note));
  await store.reviews.review({ queue: name, place, by: reviewer, who }, { value, note: kept });
  return showItem(store, name, place, { reviewer });
}

/** @throws SluiceError `note_invalid`, and those of `Reviews.pass` */
export async function passItem(
  { store, redaction }: ReviewContext,
  { queue, place, reviewer, who }: ItemPlace,
  why: string,
): Promise<void> {
  await store.reviews.pass({ queue, place, by: reviewer, who }, redaction.text(checkNote(why)));
}

/** @throws SluiceError `value_unfit`, `note_invalid`, and those of `Reviews.decide` */
export async function decideItem(
  { store, redaction }: ReviewContext,
  { queue: name, place, reviewer, who }: ItemPlace,
  { note, ...given }: ReviewInput & { readonly note: string },
): Promise<ReviewItem> {
  const { queue, item } = await itemAt(store, name, place);
  const value = readDecision(queue, item, given, reviewer);
  await store.reviews.decide(
    { queue: name, place, by: reviewer, who },
    { value, note: redaction.text(checkNote(note)) },
  );
  return showItem(store, name, place, { reviewer, told: true });
}
