/** How an item stands by what was said of it, and what holds of it. */
import type { ItemState, LabelField, LabelValue, ReviewQueue } from '../model/review-queue.ts';
import type { ItemSaid } from '../store/reviews.ts';

type Asked = Pick<ReviewQueue, 'kind' | 'fields' | 'reviewers'>;
type Said = Pick<ItemSaid, 'reviews' | 'passes' | 'decision'>;

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
export const valuesOf = ({ reviews }: Pick<Said, 'reviews'>, field: string): readonly (number | string)[] =>
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

export function stateOf(queue: Asked, item: Said): ItemState {
  if (item.decision !== null) return 'settled';
  const { reviews, passes } = item;
  if (reviews.length < queue.reviewers) {
    if (passes.length >= queue.reviewers) return 'disputed';
    return reviews.length + passes.length === 0 ? 'open' : 'begun';
  }
  const isDisputed = labelledFields(queue).some((field) => isDisputedIn(queue, field, valuesOf(item, field.name)));
  return isDisputed ? 'disputed' : 'agreed';
}

/** Whether nobody is asked about it any more: what was said can lead nobody. */
export const isOver = (state: ItemState): boolean => state === 'agreed' || state === 'disputed' || state === 'settled';

/** What holds in a field: what was decided, else what most reviewers say; null where no answer has most. */
export function consensusOf(item: Said, field: string): number | string | null {
  const decided = item.decision?.value[field];
  if (decided !== undefined) return comparable(decided);
  const counts = [...Map.groupBy(valuesOf(item, field), (value) => value)].map(([value, all]) => [value, all.length]);
  const most = Math.max(0, ...counts.map(([, count]) => count as number));
  const first = counts.filter(([, count]) => count === most);
  return first.length === 1 ? first[0]![0]! : null;
}
