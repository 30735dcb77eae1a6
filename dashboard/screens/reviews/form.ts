/** What an expert fills in of one item, whatever kind of queue it is: questions, each with its options or a number to write. */
import {
  describeField,
  type LabelField,
  type LabelValue,
  type ReviewItem,
  type ReviewQueue,
  readValue,
  type Winner,
} from '../../../src/model/review-queue.ts';

export interface Option {
  readonly value: LabelValue;
  readonly label: string;
  /** The key that chooses it; null: it has none. */
  readonly key: string | null;
}

export interface Question {
  readonly name: string;
  readonly label: string;
  /** What it means, or what fits it. */
  readonly about: string | null;
  /** How options are laid out; `number` has none and is written. */
  readonly is: 'yes-no' | 'choices' | 'scale' | 'pair' | 'number';
  readonly options: readonly Option[];
  /** Null of a pair. */
  readonly field: LabelField | null;
}

/** By question: the value of an option, or the text of a number. */
export type Written = { readonly [question: string]: LabelValue };

/** What is sent. */
export type Said = { readonly value: { readonly [field: string]: LabelValue } } | { readonly winner: Winner };

/** More steps than that are written, not chosen. */
const MOST_STEPS = 10;
const WINNER = 'winner';
const MOST_KEYS = 9;

const YES_NO: readonly Option[] = [
  { value: true, label: 'Yes', key: 'y' },
  { value: false, label: 'No', key: 'n' },
];

const PAIR: Question = {
  ...{ name: WINNER, label: 'Which answer is better?', about: null, is: 'pair', field: null },
  options: [
    { value: 'first', label: 'First is better', key: '1' },
    { value: 'tie', label: 'Neither', key: '0' },
    { value: 'second', label: 'Second is better', key: '2' },
  ],
};

export const questionsOf = ({ kind, fields }: Pick<ReviewQueue, 'kind' | 'fields'>): readonly Question[] =>
  kind === 'pair' ? [PAIR] : fields.map(questionOf);

function questionOf(field: LabelField): Question {
  const { name, description, kind, choices } = field;
  const common = { name, label: inWords(name), about: description, field };
  if (kind === 'boolean') return { ...common, is: 'yes-no', options: YES_NO };
  if (kind === 'choice') return { ...common, is: 'choices', options: choices.map(choiceOf) };
  const steps = stepsOf(field);
  if (steps.length > 0) return { ...common, is: 'scale', options: steps };
  const fits = describeField(field);
  return { ...common, about: description === null ? fits : `${description} (${fits})`, is: 'number', options: [] };
}

const choiceOf = (choice: string, place: number): Option => ({
  ...{ value: choice, label: choice },
  key: place < MOST_KEYS ? String(place + 1) : null,
});

function stepsOf({ kind, least, most, isWhole }: LabelField): readonly Option[] {
  if (kind !== 'number' || !isWhole || least === null || most === null || most - least >= MOST_STEPS) return [];
  return Array.from({ length: most - least + 1 }, (_, step) => {
    const value = least + step;
    return { value, label: String(value), key: value >= 0 && value <= MOST_KEYS ? String(value) : null };
  });
}

/** `wronglyDeclined` as people read it: Wrongly declined. */
export function inWords(name: string): string {
  const words = name.replaceAll(/[_-]+/g, ' ').replaceAll(/(\p{Ll})(\p{Lu})/gu, (_, low, high) => `${low} ${high}`);
  return words.charAt(0).toUpperCase() + words.slice(1).toLowerCase();
}

/** What was written, as it is sent; undefined where nothing was, or what does not fit. */
function valueIn({ field }: Question, written: LabelValue | undefined): LabelValue | undefined {
  if (written === undefined || written === '') return undefined;
  return field === null ? written : readValue(field, written);
}

/** What is in the way of sending it, by question and in words. */
export function lacksOf(questions: readonly Question[], written: Written): ReadonlyMap<string, string> {
  return new Map(
    questions.flatMap((question): [string, string][] => {
      const given = written[question.name];
      if (valueIn(question, given) !== undefined) return [];
      const isEmpty = given === undefined || given === '';
      const fits = question.field === null ? 'one of the three' : describeField(question.field);
      return [[question.name, isEmpty ? 'not filled in yet' : `it takes ${fits}`]];
    }),
  );
}

/** @throws Error where something is missing: see `lacksOf` */
export function saidOf(questions: readonly Question[], written: Written): Said {
  const lacks = lacksOf(questions, written);
  if (lacks.size > 0) throw new Error(`not filled in: ${[...lacks.keys()].join(', ')}`);
  if (questions[0] === PAIR) return { winner: written[WINNER] as Winner };
  return {
    value: Object.fromEntries(questions.map((question) => [question.name, valueIn(question, written[question.name])!])),
  };
}

/** What somebody has said of it, to be changed. */
export function writtenOf({ mine }: Pick<ReviewItem, 'mine'>): Written {
  if (mine === null) return {};
  return mine.winner === null ? mine.value : { [WINNER]: mine.winner };
}
