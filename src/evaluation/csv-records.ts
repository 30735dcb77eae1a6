/** The records of a CSV file, the header among them, with the lines that they begin on. */
import { Readable } from 'node:stream';
import { CsvError, type Info, parse } from 'csv-parse';
import { SluiceError } from '../base/errors.ts';
import { readTextLines } from './text-lines.ts';

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
