/** The state of an item by its reviews, and the summary of a queue. */
import { showWhole } from '../base/format.ts';
import {
  type FieldAgreement,
  type ItemState,
  type ItemSummary,
  type LabelField,
  type LabelValue,
  type ReviewProgress,
  type ReviewQueue,
  type ReviewReport,
  type Winner,
  winOf,
} from '../model/review-queue.ts';
import { hashJson } from '../plan/id.ts';
import { kappa, kappaOfNumbers, krippendorff, MAX_CATEGORIES } from '../stats/agreement.ts';
import type { QueueRow, ReviewedItem } from '../store/reviews.ts';
import type { Store } from '../store/store.ts';

type Asked = Pick<ReviewQueue, 'kind' | 'fields' | 'reviewers'>;
type ItemReviews = Pick<ReviewedItem, 'reviews' | 'passes' | 'decision'>;

/** What a pair is labelled with: 1 for the variant, 0 for the baseline, 0.5 for neither. */
const WIN: LabelField = Object.freeze({
  name: 'win',
  description: 'Whether the variant is better',
  kind: 'number',
  least: 0,
  most: 1,
  isWhole: false,
  choices: Object.freeze([]),
});

/** What labels of a queue's items hold. */
export const labelledFields = ({ kind, fields }: Pick<ReviewQueue, 'kind' | 'fields'>): readonly LabelField[] =>
  kind === 'pair' ? [WIN] : fields;

/** Truth values as 1 and 0: files say either. */
export const comparable = (value: LabelValue): number | string => (typeof value === 'boolean' ? Number(value) : value);

/** What reviewers say in a field; who leaves it open says nothing. */
export const valuesOf = ({ reviews }: Pick<ItemReviews, 'reviews'>, field: string): readonly (number | string)[] =>
  reviews.flatMap(({ value }) => (value[field] === undefined ? [] : [comparable(value[field])]));

/** Of a scale that is bounded: people may differ by so much of it and mean the same. */
const MEANS_THE_SAME = 0.25;

/** Whether reviewers differ in a field by more than people do who mean the same. */
export function isDisputedIn(
  { kind }: Pick<Asked, 'kind'>,
  { kind: of, least, most }: LabelField,
  values: readonly (number | string)[],
): boolean {
  if (new Set(values).size < 2) return false;
  const numbers = values.filter((value) => typeof value === 'number');
  const isGraded = kind === 'fields' && (of === 'number' || of === 'score') && numbers.length === values.length;
  if (!isGraded || least === null || most === null) return true;
  return Math.max(...numbers) - Math.min(...numbers) > MEANS_THE_SAME * (most - least);
}

export function stateOf(queue: Asked, item: ItemReviews): ItemState {
  if (item.decision !== null) return 'settled';
  const { reviews, passes } = item;
  if (reviews.length < queue.reviewers) {
    if (passes.length >= queue.reviewers) return 'disputed';
    return reviews.length + passes.length === 0 ? 'open' : 'begun';
  }
  const isDisputed = labelledFields(queue).some((field) => isDisputedIn(queue, field, valuesOf(item, field.name)));
  return isDisputed ? 'disputed' : 'agreed';
}

/** Whether the item is closed: reviews of others may be shown. */
export const isOver = (state: ItemState): boolean => state === 'agreed' || state === 'disputed' || state === 'settled';

/** What holds in a field: what was decided, else what most reviewers say; null where no answer has most. */
export function consensusOf(item: ItemReviews, field: string): number | string | null {
  const decided = item.decision?.value[field];
  if (decided !== undefined) return comparable(decided);
  const counts = [...Map.groupBy(valuesOf(item, field), (value) => value)].map(([value, all]) => [value, all.length]);
  const most = Math.max(0, ...counts.map(([, count]) => count as number));
  const first = counts.filter(([, count]) => count === most);
  return first.length === 1 ? first[0]![0]! : null;
}

/** Whether the variant's answer is the first. The same person is shown an item in the same order whenever they look. */
export function isSwapped(seed: number, place: number, reviewer: string): boolean {
  const digit = hashJson([seed, place, reviewer]).at(-1)!;
  return Number.parseInt(digit, 16) % 2 === 1;
}

/** Which of the two as shown is better, by whether the variant's is. */
export const winnerOf = (win: number, swapped: boolean): Winner =>
  win === winOf('tie', swapped) ? 'tie' : win === winOf('first', swapped) ? 'first' : 'second';

type Value = number | string;

/** How far reviewers say the same beyond chance, by field. Decisions between them are no reviews. */
export function agreementOf(
  queue: Pick<ReviewQueue, 'kind' | 'fields'>,
  items: readonly Pick<ReviewedItem, 'reviews'>[],
): readonly FieldAgreement[] {
  return labelledFields(queue).map(({ name }) => fieldAgreement(name, items));
}

