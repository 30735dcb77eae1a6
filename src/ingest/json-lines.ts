/**
 * A JSONL file as a source: one document per line, `{ id, title?, text, url?, metadata? }`. A line that is none is
 * skipped under its number; of two lines with one id the first counts.
 */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { z } from 'zod';
import { SluiceError } from '../base/errors.ts';
import { cleanText, decodeText, isCleanId } from './clean-text.ts';
import {
  batchSize,
  contentHash,
  groupBySize,
  type LineBatch,
  type SourceEntry,
  type SourceListing,
} from './entries.ts';
import { INGEST_LIMITS } from './ingest-limits.ts';
import { type SkipReason, skip } from './skip.ts';

/** More doubled ids than this mean that the field is no id. */
const MAX_DUPLICATES = 10_000;

const Id = z.union([z.string(), z.int()]).transform(String);
const Row = z.object({
  id: Id,
  title: z.string().nullish(),
  text: z.string(),
  url: z.string().max(INGEST_LIMITS.urlLength).nullish(),
  metadata: z.record(z.string(), z.json()).nullish(),
});
type Row = z.output<typeof Row>;

export async function listJsonLines(path: string): Promise<SourceListing> {
  const fileVersion = await versionOf(path);
  const lines: { readonly number: number; readonly start: number; readonly bytes: number }[] = [];
  const seen = new Set<string>();
  const duplicates = new Set<number>();
  for await (const line of readLines(path, { start: 0, firstLine: 1 })) {
    if (isBlank(line)) continue;
    lines.push({ number: line.number, start: line.start, bytes: line.end - line.start });
    const id = idOf(line);
    if (id === undefined) continue;
    if (seen.has(id)) duplicates.add(line.number);
    else seen.add(id);
    if (lines.length > INGEST_LIMITS.documents) throw tooLarge(path);
    if (duplicates.size > MAX_DUPLICATES) throw tooManyDuplicates(path);
  }
  const bytes = lines.reduce((sum, line) => sum + line.bytes, 0);
  const groups = groupBySize(lines, batchSize({ documents: lines.length, bytes }));
  const batches = groups.map((group): LineBatch => {
    const last = group.at(-1)!;
    return {
      kind: 'lines',
      fromByte: group[0]!.start,
      toByte: last.start + last.bytes,
      firstLine: group[0]!.number,
      fileVersion,
      duplicates: group.map(({ number }) => number).filter((number) => duplicates.has(number)),
    };
  });
  return { total: lines.length, batches, ignored: 0 };
}

export async function* readJsonLinesBatch(path: string, batch: LineBatch): AsyncGenerator<SourceEntry> {
  if ((await versionOf(path)) !== batch.fileVersion) throw changed(path);
  const duplicates = new Set(batch.duplicates);
  const file = path.split('/').at(-1)!;
  const range = { start: batch.fromByte, end: batch.toByte, firstLine: batch.firstLine };
  for await (const line of readLines(path, range)) {
    if (!isBlank(line)) yield readRow(`${file}:${line.number}`, line, duplicates.has(line.number));
  }
}

function readRow(name: string, line: Line, isDuplicate: boolean): SourceEntry {
  const skipped = (reason: SkipReason, detail: string) => ({ kind: 'skip' as const, skip: skip(name, reason, detail) });
  if (line.content === undefined)
    return skipped('too-large', `it is longer than ${INGEST_LIMITS.documentBytes} bytes: split the document`);
  const text = decodeText(line.content)?.text;
  if (text === undefined)
    return skipped('not-utf8', 'its bytes are not UTF-8: convert the file, for example with iconv');
  const row = parseRow(text);
  if (typeof row === 'string') return skipped('bad-line', row);
  if (!isCleanId(row.id) || Buffer.byteLength(row.id) > INGEST_LIMITS.idBytes)
    return skipped('bad-id', `its id is blank, has control characters or more than ${INGEST_LIMITS.idBytes} bytes`);
  if (isDuplicate) return skipped('duplicate-id', `an earlier line has the id '${row.id}': the first one counts`);
  return documentOf(name, row);
}

function documentOf(name: string, row: Row): SourceEntry {
  const { id, text, metadata } = row;
  const [cleanTitle, cleanUrl] = [cleanText(row.title ?? ''), cleanText(row.url ?? '')];
  const [title, url] = [cleanTitle.text, cleanUrl.text];
  const mended = cleanTitle.cleaned || cleanUrl.cleaned;
  const raw = {
    ...{ id, name, text, format: 'markdown' as const },
    ...(title && { title }),
    ...(url && { url }),
    ...(mended && { mended }),
  };
  const hash = contentHash([title, text, url, JSON.stringify(metadata ?? null)]);
  return { kind: 'document', document: { raw, contentHash: hash, ...(metadata && { metadata }) } };
}

/** The row, or what is wrong with it. */
function parseRow(text: string): Row | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return `it is not JSON (${(error as Error).message})`;
  }
  const parsed = Row.safeParse(value);
  if (!parsed.success)
    return `it is no { id, title?, text, url?, metadata? }: ${z.prettifyError(parsed.error).replace(/\s+/g, ' ')}`;
  const { metadata } = parsed.data;
  if (metadata && Buffer.byteLength(JSON.stringify(metadata)) > INGEST_LIMITS.metadataBytes)
    return `its metadata is larger than ${INGEST_LIMITS.metadataBytes} bytes`;
  return parsed.data;
}

/** The id alone, for finding doubles; a line without one is reported when its batch is read. */
function idOf(line: Line): string | undefined {
  const text = line.content && decodeText(line.content)?.text;
  if (text === undefined) return undefined;
  const row = parseRow(text);
  return typeof row === 'string' ? undefined : row.id;
}

const isBlank = ({ content }: Line) =>
  content?.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d) ?? false;

async function versionOf(path: string): Promise<string> {
  const { size, mtimeMs } = await stat(path);
  return `${size}-${mtimeMs}`;
}

const changed = (path: string) =>
  new SluiceError('source_changed', {
    message: `'${path}' was changed while it was being ingested`,
    remedy: 'start the ingest again; what is unchanged is not read twice',
    data: { path },
  });

const tooLarge = (path: string) =>
  new SluiceError('source_too_large', {
    message: `'${path}' holds more than ${INGEST_LIMITS.documents} lines`,
    remedy: 'split it into several indexes',
    data: { path },
  });

const tooManyDuplicates = (path: string) =>
  new SluiceError('source_duplicates', {
    message: `'${path}' has more than ${MAX_DUPLICATES} lines whose id an earlier line has`,
    remedy: "check that 'id' identifies a document and not, say, a group of them",
    data: { path },
  });

// Lines of a file with their byte offsets, so that a range can be read again later; a line above the limit is passed
// over without being held in memory.

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
