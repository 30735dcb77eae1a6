/** The examples of one metric, the baseline beside one variant. */
import { outcomeOf } from '../../../compare/pairs.ts';
import type { Page } from '../read-data.ts';

export const WORSE = -1;
export const EQUAL = 0;
export const BETTER = 1;
export const MISSING = 2;
/** The example has nothing to score, on either side: no hole. */
export const BESIDE = 3;

export interface Pairs {
  /** NaN where it is missing. */
  readonly first: Float64Array;
  readonly second: Float64Array;
  /** Second minus first, in the metric's unit. */
  readonly difference: Float64Array;
  /** WORSE, EQUAL, BETTER, MISSING, or BESIDE. */
  readonly outcome: Int8Array;
  /** The worst first; what is missing last. */
  readonly order: Uint32Array;
}

export function pairsOf(page: Page, metric: number, side: number): Pairs {
  const { columns, metrics, ids } = page;
  const none = (): Float64Array => new Float64Array(ids.length).fill(Number.NaN);
  const first = columns[metric]?.[0]?.values ?? none();
  const second = columns[metric]?.[side]?.values ?? none();
  const { better, kind } = metrics[metric]!;
  // Of a choice between two answers the baseline has no value of its own.
  const holders = kind === 'win-rate' ? [side] : [0, side];
  const isBeside = (example: number): boolean => holders.every((of) => hasNothingToScore(page, metric, of, example));
  const difference = first.map((value, example) => second[example]! - value);
  const outcome = Int8Array.from(difference, (each, example) =>
    Number.isNaN(each)
      ? isBeside(example)
        ? BESIDE
        : MISSING
      : outcomeOf(first[example]!, second[example]!, { better }),
  );
  const sign = better === 'higher' ? 1 : -1;
  const gain = difference.map((each) => (Number.isNaN(each) ? Number.POSITIVE_INFINITY : sign * each));
  const order = Uint32Array.from(ids.keys()).sort((one, other) => compare(gain[one]!, gain[other]!) || one - other);
  return { first, second, difference, outcome, order };
}

function hasNothingToScore({ columns, inapplicable }: Page, metric: number, of: number, example: number): boolean {
  const column = columns[metric]?.[of];
  return column != null && inapplicable.includes(column.reasons[example]!);
}

/** Also of infinities, whose difference is no number. */
const compare = (one: number, other: number): number => (one < other ? -1 : one > other ? 1 : 0);
