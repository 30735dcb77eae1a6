/** What raters may fill in for a scorer: the scores that it gives, or the fields of its rubric, with what fits each. */
import { z } from 'zod';
import type { AnyScorer } from '../../dsl/scorer.ts';
import { choicesOf, isBoolean, type Schema } from '../../dsl/shape.ts';
import type { ScoreField, ScorerSpec } from '../spec.ts';

export type LabelValue = number | boolean | string;

export interface LabelField {
  readonly name: string;
  /** `score`: yes, no or a number between, where nobody has said which: of a scorer that is known by its results alone. */
  readonly kind: 'boolean' | 'number' | 'score' | 'choice';
  /** Null: no bound. */
  readonly least: number | null;
  readonly most: number | null;
  readonly isWhole: boolean;
  /** Of a choice. */
  readonly choices: readonly string[];
}

/** By name. */
export type LabelFields = ReadonlyMap<string, LabelField>;

/** As its definition says. A pair's raters say which of the two is better: 0 the first, 1 the second, 0.5 neither. */
export function fieldsOfScorer({ kind, step, rubric, spec }: AnyScorer): LabelFields {
  const shape = (rubric?.fields ?? step!.output).shape as { readonly [name: string]: Schema };
  const names = rubric === undefined ? Object.keys(spec.fields) : Object.keys(shape);
  return byName(
    names.map((name) => {
      const score = spec.fields[name];
      const schema = kind === 'pair' ? z.number() : shape[name]!;
      return score === undefined ? choice(name, schema) : scored(name, score, schema);
    }),
  );
}

/** As an evaluation keeps it: of a human scorer, its scores without the choices beside them. */
export const fieldsOfSpec = ({ fields }: Pick<ScorerSpec, 'fields'>): LabelFields =>
  byName(Object.entries(fields).map(([name, score]) => ({ ...scored(name, score, z.number()), kind: 'score' })));

const byName = (fields: readonly LabelField[]): LabelFields =>
  new Map(fields.map((field) => [field.name, Object.freeze(field)]));

function choice(name: string, schema: Schema): LabelField {
  const choices = choicesOf(schema);
  const kind = choices === undefined ? 'boolean' : 'choice';
  return { name, kind, least: null, most: null, isWhole: false, choices: choices ?? [] };
}

/** A schema that has an id would be a reference to itself. */
const NO_IDS = z.registry<Record<string, never>>();

function scored(name: string, { better, worst, best }: ScoreField, schema: Schema): LabelField {
  const [least, most] = better === 'higher' ? [worst, best] : [best, worst];
  const kind = isBoolean(schema) ? 'boolean' : 'number';
  const isWhole = kind === 'number' && z.toJSONSchema(schema, { metadata: NO_IDS }).type === 'integer';
  return { name, kind, least, most, isWhole, choices: [] };
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
