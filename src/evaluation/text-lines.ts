/** The lines of a file that people give, of examples or of labels: of bounded size, surely UTF-8, byte order marks left out. */
import { stat } from 'node:fs/promises';
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
export async function* readTextLines(path: string): AsyncGenerator<TextLine> {
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
