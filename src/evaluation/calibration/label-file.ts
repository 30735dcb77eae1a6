/** Reads a file of labels, JSONL or CSV: all of them, or an error that lists what is wrong with which line. */
import { SluiceError } from '../../base/errors.ts';
import type { Label } from '../../store/evaluations.ts';
import { readCsvRecords } from '../csv-records.ts';
import type { FileFormat } from '../dataset-file.ts';
import { createProblems, describeProblems, type Problems } from '../dataset-problems.ts';
import { type RawRow, readJsonRows } from '../json-rows.ts';
import { columnOf, LABEL_FORM, type LabelRowSettings, OWN_COLUMNS, readLabelRow } from './label-row.ts';
import { CALIBRATION_LIMITS } from './limits.ts';

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
    message: `'${path}' has more than ${limit.toLocaleString('en')} rows: line ${line} is one too many`,
    remedy: 'split it into several files',
    data: { path, line, limit },
  });
}
