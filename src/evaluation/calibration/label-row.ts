/** From a row of a file to a label: who said what of which subject, or what is wrong with it. */
import { z } from 'zod';
import { nearest, suggest } from '../../base/nearest.ts';
import type { ScorerIdentity } from '../../model/evaluation-spec.ts';
import { WINNERS, type Winner, winOf } from '../../model/review-queue.ts';
import type { Label } from '../../store/evaluations.ts';
import type { Complain } from '../dataset-problems.ts';
import { describeField, type LabelFields, type LabelValue, readValue } from './label-fields.ts';
import { CALIBRATION_LIMITS } from './limits.ts';

export const LABEL_FORM =
  '{"pipeline"?, "scorer", "version"?, "subject", "rater", "value": {field: …}, "note"?, "at"?}';

/** Columns that are the label's own, and those that raters read: fields of such names have others. */
export const OWN_COLUMNS = [
  'pipeline',
  'scorer',
  'version',
  'subject',
  'rater',
  'value',
  'note',
  'at',
  'winner',
  'swapped',
] as const;
const SHOWN_COLUMNS = ['example', 'input', 'output', 'first', 'second', 'expected', 'verdict'] as const;
const TAKEN: ReadonlySet<string> = new Set([...OWN_COLUMNS, ...SHOWN_COLUMNS]);
export type ShownColumn = (typeof SHOWN_COLUMNS)[number];

/** The column that a field is filled in: its own name, wherever that is free. */
export const columnOf = (field: string): string => (TAKEN.has(field) ? `value.${field}` : field);

/** A scorer that labels may be of, and what people fill in for it. */
export interface KnownScorer extends ScorerIdentity {
  readonly fields: LabelFields;
  /** Whether an evaluation has it: else the project defines it, and nothing has been scored by it yet. */
  readonly isEvaluated: boolean;
}

export interface LabelRowSettings {
  readonly scorers: readonly KnownScorer[];
  /** Of rows that name none. */
  readonly rater: string | undefined;
  /** Of rows that name no time. */
  readonly now: number;
}

/** `blank`: there is nothing in it yet. */
export type ReadLabel = Label | 'blank' | undefined;

const { raterLength, noteLength } = CALIBRATION_LIMITS;
const blankToAbsent = (value: unknown): unknown => (value === null || value === '' ? undefined : value);
const optional = <Schema extends z.ZodType>(schema: Schema) => z.preprocess(blankToAbsent, schema.optional());
const storable = (most: number) =>
  z
    .string()
    .max(most)
    .refine((text) => !text.includes('\0') && text.isWellFormed(), 'it has characters that cannot be stored');

const Row = z.looseObject({
  pipeline: optional(z.string()),
  scorer: z.string({ error: 'name the scorer' }).min(1, 'name the scorer'),
  version: optional(z.string()),
  subject: z
    .string({ error: 'give the subject, 32 hex digits' })
    .regex(/^[0-9a-f]{32}$/, 'give the subject, 32 hex digits, as it was exported'),
  rater: optional(storable(raterLength).regex(/^[^\p{Cc}]*\S[^\p{Cc}]*$/u, 'it is blank, or has control characters')),
  value: optional(z.record(z.string(), z.unknown(), { error: 'give an object, such as {"correct": true}' })),
  note: optional(storable(noteLength)),
  at: optional(z.union([z.number(), z.iso.datetime({ offset: true }), z.iso.date()], { error: 'give an ISO time' })),
  winner: optional(z.enum(WINNERS, { error: `give one of: ${WINNERS.join(', ')}` })),
  swapped: optional(z.union([z.boolean(), z.stringbool()], { error: 'give true or false' })),
});
type RawLabel = z.output<typeof Row>;

