/** Reads a file of labels, JSONL or CSV: all of them, or an error that lists what is wrong with which line. */

import { z } from 'zod';
import { SluiceError } from '../../base/errors.ts';
import { showWhole } from '../../base/format.ts';
import { nearest, suggest } from '../../base/nearest.ts';
import type { AnyScorer } from '../../dsl/scorer.ts';
import { choicesOf, isBoolean, type Schema } from '../../dsl/shape.ts';
import type { ScoreField, ScorerIdentity, ScorerSpec } from '../../model/evaluation-spec.ts';
import {
  describeField,
  type LabelField,
  type LabelValue,
  readValue,
  WINNERS,
  type Winner,
  winOf,
} from '../../model/review-queue.ts';
import type { Label } from '../../store/evaluations.ts';
import type { FileFormat } from '../dataset-file.ts';
import {
  type Complain,
  createProblems,
  describeProblems,
  type Problems,
  type RawRow,
  readCsvRecords,
  readJsonRows,
} from '../table-rows.ts';
import { CALIBRATION_LIMITS } from './agreement.ts';

export interface LabelFile {
  /** Of each scorer, subject and rater one. */
  readonly labels: readonly Label[];
  /** Rows in which nothing is filled in yet. */
  readonly blank: number;
  /** Rows of a rater and subject that another row is of, too: the latest counts, of those as late the last. */
  readonly duplicates: number;
  /** Columns that were not read: what raters looked at. */
  readonly ignored: readonly string[];
}

/**
 * @throws SluiceError `labels_invalid`, which lists up to 50 problems with their lines; `labels_missing`, `labels_too_many`,
 * and those of `readCsvRecords` and `readJsonRows`
 */
export async function readLabels(path: string, format: FileFormat, settings: LabelRowSettings): Promise<LabelFile> {
  const problems = createProblems();
  const labels = new Map<string, Label>();
  const columns = new Set<string>();
  let [rows, blank, duplicates] = [0, 0, 0];
  for await (const { line, value } of rowsOf(path, format, problems)) {
    if (problems.isFull) break;
    rows += 1;
    if (rows > CALIBRATION_LIMITS.rows) throw tooMany(path, line);
    if (value === undefined) continue;
    for (const name of Object.keys(value ?? {})) columns.add(name);
    const label = readLabelRow(value, settings, problems.at(line));
    if (label === 'blank') blank += 1;
    else if (label !== undefined) {
      const key = JSON.stringify([label.pipeline, label.scorer, label.version, label.subject, label.rater]);
      const known = labels.get(key);
      if (known !== undefined) duplicates += 1;
      if (known === undefined || known.labelledAt <= label.labelledAt) labels.set(key, label);
    }
  }
  if (problems.found.length > 0) throw describeProblems(path, problems, 'labels_invalid');
  if (labels.size === 0) throw missing(path, rows, settings);
  return Object.freeze({
    labels: [...labels.values()],
    blank,
    duplicates,
    ignored: ignoredOf(columns, labels, settings),
  });
}

function ignoredOf(columns: ReadonlySet<string>, labels: ReadonlyMap<string, Label>, { scorers }: LabelRowSettings) {
  const ids = new Set([...labels.values()].map(({ scorer }) => scorer));
  const fields = scorers.filter(({ scorer }) => ids.has(scorer)).flatMap((known) => [...known.fields.keys()]);
  const read = new Set<string>([...OWN_COLUMNS, ...fields.flatMap((name) => [columnOf(name), `value.${name}`])]);
  return [...columns].filter((name) => !read.has(name));
}

function rowsOf(path: string, format: FileFormat, problems: Problems): AsyncGenerator<RawRow> {
  switch (format) {
    case 'jsonl':
      return readJsonRows(path, problems, LABEL_FORM);
    case 'csv':
      return readCsvRows(path, problems);
  }
}

async function* readCsvRows(path: string, problems: Problems): AsyncGenerator<RawRow> {
  let header: readonly string[] | undefined;
  for await (const { line, cells } of readCsvRecords(path)) {
    if (header === undefined) header = readHeader(path, cells);
    else if (cells.length !== header.length)
      problems.at(line)(
        'row_invalid',
        `the row has ${cells.length} cells, the header ${header.length}`,
        'quote cells that hold commas, quotes or line feeds',
      );
    else yield { line, value: Object.fromEntries(header.map((name, place) => [name, cells[place]!])) };
  }
}

