/**
 * Lines of a file with their byte offsets, so that a range can be read again later; a line above the limit is passed
 * over without being held in memory.
 */
import { createReadStream } from 'node:fs';
import { INGEST_LIMITS } from './limits.ts';

export interface Line {
  readonly number: number;
  /** Byte offsets, `end` exclusive and without the line feed. */
  readonly start: number;
  readonly end: number;
  /** Undefined where the line is longer than a document may be. */
  readonly content: Buffer | undefined;
}

const LINE_FEED = 0x0a;

export async function* readLines(
  path: string,
  range: { readonly start: number; readonly end?: number; readonly firstLine: number },
): AsyncGenerator<Line> {
  if (range.end !== undefined && range.end <= range.start) return;
  let number = range.firstLine;
  let start = range.start;
  let held: Buffer[] = [];
  let length = 0;
  const take = (): Line => {
    const content = length > INGEST_LIMITS.documentBytes ? undefined : Buffer.concat(held);
    const line = { number, start, end: start + length, content };
    number += 1;
    start = line.end + 1;
    held = [];
    length = 0;
    return line;
  };
  const options = { start: range.start, ...(range.end !== undefined && { end: range.end - 1 }) };
  for await (const chunk of createReadStream(path, options) as AsyncIterable<Buffer>) {
    let at = 0;
    for (let feed = chunk.indexOf(LINE_FEED); feed !== -1; feed = chunk.indexOf(LINE_FEED, at)) {
      hold(chunk.subarray(at, feed));
      yield take();
      at = feed + 1;
    }
    hold(chunk.subarray(at));
  }
  if (length > 0) yield take();

  function hold(part: Buffer): void {
    length += part.length;
    if (length <= INGEST_LIMITS.documentBytes) held.push(part);
    else held = [];
  }
}
