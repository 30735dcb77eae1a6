/** The lines of a file that people give, of examples or of labels: of bounded size, surely UTF-8, byte order marks left out. */
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { CsvError, type Info, parse } from 'csv-parse';
import { SluiceError } from '../base/errors.ts';
import { INGEST_LIMITS } from '../ingest/ingest-limits.ts';
import { readLines } from '../ingest/json-lines.ts';
import { DATASET_LIMITS } from '../model/dataset.ts';

export interface TextLine {
  /** From 1. */
  readonly number: number;
  /** Without its line feed; a carriage return before it is still there. */
  readonly text: string;
}

/** @throws SluiceError `file_unreadable`, `file_too_large`; `file_not_utf8`, `line_too_long`, naming the line */
async function* readTextLines(path: string): AsyncGenerator<TextLine> {
  await checkFile(path);
  const decoder = new TextDecoder('utf-8', { fatal: true });
  for await (const { number, content } of readLines(path, { start: 0, firstLine: 1 })) {
    if (content === undefined) throw lineTooLong(path, number);
    yield { number, text: decode(content, number) };
  }

  function decode(content: Buffer, line: number): string {
    try {
      return decoder.decode(content);
    } catch (cause) {
      throw new SluiceError('file_not_utf8', {
        message: `'${path}' is not UTF-8: line ${line} has bytes that are no character`,
        remedy: 'convert it, for example: iconv -f utf-16 -t utf-8',
        data: { path, line },
        cause,
      });
    }
  }
}

async function checkFile(path: string): Promise<void> {
  const facts = await stat(path).catch((cause: unknown) => {
    throw unreadable(path, 'cannot be read', cause);
  });
  if (!facts.isFile()) throw unreadable(path, 'is no file');
  if (facts.size > DATASET_LIMITS.fileBytes)
    throw new SluiceError('file_too_large', {
      message: `'${path}' has ${megabytes(facts.size)}, ${megabytes(DATASET_LIMITS.fileBytes)} are allowed`,
      remedy: 'split it into several files; documents belong in an index: sluice ingest',
      data: { path, bytes: facts.size, limit: DATASET_LIMITS.fileBytes },
    });
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

function unreadable(path: string, why: string, cause?: unknown): SluiceError {
  return new SluiceError('file_unreadable', {
    message: `'${path}' ${why}`,
    remedy: 'give the path of a JSONL or CSV file that can be read',
    data: { path },
    cause,
  });
}

function lineTooLong(path: string, line: number): SluiceError {
  return new SluiceError('line_too_long', {
    message: `'${path}': line ${line} is longer than ${megabytes(INGEST_LIMITS.documentBytes)}`,
    remedy: 'is each row on a line of its own? long texts belong in an index',
    data: { path, line, limit: INGEST_LIMITS.documentBytes },
  });
}

/** The records of a CSV file, the header among them, with the lines that they begin on. */
export interface CsvRecord {
  /** From 1. */
  readonly line: number;
  readonly cells: readonly string[];
}

/** @throws SluiceError `csv_invalid`, and those of `readTextLines` */
export async function* readCsvRecords(path: string): AsyncGenerator<CsvRecord> {
  const lines = Readable.from(withLineFeeds(path));
  const parser = parse({ info: true, skip_empty_lines: true, relax_column_count: true });
  lines.once('error', (error) => parser.destroy(error));
  const rows = lines.pipe(parser) as AsyncIterable<{ readonly record: readonly string[]; readonly info: Info }>;
  let line = 1;
  try {
    for await (const { record, info } of rows) {
      yield { line, cells: record };
      // A quoted cell may have lines of its own: the next record begins after the last of them.
      line = info.lines + 1;
    }
  } catch (error) {
    throw error instanceof CsvError ? csvInvalid(path, line, error) : error;
  } finally {
    lines.destroy();
  }
}

async function* withLineFeeds(path: string): AsyncGenerator<string> {
  for await (const { text } of readTextLines(path)) yield `${text}\n`;
}

function csvInvalid(path: string, line: number, cause: CsvError): SluiceError {
  return new SluiceError('csv_invalid', {
    message: `'${path}': the row that begins on line ${line} is no CSV: ${cause.message}`,
    remedy: 'quote cells that hold commas, quotes or line feeds, and double each quote in them',
    data: { path, line, code: cause.code },
  });
}

/** The rows of a JSONL file, one value per line that is not blank. */
export interface RawRow {
  /** From 1; in CSV, the line on which the row begins. */
  readonly line: number;
  /** Undefined where the row was complained of. */
  readonly value: unknown;
}

/**
 * @param form what a line should be, for the complaints
 * @throws SluiceError as `readTextLines`
 */
export async function* readJsonRows(path: string, problems: Problems, form: string): AsyncGenerator<RawRow> {
  for await (const { number, text } of readTextLines(path)) {
    if (text.trim() !== '') yield { line: number, value: parseLine(text, number, problems, form) };
  }
}

function parseLine(text: string, line: number, problems: Problems, form: string): unknown {
  const complain = problems.at(line);
  if (text.includes('\0'))
    return void complain('text_unstorable', 'it has a NUL byte', 'was the file cut, or written in another encoding?');
  try {
    return JSON.parse(text);
  } catch (error) {
    return void complain('not_json', `it is not JSON: ${(error as Error).message}`, `a line is ${form}`);
  }
}

export interface Problem {
  /** From 1; in CSV, the line on which the row begins. */
  readonly line: number;
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

export type Complain = (code: string, message: string, remedy: string) => void;

/** Of those that were found, the ones an error's message shows. */
const SHOWN = 10;

export interface Problems {
  readonly found: readonly Problem[];
  /** Whether as many were found as are looked for. */
  readonly isFull: boolean;
  at(line: number): Complain;
}

/**
 * Collects all problems of a file, up to a limit, so that one pass mends the file. Each names its line and what to do.
 */
export function createProblems(): Problems {
  const found: Problem[] = [];
  return {
    found,
    get isFull() {
      return found.length >= DATASET_LIMITS.problems;
    },
    at: (line) => (code, message, remedy) => {
      if (found.length < DATASET_LIMITS.problems) found.push(Object.freeze({ line, code, message, remedy }));
    },
  };
}

/** The error that a file with these problems is refused with. */
export function describeProblems(
  file: string,
  { found, isFull }: Problems,
  code: 'dataset_invalid' | 'labels_invalid',
): SluiceError {
  const shown = found.slice(0, SHOWN);
  const more = found.length - shown.length;
  const count = found.length === 1 ? '1 problem' : `${found.length} problems`;
  const remedies = [...new Set(shown.map(({ remedy }) => remedy))];
  return new SluiceError(code, {
    message: [
      `'${file}' has ${isFull ? 'at least ' : ''}${count}; nothing was imported`,
      ...shown.map(({ line, message }) => `line ${line}: ${message}`),
      ...(more > 0 ? [`and ${more} more: --json has them`] : []),
    ].join('\n'),
    remedy: remedies.join('\n'),
    data: { file, problems: found.map((problem) => ({ ...problem })) },
  });
}
