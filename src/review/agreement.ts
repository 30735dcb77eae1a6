/** How far reviewers say the same beyond chance, by field. Decisions between them are no reviews. */

import type { FieldAgreement, ReviewQueue } from '../model/review-queue.ts';
import { kappa, kappaOfNumbers, krippendorff, MAX_CATEGORIES } from '../stats/agreement.ts';
import type { ItemSaid } from '../store/reviews.ts';
import { comparable, labelledFields } from './state.ts';

type Value = number | string;

export function agreementOf(
  queue: Pick<ReviewQueue, 'kind' | 'fields'>,
  items: readonly Pick<ItemSaid, 'reviews'>[],
): readonly FieldAgreement[] {
  return labelledFields(queue).map(({ name }) => fieldAgreement(name, items));
}

function fieldAgreement(field: string, items: readonly Pick<ItemSaid, 'reviews'>[]): FieldAgreement {
  const given = items.map(
    ({ reviews }) =>
      new Map(
        reviews.flatMap(({ reviewer, value }) =>
          value[field] === undefined ? [] : [[reviewer, comparable(value[field])] as const],
        ),
      ),
  );
  const shared = given.filter(({ size }) => size >= 2);
  const reviewers = [...new Set(shared.flatMap((said) => [...said.keys()]))].sort();
  const rows = reviewers.map((reviewer) => shared.map((said) => said.get(reviewer) ?? null));
  const found = { kappa: kappaBetween(rows), alpha: alphaAmong(rows) };
  const values = new Set(rows.flat().filter((value) => value !== null)).size;
  return Object.freeze({
    field,
    reviewers,
    shared: shared.length,
    same: shared.filter((said) => new Set(said.values()).size === 1).length,
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
  if (values > MAX_CATEGORIES)
    return `not known: more than ${MAX_CATEGORIES.toLocaleString('en')} different values were given`;
  return shared === 1 ? 'not known: one item has two reviews' : 'not known: everybody always says the same';
}
