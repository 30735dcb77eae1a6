/** Reads a dataset's file, JSONL or CSV: all examples, or an error that lists what is wrong with which line. */

import type { z } from 'zod';
import { SluiceError } from '../base/errors.ts';
import { showWhole } from '../base/format.ts';
import { nearest } from '../base/nearest.ts';
import { DATASET_LIMITS, type Example, type JsonObject } from '../model/dataset.ts';
import type { Json } from '../plan/plan.ts';
import { FORM, type RowSchemas, readRow } from './dataset-row.ts';
import {
  type Complain,
  createProblems,
  describeProblems,
  type Problems,
  type RawRow,
  readCsvRecords,
  readJsonRows,
} from './table-rows.ts';

const FILE_FORMATS = ['jsonl', 'csv'] as const;
export type FileFormat = (typeof FILE_FORMATS)[number];

const EXTENSIONS: { readonly [extension: string]: FileFormat } = { jsonl: 'jsonl', ndjson: 'jsonl', csv: 'csv' };

/** The format that a file's name says. @throws SluiceError `file_format_unknown` */
export function formatOf(path: string): FileFormat {
  const extension = /\.([^./\\]+)$/.exec(path)?.[1]?.toLowerCase() ?? '';
  const format = EXTENSIONS[extension];
  if (format !== undefined) return format;
  throw new SluiceError('file_format_unknown', {
    message: `'${path}' is neither .jsonl nor .csv`,
    remedy: 'say which it is: --format jsonl (one JSON object per line), or --format csv',
    data: { path },
  });
}

/**
 * The examples of a file, in its order.
 *
 * @param schemas what `input` and `expected` of each row are checked against
 * @throws SluiceError `dataset_invalid`, which lists up to 50 problems with their lines; `dataset_empty`,
 * `file_too_large`, `dataset_too_long`, `file_unreadable`, `file_not_utf8`, `line_too_long`,
 * `header_invalid`, `csv_invalid`
 */
export async function readDataset(
  path: string,
  format: FileFormat,
  schemas: RowSchemas = {},
): Promise<readonly Example[]> {
  const problems = createProblems();
  const examples: Example[] = [];
  const lineOf = new Map<string, number>();
  for await (const { line, value } of rowsOf(path, format, schemas, problems)) {
    if (problems.isFull) break;
    if (examples.length >= DATASET_LIMITS.examples) throw tooLong(path, line);
    if (value === undefined) continue;
    const complain = problems.at(line);
    const example = readRow(value, schemas, complain);
    if (example === undefined) continue;
    const earlier = lineOf.get(example.id);
    if (earlier !== undefined)
      complain(
        'id_duplicate',
        `the id '${example.id}' is that of line ${earlier}, too`,
        'give every example an id of its own',
      );
    else lineOf.set(example.id, line);
    examples.push(example);
  }
  if (problems.found.length > 0) throw describeProblems(path, problems, 'dataset_invalid');
  if (examples.length === 0) throw empty(path);
  return examples;
}

function rowsOf(path: string, format: FileFormat, schemas: RowSchemas, problems: Problems): AsyncGenerator<RawRow> {
  switch (format) {
    case 'jsonl':
      return readJsonRows(path, problems, FORM);
    case 'csv':
      return readCsvRows(path, schemas, problems);
  }
}

function empty(path: string): SluiceError {
  return new SluiceError('dataset_empty', {
    message: `'${path}' has no examples`,
    remedy: `each example is a line: ${FORM}`,
    data: { path },
  });
}

function tooLong(path: string, line: number): SluiceError {
  const limit = showWhole(DATASET_LIMITS.examples);
  return new SluiceError('dataset_too_long', {
    message: `'${path}' has more than ${limit} examples: line ${line} is one too many`,
    remedy: 'take a sample, or split it into several datasets',
    data: { path, line, limit: DATASET_LIMITS.examples },
  });
}

// A dataset as CSV. A column is a field of the example: `id`, `input.question`, `expected.answer`, `relevant` as
// `guide#2:3;faq#1:1`, `tags` as `a;b`, `cluster`, `run`. A cell is text, unless its column's name ends in `:json`, or
// the schema of its field refuses text and takes what the cell says as JSON. An empty cell is a field that is not there.

const PLAIN = ['id', 'cluster', 'run', 'tags', 'relevant'] as const;
const FIELDS = /^(?<part>input|expected)\.(?<field>.+?)(?<json>:json)?$/;

/** How one column's cell is put into the row. */
type Column =
  | { readonly kind: (typeof PLAIN)[number] }
  | {
      readonly kind: 'input' | 'expected';
      readonly field: string;
      readonly isJson: boolean;
      readonly schema: z.core.$ZodType | undefined;
    };

/**
 * The rows, each as the object that a JSONL line would hold.
 *
 * @throws SluiceError `header_invalid`, and those of `readCsvRecords`
 */
