/** The rows of a JSONL file, one value per line that is not blank. */
import type { Problems } from './dataset-problems.ts';
import { readTextLines } from './text-lines.ts';

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
