/**
 * A review queue: what domain experts are asked about the answers of an evaluation, each of them by two or more people who
 * do not see each other's reviews. What they say are labels of the queue's scorer: calibration reads them as it reads
 * those that were imported.
 */
import type { Json } from '../plan/plan.ts';

export const REVIEW_LIMITS = Object.freeze({
  queues: 1_000,
  /** Of a list, the newest: of each all that was said is counted. Older ones are asked for by name. */
  listed: 20,
  /** Of one queue. */
  items: 2_000,
  /** Per item; two is what agreement needs. */
  reviewers: { least: 1, usual: 2, most: 5 },
  questionLength: 1_000,
  guidelinesLength: 4_000,
  noteLength: 1_024,
  /** How long an item is reserved for its reviewer. */
  claimMs: 15 * 60_000,
});

/** `fields`: one answer, and the fields of a rubric. `pair`: two answers without their names, and which is better. */
export type ReviewKind = 'fields' | 'pair';

export interface ReviewQueue {
  /** Letters, digits, '.', '_' and '-', at most 100. */
  readonly name: string;
  readonly evaluationId: string;
  readonly scorer: string;
  readonly kind: ReviewKind;
  /** From the scorer's rubric, or from the queue's creator. */
  readonly question: string | null;
  readonly guidelines: string | null;
  /** What is filled in; of a pair none. As they were when the queue was begun. */
  readonly fields: readonly LabelField[];
  /** How many people are asked about each item. */
  readonly reviewers: number;
  readonly items: number;
  readonly startedBy: string;
  readonly startedAt: number;
  readonly closedAt: number | null;
}

/**
 * `open`: nobody has reviewed it; `begun`: fewer than it needs; `agreed`: as many as it needs, who say the same;
 * `disputed`: they do not, or as many cannot judge it; `settled`: somebody has decided.
 */
export type ItemState = 'open' | 'begun' | 'agreed' | 'disputed' | 'settled';

export interface Review {
  readonly reviewer: string;
  /** By field; of a pair `{ win }`: 1 for the variant, 0 for the baseline, 0.5 for neither. */
  readonly value: { readonly [field: string]: LabelValue };
  readonly note: string | null;
  readonly at: number;
}

/** Somebody cannot judge an item, and says why. */
export interface Passed {
  readonly reviewer: string;
  readonly why: string;
  readonly at: number;
}

/** An item in the list: without what is to be read. */
export interface ItemSummary {
  /** From 1. */
  readonly place: number;
  readonly subject: string;
  readonly exampleId: string;
  readonly state: ItemState;
  readonly reviews: number;
  readonly passes: number;
  /** Whether the current reviewer has reviewed it. */
  readonly isMine: boolean;
}

/** What there is to read of one answer. */
export interface ShownAnswer {
  /** `answer` of one, `first` and `second` of two: which variant is which stays unsaid until the item is reviewed. */
  readonly title: 'answer' | 'first' | 'second';
  readonly output: Json;
}

/** An item as one reviewer is shown it. */
export interface ReviewItem extends ItemSummary {
  readonly input: Json;
  readonly expected: Json | null;
  readonly answers: readonly ShownAnswer[];
  /** The current reviewer's own review; `winner` of a pair, as it was shown to them. */
  readonly mine: (Review & { readonly winner: Winner | null }) | null;
  readonly minePassed: string | null;
  /**
   * Null until it has all its reviews, unless the current user may decide and asks for it: reviewers do not influence each
   * other.
   */
  readonly told: ItemTold | null;
}

/** What is hidden from reviewers until it can lead nobody. */
export interface ItemTold {
  readonly reviews: readonly Review[];
  readonly passes: readonly Passed[];
  /** What the scorer itself said; null of people's. */
  readonly verdict: { readonly [field: string]: Json } | null;
  /** Names of the variants, in the order of `answers`. */
  readonly variants: readonly string[];
  /** Which of the answers is the baseline's; null where there is one answer. */
  readonly baseline: 'first' | 'second' | null;
  readonly decision: Review | null;
}