function readHeader(path: string, cells: readonly string[]): readonly string[] {
  const header = cells.map((name) => name.trim());
  const twice = header.find((name, place) => header.indexOf(name) !== place);
  const lacking = ['scorer', 'subject'].find((name) => !header.includes(name));
  const wrong = twice !== undefined ? `two columns '${twice}'` : lacking && `no column '${lacking}'`;
  if (wrong === undefined) return header;
  throw new SluiceError('header_invalid', {
    message: `'${path}', line 1: the header has ${wrong}`,
    remedy:
      'the columns are: pipeline, scorer, version, subject, rater, the fields of the scorer, note, at; others are not read',
    data: { path, line: 1 },
  });
}

function missing(path: string, rows: number, { scorers }: LabelRowSettings): SluiceError {
  const fields = new Set(scorers.map((known) => `${known.scorer}: ${[...known.fields.keys()].join(', ')}`));
  return new SluiceError('labels_missing', {
    message: rows === 0 ? `'${path}' has no rows` : `'${path}' has ${rows} rows, and nothing is filled in`,
    remedy:
      rows === 0
        ? `each label is a row: ${LABEL_FORM}; sluice judge export makes a file to fill in`
        : `fill in the columns that are named as the scorer's fields (${[...fields].join('; ')})`,
    data: { path, rows },
  });
}

function tooMany(path: string, line: number): SluiceError {
  const limit = CALIBRATION_LIMITS.rows;
  return new SluiceError('labels_too_many', {
    message: `'${path}' has more than ${showWhole(limit)} rows: line ${line} is one too many`,
    remedy: 'split it into several files',
    data: { path, line, limit },
  });
}

const LABEL_FORM = '{"pipeline"?, "scorer", "version"?, "subject", "rater", "value": {field: …}, "note"?, "at"?}';

/** Columns that are the label's own, and those that raters read: fields of such names have others. */
const OWN_COLUMNS = [
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

/** Reads one row of a file into a label, or explains what is wrong with it. */
function readLabelRow(value: unknown, settings: LabelRowSettings, complain: Complain): ReadLabel {
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
  const label = { subject, rater, value: Object.fromEntries(given), note: note ?? null, labelledAt };
  return Object.freeze({ pipeline, scorer, version, ...label });
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
    const written = [value[name], row[`value.${name}`], row[columnOf(name)]].map(blankToAbsent);
    const filled = written.find((each) => each !== undefined);
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

/** The fields as an evaluation stores them: of a human scorer without the list of choices. */
export const fieldsOfSpec = ({ fields }: Pick<ScorerSpec, 'fields'>): LabelFields =>
  byName(Object.entries(fields).map(([name, score]) => ({ ...scored(name, score, z.number()), kind: 'score' })));

const byName = (fields: readonly LabelField[]): LabelFields =>
  new Map(fields.map((field) => [field.name, Object.freeze(field)]));

function choice(name: string, schema: Schema): LabelField {
  const description = describedAs(schema);
  const choices = choicesOf(schema);
  const kind = choices === undefined ? 'boolean' : 'choice';
  return { name, description, kind, least: null, most: null, isWhole: false, choices: choices ?? [] };
}

/** A schema that has an id would be a reference to itself. */
const NO_IDS = z.registry<Record<string, never>>();

function scored(name: string, { better, worst, best }: ScoreField, schema: Schema): LabelField {
  const [least, most] = better === 'higher' ? [worst, best] : [best, worst];
  const kind = isBoolean(schema) ? 'boolean' : 'number';
  const isWhole = kind === 'number' && z.toJSONSchema(schema, { metadata: NO_IDS }).type === 'integer';
  return { name, description: describedAs(schema), kind, least, most, isWhole, choices: [] };
}

/** Of a wrapper without words of its own (`.default()`), those of what is inside. */
function describedAs(schema: Schema): string | null {
  const own = z.globalRegistry.get(schema)?.description;
  if (own !== undefined) return own;
  const { def } = (schema as z.core.$ZodTypes)._zod;
  return 'innerType' in def ? describedAs(def.innerType) : null;
}
