/** What somebody says of an item, read by the queue's fields: a review, or a decision between reviews. */
import { SluiceError } from '../base/errors.ts';
import { suggest } from '../base/nearest.ts';
import { describeField, type Review, readValue, WINNERS, type Winner, winOf } from '../model/review-queue.ts';
import type { ItemSaid, QueueRow } from '../store/reviews.ts';
import { isSwapped } from './order.ts';
import { consensusOf, isDisputedIn, labelledFields, valuesOf } from './state.ts';

export interface GivenSaid {
  /** By field. */
  readonly value?: { readonly [field: string]: unknown } | undefined;
  /** Of a pair, as it was shown to whoever says it. */
  readonly winner?: Winner | undefined;
}

/** All fields, each as it fits. @throws SluiceError `value_unfit`, naming the field */
export function readReview(
  queue: QueueRow,
  { place }: Pick<ItemSaid, 'place'>,
  { value, winner }: GivenSaid,
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
 * A decision may leave out what reviewers agree on: it takes that over. Of a pair, `value` is `{ win }` of the variant,
 * whatever the order; `winner` is as it was shown to whoever decides.
 *
 * @throws SluiceError `value_unfit`
 */
export function readDecision(queue: QueueRow, item: ItemSaid, given: GivenSaid, by: string): Review['value'] {
  const { value, winner } = given;
  if (queue.kind === 'pair' && (value === undefined || winner !== undefined)) return readReview(queue, item, given, by);
  const agreed = labelledFields(queue).flatMap((field) => {
    const values = valuesOf(item, field.name);
    const held = consensusOf({ ...item, decision: null }, field.name);
    if (values.length === 0 || held === null || isDisputedIn(queue, field, values)) return [];
    return [[field.name, readValue(field, held)] as const];
  });
  if (winner !== undefined) throw oneAnswer();
  const said = readFields(queue, { ...Object.fromEntries(agreed), ...value });
  if (queue.kind === 'pair' && ![0, 0.5, 1].includes(said.win as number))
    throw unfit('win', `win is ${said.win}`, 'it is 1 for the variant, 0 for the baseline, 0.5 for neither');
  return said;
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
      const told = given[name];
      const isBlank = told === undefined || told === null || told === '';
      const read = isBlank ? undefined : readValue(field, told);
      if (read !== undefined) return [name, read];
      const what = isBlank ? 'is not filled in' : `is ${JSON.stringify(told).slice(0, 60)}, which does not fit`;
      throw unfit(name, `${name} ${what}`, `fill in ${describeField(field)}`);
    }),
  );
}

const oneAnswer = (): SluiceError =>
  unfit('winner', 'one answer is shown, so that there is no winner', 'fill in the fields, in `value`');

function unfit(field: string, message: string, remedy: string): SluiceError {
  return new SluiceError('value_unfit', { message, remedy, data: { field: field.slice(0, 100) } });
}