export function readLabelRow(value: unknown, settings: LabelRowSettings, complain: Complain): ReadLabel {
  const { data, error } = Row.safeParse(value);
  if (error) {
    const [first] = error.issues;
    const at = first!.path.length === 0 ? 'the row' : z.core.toDotPath(first!.path);
    return void complain('row_invalid', `${at}: ${first!.message}`, `a row is ${LABEL_FORM}`);
  }
  const { subject, note, at } = data;
  const known = scorerIn(data, settings.scorers, complain);
  if (known === undefined) return;
  const { pipeline, scorer, version, fields } = known;
  const given = givenIn(data, fields, complain);
  if (given === undefined || given.size === 0) return given && 'blank';
  const rater = data.rater ?? settings.rater;
  if (rater === undefined)
    return void complain('rater_missing', 'nobody is named as rater', 'fill in rater, or give --rater NAME');
  const labelledAt = at === undefined ? settings.now : new Date(at).getTime();
  if (!(labelledAt >= 0 && labelledAt <= settings.now + DAY_MS))
    return void complain('row_invalid', `at: ${at} is no time that has been`, 'give an ISO time, or leave it out');
  const said = { subject, rater, value: Object.fromEntries(given), note: note ?? null, labelledAt };
  return Object.freeze({ pipeline, scorer, version, ...said });
}

/** Which scorer a row means. Rows that name no pipeline and version mean the only one that evaluations have of its id. */
function scorerIn(
  { pipeline, scorer, version }: Pick<RawLabel, 'pipeline' | 'scorer' | 'version'>,
  scorers: readonly KnownScorer[],
  complain: Complain,
): KnownScorer | undefined {
  const ofId = scorers.filter((one) => one.scorer === scorer);
  const fit = ofId.filter(
    (one) => one.pipeline === (pipeline ?? one.pipeline) && one.version === (version ?? one.version),
  );
  const evaluated = fit.filter(({ isEvaluated }) => isEvaluated);
  const [found, ...others] = evaluated.length > 0 ? evaluated : fit;
  if (ofId.length === 0) {
    const ids = scorers.map((one) => one.scorer);
    const remedy = suggest(scorer, ids, 'no evaluation here has scorers yet');
    return void complain('scorer_unknown', `there is no scorer '${scorer}'`, remedy);
  }
  if (found === undefined) {
    const named = [pipeline && `pipeline '${pipeline}'`, version && `version '${version}'`].filter(Boolean).join(', ');
    return void complain(
      'scorer_unknown',
      `there is no scorer '${scorer}' of ${named.slice(0, 200)}`,
      `those of that id: ${listed(ofId)}; sluice judge export writes a file of one of them`,
    );
  }
  if (others.length === 0) return found;
  return void complain(
    'scorer_ambiguous',
    `there are ${others.length + 1} scorers '${scorer}'`,
    `name one in the columns pipeline and version: ${listed([found, ...others])}`,
  );
}

/** Scorers that a message names. */
const LISTED = 8;

function listed(scorers: readonly ScorerIdentity[]): string {
  const named = scorers.slice(0, LISTED).map(({ pipeline, version }) => `pipeline '${pipeline}', version '${version}'`);
  const more = scorers.length - named.length;
  return [...named, ...(more > 0 ? [`${more} more`] : [])].join('; ');
}

/** Clocks differ. */
const DAY_MS = 86_400_000;

/** What was filled in, by field; undefined where something was complained of. */
function givenIn(row: RawLabel, fields: LabelFields, complain: Complain): ReadonlyMap<string, LabelValue> | undefined {
  const { value = {} } = row;
  const unknown = Object.keys(value).find((name) => !fields.has(name));
  if (unknown !== undefined) {
    const names = [...fields.keys()];
    const near = nearest(unknown, names);
    return void complain(
      'field_unknown',
      `'${row.scorer}' has no field '${unknown.slice(0, 100)}'`,
      near === undefined ? `its fields are: ${names.join(', ')}` : `did you mean '${near}'?`,
    );
  }
  const given = new Map<string, LabelValue>();
  for (const [name, field] of fields) {
    const told = [value[name], row[`value.${name}`], row[columnOf(name)]].map(blankToAbsent);
    const filled = told.find((each) => each !== undefined);
    if (filled === undefined) continue;
    const read = readValue(field, filled);
    if (read === undefined)
      return void complain(
        'value_unfit',
        `${name}: ${JSON.stringify(filled).slice(0, 60)} is not ${describeField(field)}`,
        `fill in ${name} with ${describeField(field)}`,
      );
    given.set(name, read);
  }
  if (row.winner !== undefined && fields.has('win') && !given.has('win'))
    given.set('win', winOf(row.winner as Winner, row.swapped === true));
  return given;
}