export interface ReviewProgress {
  readonly items: number;
  /** By state. */
  readonly states: { readonly [state in ItemState]: number };
  /** Reviews given, of those asked for. */
  readonly reviews: number;
  readonly asked: number;
  readonly byReviewer: readonly { readonly reviewer: string; readonly reviews: number; readonly passes: number }[];
}

/** How far reviewers say the same in one field. */
export interface FieldAgreement {
  readonly field: string;
  readonly reviewers: readonly string[];
  /** Items that at least two have reviewed. */
  readonly shared: number;
  /** Of those, how many all say the same of. */
  readonly same: number;
  /** Cohen's, where exactly two people have reviewed them all: of yes, no and choices plain, of numbers quadratic. */
  readonly kappa: number | null;
  /** Krippendorff's: any number of reviewers, with gaps. */
  readonly alpha: number | null;
  /** In words: almost perfect … none beyond chance (Landis and Koch 1977), or why there is none. */
  readonly words: string;
}

/** What `GET /v1/reviews/{name}` answers and `sluice review show --json` prints. */
export interface ReviewReport {
  readonly queue: ReviewQueue;
  readonly progress: ReviewProgress;
  readonly agreement: readonly FieldAgreement[];
  readonly items: readonly ItemSummary[];
}

/** One thing that raters fill in: what fits, how it is read, and how it is described. Without schemas: the dashboard uses it too. */
export type LabelValue = number | boolean | string;

export interface LabelField {
  readonly name: string;
  /** What its schema says that it means, by `.describe(…)`. */
  readonly description: string | null;
  /** `score`: yes, no or a number between, where nobody has said which: of a scorer that is known by its results alone. */
  readonly kind: 'boolean' | 'number' | 'score' | 'choice';
  /** Null: no bound. */
  readonly least: number | null;
  readonly most: number | null;
  readonly isWhole: boolean;
  /** Of a choice. */
  readonly choices: readonly string[];
}

const WORDS: { readonly [word: string]: boolean } = { true: true, yes: true, false: false, no: false };

/** The value that somebody gave, as text or as what it is; undefined where it does not fit. */
export function readValue(field: LabelField, given: unknown): LabelValue | undefined {
  const text = typeof given === 'string' ? given.trim() : given;
  if (field.kind === 'choice') return field.choices.find((each) => each === text);
  const word = typeof text === 'string' ? WORDS[text.toLowerCase()] : text;
  if (field.kind !== 'number' && typeof word === 'boolean') return word;
  const number = typeof text === 'string' && text !== '' ? Number(text) : text;
  if (typeof number !== 'number' || !fits(field, number)) return undefined;
  return field.kind === 'boolean' ? (number === 0 || number === 1 ? number === 1 : undefined) : number;
}

function fits({ kind, least, most, isWhole }: LabelField, number: number): boolean {
  if (!Number.isFinite(number)) return false;
  if (kind === 'boolean') return true;
  return number >= (least ?? -Infinity) && number <= (most ?? Infinity) && (!isWhole || Number.isInteger(number));
}

/** `true or false`, `a whole number from 1 to 5`, `one of: low, high`. */
export function describeField({ kind, least, most, isWhole, choices }: LabelField): string {
  if (kind === 'boolean') return 'true or false';
  if (kind === 'choice') return `one of: ${choices.join(', ')}`;
  const number = isWhole ? 'a whole number' : 'a number';
  const from = least === null ? '' : most === null ? ` from ${least} up` : ` from ${least} to ${most}`;
  const range = least === null && most !== null ? ` up to ${most}` : from;
  return `${kind === 'score' ? 'true, false or ' : ''}${number}${range}`;
}

/**
 * In which order raters are shown two answers. The first would always be the baseline's, so half of the pairs are shown
 * the other way round, and what is said of the first is then said of the second.
 */
export const WINNERS = ['first', 'second', 'tie'] as const;
export type Winner = (typeof WINNERS)[number];

/** Of the variant, which is the second unless they were swapped. */
const WINS: { readonly [winner in Winner]: number } = { first: 0, second: 1, tie: 0.5 };

export const winOf = (winner: Winner, isSwapped: boolean): number => (isSwapped ? 1 - WINS[winner] : WINS[winner]);
