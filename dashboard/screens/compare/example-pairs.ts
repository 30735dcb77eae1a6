/** The examples of one metric, the baseline beside one variant. */
import { outcomeOf } from '../../../src/evaluation/compare/pairs.ts';
import type { PageColumn, PageData } from '../../../src/evaluation/report/page-data.ts';

interface Column {
  readonly values: Float64Array;
  /** Places in the data's reasons; 0 is none. */
  readonly reasons: Uint16Array;
}

/** Columns as typed arrays, in which what is missing is NaN. */
export interface Page extends Omit<PageData, 'columns'> {
  readonly columns: readonly (readonly (Column | null)[])[];
}

/** What is looked at: a metric of a side. */
export interface Looked {
  readonly page: Page;
  readonly metric: number;
  readonly side: number;
}

export function openPage(data: PageData): Page {
  const columns = data.columns.map((sides) => sides.map((column) => (column === null ? null : columnOf(column))));
  return { ...data, columns };
}

function columnOf({ values, at, why }: PageColumn): Column {
  const reasons = new Uint16Array(values.length);
  for (const [place, example] of at.entries()) reasons[example] = why[place]!;
  return { values: Float64Array.from(values, (value) => value ?? Number.NaN), reasons };
}

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

/** With so few places for all points, points of a place are one bubble, sized by their count. */
const MOST_BUBBLES = 60;

/** Examples at the same place of the picture: of passes and failures there are four places for all. */
export interface Bubble {
  readonly first: number;
  readonly second: number;
  readonly outcome: number;
  readonly examples: readonly number[];
}

/** Null: there are too many places, and each example is a point. */
export function bubblesOf(pairs: Pairs): readonly Bubble[] | null {
  const places = new Map<string, Bubble & { readonly examples: number[] }>();
  for (const [example, first] of pairs.first.entries()) {
    if (pairs.outcome[example]! >= MISSING) continue;
    const second = pairs.second[example]!;
    const key = `${first} ${second}`;
    const known = places.get(key);
    if (known !== undefined) known.examples.push(example);
    else if (places.size === MOST_BUBBLES) return null;
    else places.set(key, { first, second, outcome: pairs.outcome[example]!, examples: [example] });
  }
  return [...places.values()].sort((one, other) => other.examples.length - one.examples.length);
}

const OUTCOMES = new Map([
  [WORSE, '▼ worse'],
  [EQUAL, '= equal'],
  [BETTER, '▲ better'],
  [MISSING, '– missing'],
  [BESIDE, '– nothing to score'],
]);

export const outcomeWord = (outcome: number): string => OUTCOMES.get(outcome) ?? '';

/** Why a value is missing, or is the worst; empty where both values were measured. */
export function reasonWords({ columns, reasons, sides }: Page, metric: number, side: number, example: number): string {
  const told = [0, side].flatMap((of) => {
    const reason = reasonOf(columns[metric]?.[of] ?? null, reasons, example);
    return reason === '' ? [] : [`${sides[of]}: ${reason}`];
  });
  return told.join('; ');
}

function reasonOf(column: Column | null, reasons: readonly string[], example: number): string {
  if (column === null) return 'not compared';
  const reason = reasons[column.reasons[example]!]!;
  if (reason === '' || Number.isNaN(column.values[example])) return reason;
  return `${reason}, counts as the worst`;
}
