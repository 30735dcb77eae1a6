/** Reads a dataset's file, JSONL or CSV: all examples, or an error that lists what is wrong with which line. */

import { SluiceError } from '../base/errors.ts';
import { showWhole } from '../base/format.ts';
import { DATASET_LIMITS, type Example } from '../model/dataset.ts';
import { readCsvRows } from './dataset-csv.ts';
import { createProblems, describeProblems, type Problems } from './dataset-problems.ts';
import { FORM, type RowSchemas, readRow } from './dataset-row.ts';
import { type RawRow, readJsonRows } from './json-rows.ts';

export const FILE_FORMATS = ['jsonl', 'csv'] as const;
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