async function* readCsvRows(path: string, schemas: RowSchemas, problems: Problems): AsyncGenerator<RawRow> {
  let columns: readonly Column[] | undefined;
  for await (const { line, cells } of readCsvRecords(path)) {
    if (columns === undefined) columns = readHeader(cells, path, schemas);
    else yield { line, value: readCells(cells, columns, problems.at(line)) };
  }
}

function readHeader(names: readonly string[], path: string, schemas: RowSchemas): readonly Column[] {
  const trimmed = names.map((name) => name.trim());
  if (trimmed.length > DATASET_LIMITS.columns)
    throw headerInvalid(path, `${trimmed.length} columns`, `use at most ${DATASET_LIMITS.columns}`);
  const twice = trimmed.find((name, index) => trimmed.indexOf(name) !== index);
  if (twice !== undefined) throw headerInvalid(path, `two columns '${twice}'`, 'rename or remove one');
  const columns = trimmed.map((name) => readColumn(name, path, schemas));
  if (!columns.some(({ kind }) => kind === 'id')) throw headerInvalid(path, "no column 'id'", ALLOWED);
  if (!columns.some(({ kind }) => kind === 'input')) throw headerInvalid(path, "no column 'input.…'", ALLOWED);
  return columns;
}

const ALLOWED = 'the columns may be: id, input.<field>, expected.<field>, relevant, tags, cluster, run';

function readColumn(name: string, path: string, schemas: RowSchemas): Column {
  const plain = PLAIN.find((known) => known === name);
  if (plain !== undefined) return { kind: plain };
  const groups = FIELDS.exec(name)?.groups;
  if (groups === undefined)
    throw headerInvalid(path, `a column '${name.slice(0, 100)}'`, `did you mean '${meant(name, schemas)}'? ${ALLOWED}`);
  const kind = groups.part as 'input' | 'expected';
  const field = groups.field!;
  return { kind, field, isJson: groups.json !== undefined, schema: schemas[kind]?.shape[field] };
}

/** A field's name alone is the commonest mistake. */
function meant(name: string, schemas: RowSchemas): string {
  return nearest(name, candidates(schemas)) ?? `input.${name.slice(0, 100)}`;
}

function candidates(schemas: RowSchemas): string[] {
  const of = (part: 'input' | 'expected') => Object.keys(schemas[part]?.shape ?? {}).map((field) => `${part}.${field}`);
  return [...PLAIN, ...of('input'), ...of('expected')];
}

function readCells(cells: readonly string[], columns: readonly Column[], complain: Complain): unknown {
  if (cells.length !== columns.length)
    return void complain(
      'row_invalid',
      `the row has ${cells.length} cells, the header ${columns.length}`,
      'quote cells that hold commas, quotes or line feeds',
    );
  const row: { [key: string]: unknown } = {};
  const parts = { input: {} as { [key: string]: Json }, expected: {} as { [key: string]: Json } };
  for (const [index, column] of columns.entries()) {
    const cell = cells[index]!;
    if (cell === '') continue;
    switch (column.kind) {
      case 'input':
      case 'expected': {
        const value = readCell(cell, column, complain);
        if (value === undefined) return undefined;
        Object.defineProperty(parts[column.kind], column.field, { value, enumerable: true });
        break;
      }
      case 'tags':
        row.tags = split(cell);
        break;
      case 'relevant':
        row.relevant = readGrades(cell);
        break;
      case 'id':
      case 'cluster':
      case 'run':
        row[column.kind] = cell;
        break;
    }
  }
  return { ...row, input: parts.input, ...(Object.keys(parts.expected).length > 0 && { expected: parts.expected }) };
}

function readCell(
  cell: string,
  { field, isJson, schema }: Extract<Column, { field: string }>,
  complain: Complain,
): Json | undefined {
  if (!isJson && (schema === undefined || fits(schema, cell))) return cell;
  const json = parseJson(cell);
  if (json === undefined && isJson)
    return void complain(
      'row_invalid',
      `the cell of '${field}:json' is not JSON: ${cell.slice(0, 60)}`,
      'write JSON in it, or take :json from the column',
    );
  // Where it fits neither way, the text is what the complaint about the schema is about.
  return json === undefined ? cell : json;
}

const fits = (schema: z.core.$ZodType, value: unknown): boolean => 'value' in schema['~standard'].validate(value);

function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

const split = (cell: string): string[] =>
  cell
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part !== '');

/** `guide#2:3;faq#1:1`: the grade stands after the last colon, since ids may be addresses. Without one it is no number, which is complained of with the row. */
function readGrades(cell: string): JsonObject {
  return Object.fromEntries(
    split(cell).map((entry) => {
      const colon = entry.lastIndexOf(':');
      const grade = entry.slice(colon + 1).trim();
      return colon < 1 || grade === '' || !Number.isFinite(Number(grade))
        ? [entry, null]
        : [entry.slice(0, colon).trim(), Number(grade)];
    }),
  );
}

function headerInvalid(path: string, has: string, remedy: string): SluiceError {
  return new SluiceError('header_invalid', {
    message: `'${path}', line 1: the header has ${has}`,
    remedy,
    data: { path, line: 1 },
  });
}
