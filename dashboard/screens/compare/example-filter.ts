/** Which examples are shown, and in which order. Ten thousand are gone through at each key that is pressed. */
import type { Page } from './example-pairs.ts';
import { BESIDE, BETTER, EQUAL, MISSING, type Pairs, WORSE } from './example-pairs.ts';

export const OUTCOMES = ['all', 'worse', 'equal', 'better', 'missing', 'nothing to score'] as const;
export type Outcome = (typeof OUTCOMES)[number];
const CODES: { readonly [outcome in Outcome]: number | null } = {
  all: null,
  worse: WORSE,
  equal: EQUAL,
  better: BETTER,
  missing: MISSING,
  'nothing to score': BESIDE,
};

/** Values of the baseline and of the variant; both ends are inside. */
export interface Box {
  readonly first: readonly [from: number, to: number];
  readonly second: readonly [from: number, to: number];
}

export const SORTS = ['regression', 'example', 'baseline', 'variant', 'difference'] as const;
export type Sort = (typeof SORTS)[number];

export interface Filter {
  readonly outcome: Outcome;
  /** Words that are all in the id or the question, in whatever case. */
  readonly text: string;
  /** Place of a tag; null for all. */
  readonly tag: number | null;
  readonly box: Box | null;
  readonly sort: Sort;
  readonly isReversed: boolean;
}

export const NO_FILTER: Filter = {
  outcome: 'all',
  text: '',
  tag: null,
  box: null,
  sort: 'regression',
  isReversed: false,
};

/** What is searched, by example. */
export const searchTexts = ({ ids, questions }: Pick<Page, 'ids' | 'questions'>): readonly string[] =>
  ids.map((id, example) => `${id}\n${questions[example]}`.toLowerCase());

/** Examples that pass, by place. */
export function filterExamples(
  { tagsOf }: Pick<Page, 'tagsOf'>,
  pairs: Pairs,
  texts: readonly string[],
  filter: Filter,
): readonly number[] {
  const { outcome, tag, box } = filter;
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  const code = CODES[outcome];
  const shown: number[] = [];
  for (const example of pairs.order) {
    if (code !== null && pairs.outcome[example] !== code) continue;
    if (tag !== null && !tagsOf[example]!.includes(tag)) continue;
    if (box !== null && !isInside(box, pairs.first[example]!, pairs.second[example]!)) continue;
    if (words.some((word) => !texts[example]!.includes(word))) continue;
    shown.push(example);
  }
  return sorted(shown, pairs, filter);
}

const isInside = ({ first, second }: Box, one: number, other: number): boolean =>
  one >= first[0] && one <= first[1] && other >= second[0] && other <= second[1];

function sorted(shown: number[], pairs: Pairs, { sort, isReversed }: Filter): readonly number[] {
  if (sort === 'example') shown.sort((one, other) => one - other);
  else if (sort !== 'regression') {
    const column = { baseline: pairs.first, variant: pairs.second, difference: pairs.difference }[sort];
    shown.sort((one, other) => lastIfMissing(column[one]!, column[other]!) ?? column[one]! - column[other]!);
  }
  if (!isReversed) return shown;
  // What is missing is last whichever way it is sorted.
  const isThere = (example: number): boolean => pairs.outcome[example]! < MISSING;
  return [...shown.filter(isThere).reverse(), ...shown.filter((example) => !isThere(example))];
}

function lastIfMissing(one: number, other: number): number | null {
  if (Number.isNaN(one) || Number.isNaN(other)) return Number(Number.isNaN(one)) - Number(Number.isNaN(other));
  return null;
}

/** How many examples have each outcome. */
export function countOutcomes({ outcome }: Pairs): { readonly [name in Outcome]: number } {
  const counts = { all: outcome.length, worse: 0, equal: 0, better: 0, missing: 0, 'nothing to score': 0 };
  for (const code of outcome) {
    if (code === WORSE) counts.worse += 1;
    else if (code === EQUAL) counts.equal += 1;
    else if (code === BETTER) counts.better += 1;
    else if (code === MISSING) counts.missing += 1;
    else counts['nothing to score'] += 1;
  }
  return counts;
}