function fieldAgreement(field: string, items: readonly Pick<ReviewedItem, 'reviews'>[]): FieldAgreement {
  const given = items.map(
    ({ reviews }) =>
      new Map(
        reviews.flatMap(({ reviewer, value }) =>
          value[field] === undefined ? [] : [[reviewer, comparable(value[field])] as const],
        ),
      ),
  );
  const shared = given.filter(({ size }) => size >= 2);
  const reviewers = [...new Set(shared.flatMap((values) => [...values.keys()]))].sort();
  const rows = reviewers.map((reviewer) => shared.map((values) => values.get(reviewer) ?? null));
  const found = { kappa: kappaBetween(rows), alpha: alphaAmong(rows) };
  const values = new Set(rows.flat().filter((value) => value !== null)).size;
  return Object.freeze({
    field,
    reviewers,
    shared: shared.length,
    same: shared.filter((values) => new Set(values.values()).size === 1).length,
    ...found,
    words: wordsFor({ shared: shared.length, values }, found.kappa ?? found.alpha),
  });
}

type Row = readonly (Value | null)[];

const isNumeric = (rows: readonly Row[]): boolean => rows.flat().every((value) => typeof value !== 'string');

/** Null where more than two share the items, or where chance alone would do. */
function kappaBetween(rows: readonly Row[]): number | null {
  const [one, other] = rows;
  if (rows.length !== 2 || [...one!, ...other!].includes(null)) return null;
  if (!isNumeric(rows)) return kappa(one as Value[], other as Value[]).kappa;
  return kappaOfNumbers(one as number[], other as number[]).kappa;
}

/** Of yes, no and choices as names; of grades, and of who wins a pair, by distance: a tie is half of the way. */
function alphaAmong(rows: readonly Row[]): number | null {
  const isGraded = isNumeric(rows) && rows.flat().some((value) => value !== null && value !== 0 && value !== 1);
  return krippendorff(rows, isGraded ? 'interval' : 'nominal').alpha;
}

/** Landis and Koch 1977: the upper end of each. */
const WORDS = [
  [0, 'none beyond chance'],
  [0.2, 'slight'],
  [0.4, 'fair'],
  [0.6, 'moderate'],
  [0.8, 'substantial'],
  [Infinity, 'almost perfect'],
] as const;

const ROUNDING = 1e-9;

function wordsFor(
  { shared, values }: { readonly shared: number; readonly values: number },
  value: number | null,
): string {
  if (shared === 0) return 'not known: no item has two reviews yet';
  // What is 0 but for the last digits is none beyond chance.
  if (value !== null) return WORDS.find(([most]) => value <= most + ROUNDING)![1];
  if (values > MAX_CATEGORIES) return `not known: more than ${showWhole(MAX_CATEGORIES)} different values were given`;
  return shared === 1 ? 'not known: one item has two reviews' : 'not known: everybody always says the same';
}

const STATES: readonly ItemState[] = ['open', 'begun', 'agreed', 'disputed', 'settled'];

/** How far a queue has come. */
export function progressOf(
  queue: Pick<ReviewQueue, 'kind' | 'fields' | 'reviewers'>,
  items: readonly ItemReviews[],
): ReviewProgress {
  const states = items.map((item) => stateOf(queue, item));
  const names = new Set(
    items.flatMap(({ reviews, passes }) => [...reviews, ...passes].map(({ reviewer }) => reviewer)),
  );
  const countOf = (reviewer: string, of: 'reviews' | 'passes'): number =>
    items.filter((item) => item[of].some((entry) => entry.reviewer === reviewer)).length;
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

type WithReviews = Pick<Store, 'reviews'>;

/** @param reviewer the person asking @throws SluiceError `review_unknown` */
export async function reportOnQueue({ reviews }: WithReviews, name: string, reviewer: string): Promise<ReviewReport> {
  const queue = await reviews.get(name);
  const items = await reviews.items(name);
  return Object.freeze({
    queue: shownQueue(queue),
    progress: progressOf(queue, items),
    agreement: agreementOf(queue, items),
    items: items.map((item) => summaryOf(queue, item, reviewer)),
  });
}

/** A queue with how far it has come, how far reviewers agree, and its items. */
export interface ListedQueue {
  readonly queue: ReviewQueue;
  readonly progress: ReviewProgress;
}

/** The newest first. */
export async function listQueues({ reviews }: WithReviews): Promise<readonly ListedQueue[]> {
  const queues = await reviews.list();
  const items = await reviews.itemsOfQueues(queues.map(({ name }) => name));
  return queues.map((queue) => ({
    queue: shownQueue(queue),
    progress: progressOf(queue, items.get(queue.name) ?? []),
  }));
}

/** Without the seed, which would reveal which answer is whose. */
const shownQueue = ({ seed: _hidden, pipeline: _of, version: _defined, ...queue }: QueueRow): ReviewQueue => queue;

export function summaryOf(queue: QueueRow, item: ReviewedItem, reviewer: string): ItemSummary {
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
